"""From a preset to a spec that can be submitted: limits, checks, estimate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pxcore.data.annotation import Annotation
from pxcore.errors import DatasetError, MethodError, PanelError
from pxcore.models import MODELS
from pxcore.models.weights import resolve_weights
from pxcore.runs import datasets, heart
from pxcore.runs.checks import check_settings
from pxcore.runs.choices import canonical
from pxcore.runs.method_names import method_name
from pxcore.runs.plan import plan
from pxcore.runs.presets import PRESETS, PresetEntry, spec_from
from pxcore.runs.splits import TOO_GOOD, donors_of, folds, most_folds, without_donor
from pxcore.runs.tasks import Lane
from pxcore.runs.timing import Speeds
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode
from pxcore.types import Array, Dataset, Estimate, RunSpec, Split

FEW_CELLS = 30
"""A class with fewer held-out cells in a fold says little."""
RANDOM = "random weights"


def draft(store: Store, dataset_id: str, preset: str, split: Split = "donor") -> RunSpec:
    """Return the preset's spec, with no more folds than classes and donors carry.

    Where the preset allows it, ImageNet weights that are not on this host become random ones;
    the estimate says so. The published protocol keeps them: ``submit`` gets them or says how.
    """
    dataset = datasets.one(store, dataset_id)
    spec = replace(spec_from(preset, dataset, store.settings.owner), split=split)
    possible = most_folds(_annotation(store, dataset), split)
    if 2 <= possible < spec.n_folds:
        spec = replace(spec, n_folds=possible)
    wanted = spec.model.weights == "imagenet" and PRESETS[preset].may_start_random
    if wanted and not _weights_here(store, spec):
        spec = replace(spec, model=replace(spec.model, weights="random"))
    return spec


def check(store: Store, spec: RunSpec) -> None:
    """Raise the PxError that says why a spec cannot be carried out."""
    dataset = datasets.one(store, spec.dataset_id)
    if len(spec.panel) != len(dataset.panel) or spec.classes != dataset.classes:
        message = (
            f"the run was made for {len(spec.panel)} channels and classes {_listed(spec.classes)}, "
            f"the data set has {len(dataset.panel)} and {_listed(dataset.classes)}; draft it again"
        )
        raise PanelError(message)
    if len(dataset.classes) < 2:
        found = f"only {dataset.classes[0]!r}" if dataset.classes else "no labels"
        message = (
            f"data set {dataset.title!r} has {found}; a classifier needs cells of at least two "
            "classes: add labels from a CSV (columns object_number, label)"
        )
        raise DatasetError(message)
    check_settings(spec)
    MODELS[spec.model.id]
    if not spec.methods:
        message = "the run has no ranking method; choose at least one"
        raise MethodError(message)
    methods = [canonical(method) for method in spec.methods]
    if len(set(methods)) < len(methods):
        names = ", ".join(method_name(method) for method in spec.methods)
        message = f"a method is chosen twice with the same settings: {names}"
        raise MethodError(message)
    annotation = _annotation(store, dataset)
    folds(annotation, spec.n_folds, spec.split, spec.seed, spec.training.valid_share)
    store.require_space(_bytes(spec, dataset), "this run")


def frozen_spec(store: Store, spec: RunSpec) -> RunSpec:
    """Return the checked spec as it is stored: with the fingerprint of its weights.

    Weights that are missing are downloaded here, once. A published protocol that starts from
    random weights says so in its title. Raises what ``check`` raises, and TrainingError when the
    weights cannot be had.
    """
    check(store, spec)
    spec = _settled(spec, datasets.one(store, spec.dataset_id))
    if _departs(spec, _entry(spec)) and RANDOM not in spec.title:
        spec = replace(spec, title=f"{spec.title} ({RANDOM})".strip())
    model, _ = resolve_weights(spec.model, store.weights)
    return decode(RunSpec, encode(replace(spec, model=model)))


def estimate(store: Store, spec: RunSpec) -> Estimate:
    """Return what a spec would cost: tasks, those already there, seconds, notes."""
    dataset = datasets.one(store, spec.dataset_id)
    status = heart.status(store)
    if spec.model.weights != "random" and _weights_here(store, spec):
        spec = replace(spec, model=resolve_weights(spec.model, store.weights)[0])
    spec = _settled(spec, dataset)
    steps = plan(decode(RunSpec, encode(spec)))
    speeds = Speeds(store, status.device)
    to_do = [step for step in steps if not store.artifacts.has(step.key)]
    heavy = sum(speeds.seconds(s.task, dataset) for s in to_do if s.lane is Lane.HEAVY)
    light = sum(speeds.seconds(s.task, dataset) for s in to_do if s.lane is Lane.LIGHT)
    return Estimate(
        tasks=len(steps),
        cached=len(steps) - len(to_do),
        seconds=heavy / max(1, min(status.workers, spec.n_folds)) + light,
        notes=tuple(_notes(store, spec, dataset)),
    )


def _settled(spec: RunSpec, dataset: Dataset) -> RunSpec:
    """Return the spec in the one form that equal runs share."""
    return replace(
        spec,
        methods=tuple(canonical(method) for method in spec.methods),
        mask_kind=dataset.mask_kind,
        split=spec.split if dataset.has_groups else "donor",
    )


def _notes(store: Store, spec: RunSpec, dataset: Dataset) -> list[str]:
    annotation, entry = _annotation(store, dataset), _entry(spec)
    notes = _weights_notes(store, spec, entry)
    possible = most_folds(annotation, spec.split)
    if entry is not None and possible == spec.n_folds < entry.n_folds:  # not a person's choice
        notes.append(
            f"{spec.n_folds} folds instead of {entry.n_folds}: classes and donors allow no more."
        )
    if dataset.has_groups and spec.split == "cell":
        notes.append(f"Folds are split cell by cell: {TOO_GOOD}.")
    elif dataset.has_groups:
        notes.append(
            f"Folds keep the {len(dataset.groups)} donors or samples apart: none is trained on "
            "and tested on."
        )
    unknown = without_donor(annotation, spec.split)
    if unknown:
        notes.append(
            f"{unknown} of {dataset.n_labelled} labelled cells take no part: their donor or sample "
            "is not known, so they could be on both sides."
        )
    few = _rare(annotation, spec)
    if few:
        notes.append(
            f"Fewer than {FEW_CELLS} held-out cells in a fold of {_listed(few)}: the scores of "
            "one fold say little there."
        )
    return notes


def _weights_notes(store: Store, spec: RunSpec, entry: PresetEntry | None) -> list[str]:
    published = MODELS[spec.model.id].imagenet
    if published is None or entry is None or entry.model.weights != "imagenet":
        return []
    put = f"put {published.name} into {store.weights}"
    if _departs(spec, entry):
        return [f"Not as published: this run starts from {RANDOM} instead of ImageNet's."]
    if _weights_here(store, replace(spec, model=replace(spec.model, weights="imagenet"))):
        return []
    if spec.model.weights == "random":
        return [
            f"ImageNet weights are not on this host: training starts from {RANDOM}. To have "
            f"them, {put}, or say --weights imagenet on the command line, which fetches it."
        ]
    return [
        "ImageNet weights are not on this host: they are downloaded when the run is started. "
        f"Without a network, {put}."
    ]


def _departs(spec: RunSpec, entry: PresetEntry | None) -> bool:
    """Return True when a protocol that demands ImageNet weights is to start from random ones."""
    if entry is None or entry.may_start_random or entry.model.weights != "imagenet":
        return False
    return spec.model.weights == "random"


def _entry(spec: RunSpec) -> PresetEntry | None:
    known = spec.preset in PRESETS  # a Registry raises its own error, which get() lets through
    return PRESETS[spec.preset] if known else None


def _rare(annotation: Annotation, spec: RunSpec) -> list[str]:
    """Return the classes with few held-out cells in a fold, of the cells that take part."""
    donors: Array | None = donors_of(annotation, spec.split)
    part = (annotation.labels >= 0) & (True if donors is None else donors >= 0)
    counts = np.bincount(annotation.labels[part], minlength=len(annotation.classes))
    return [
        name
        for name, count in zip(annotation.classes, counts, strict=True)
        if count < FEW_CELLS * spec.n_folds
    ]


def _annotation(store: Store, dataset: Dataset) -> Annotation:
    return Annotation.load(store.artifacts.folder(dataset.annotation_key))


def _weights_here(store: Store, spec: RunSpec) -> bool:
    published = MODELS[spec.model.id].imagenet
    if spec.model.weights == "imagenet":
        return published is not None and (store.weights / published.name).is_file()
    name = spec.model.weights.removeprefix("file:")
    return (store.weights / name).is_file()


def _bytes(spec: RunSpec, dataset: Dataset) -> int:
    """Return about what a run's artifacts and checkpoints take."""
    models = spec.n_folds * spec.seeds
    channels = len(spec.channels or spec.panel.channels)
    repeats = spec.repeats or spec.max_repeats
    predictions = dataset.n_labelled * channels * repeats * spec.seeds * len(spec.methods)
    return models * 60 * 2**20 + predictions // 2


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names) or "none"
