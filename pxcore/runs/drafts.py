"""From a preset to a spec that can be submitted: limits, checks, estimate."""

from __future__ import annotations

from dataclasses import replace

from pxcore.data.annotation import Annotation
from pxcore.data.folds import largest_n_folds, split
from pxcore.errors import DatasetError, MethodError, PanelError
from pxcore.models import MODELS
from pxcore.models.weights import resolve_weights
from pxcore.runs import datasets, heart
from pxcore.runs.checks import check_settings
from pxcore.runs.choices import check_method
from pxcore.runs.plan import Lane, method_name, plan
from pxcore.runs.presets import PRESETS, spec_from
from pxcore.runs.timing import Speeds
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode
from pxcore.types import Dataset, Estimate, RunSpec

FEW_CELLS = 30
"""A class with fewer held-out cells says little."""


def draft(store: Store, dataset_id: str, preset: str) -> RunSpec:
    """Return the preset's spec, with no more folds than classes and donors carry.

    ImageNet weights that are not on this host become random ones; the estimate says so.
    """
    dataset = datasets.one(store, dataset_id)
    spec = spec_from(preset, dataset, store.settings.owner)
    annotation = _annotation(store, dataset)
    possible = largest_n_folds(annotation.labels, annotation.known_groups)
    if 2 <= possible < spec.n_folds:
        spec = replace(spec, n_folds=possible)
    if spec.model.weights == "imagenet" and not _weights_here(store, spec):
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
    names = [method_name(method) for method in spec.methods]
    if len(set(names)) < len(names):
        message = f"a method is chosen twice with the same settings: {', '.join(names)}"
        raise MethodError(message)
    for method in spec.methods:
        check_method(method)
    annotation = _annotation(store, dataset)
    split(
        annotation.labels,
        annotation.known_groups,
        spec.n_folds,
        spec.seed,
        spec.training.valid_share,
        dataset.classes,
    )
    store.require_space(_bytes(spec, dataset), "this run")


def frozen_spec(store: Store, spec: RunSpec) -> RunSpec:
    """Return the checked spec as it is stored: with the fingerprint of its weights.

    Weights that are missing are downloaded here, once. Raises what ``check`` raises, and
    TrainingError when the weights cannot be had.
    """
    check(store, spec)
    model, _ = resolve_weights(spec.model, store.weights)
    return decode(RunSpec, encode(replace(spec, model=model)))


def estimate(store: Store, spec: RunSpec) -> Estimate:
    """Return what a spec would cost: tasks, those already there, seconds, notes."""
    dataset = datasets.one(store, spec.dataset_id)
    status = heart.status(store)
    if spec.model.weights != "random" and _weights_here(store, spec):
        spec = replace(spec, model=resolve_weights(spec.model, store.weights)[0])
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


def _notes(store: Store, spec: RunSpec, dataset: Dataset) -> list[str]:
    notes = []
    known = spec.preset in PRESETS  # a Registry raises its own error, which get() lets through
    entry = PRESETS[spec.preset] if known else None
    asked = entry is not None and entry.model.weights == "imagenet"
    published = MODELS[spec.model.id].imagenet
    if asked and spec.model.weights == "random" and published is not None:
        notes.append(
            "ImageNet weights are not on this host: training starts from random weights. Put "
            f"{published.name} into {store.weights}, or choose imagenet to have it downloaded."
        )
    if entry is not None and spec.n_folds < entry.n_folds:
        notes.append(
            f"{spec.n_folds} folds instead of {entry.n_folds}: classes and donors allow no more."
        )
    if dataset.has_groups:
        notes.append(
            f"Folds keep the {len(dataset.groups)} donors or samples apart: none is trained on "
            "and tested on."
        )
    few = [
        name
        for name, count in zip(dataset.classes, dataset.class_counts, strict=True)
        if count < FEW_CELLS
    ]
    if few:
        notes.append(f"Fewer than {FEW_CELLS} cells in {_listed(few)}: their scores say little.")
    return notes


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
