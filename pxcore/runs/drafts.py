"""From a preset to a spec that can be submitted: limits, checks, estimate."""

from __future__ import annotations

from dataclasses import replace

from pxcore.errors import DatasetError, PanelError
from pxcore.models import MODELS
from pxcore.models.model import check_size
from pxcore.models.weights import resolve_weights
from pxcore.people.rights import signed
from pxcore.runs import datasets, heart, privacy
from pxcore.runs.checks import (
    IN_CELL,
    can_outline,
    check_leakage,
    check_methods,
    check_model,
    check_settings,
)
from pxcore.runs.choices import canonical, canonical_model
from pxcore.runs.galleries import annotation_of
from pxcore.runs.notes import RANDOM, departs, entry_of, notes_of, weights_here
from pxcore.runs.panels import growing
from pxcore.runs.panels.notes import later, panel_notes
from pxcore.runs.presets import PRESETS, offered, spec_from
from pxcore.runs.splits import folds, most_folds
from pxcore.runs.tasks import Lane
from pxcore.runs.timing import Speeds
from pxcore.runs.upkeep.quotas import require_quota
from pxcore.runs.upkeep.room import run_bytes
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode
from pxcore.types import Dataset, Estimate, ModelSpec, Preset, RunSpec, Split


def presets(store: Store, dataset_id: str = "") -> tuple[Preset, ...]:
    """Return the presets as they are offered for a data set, its own first; all without one."""
    if not dataset_id:
        return tuple(entry.shown for entry in PRESETS.values())
    return offered(len(datasets.one(store, dataset_id).panel))


def draft(store: Store, dataset_id: str, preset: str, split: Split = "donor") -> RunSpec:
    """Return the preset's spec, with no more folds than classes and donors carry.

    An empty preset is the first that is offered for the data set.

    Where the preset allows it, ImageNet weights that are not on this host become random ones;
    the estimate says so. The published protocol keeps them: ``submit`` gets them or says how.
    """
    dataset = datasets.one(store, dataset_id)
    preset = preset or offered(len(dataset.panel))[0].id
    spec = replace(spec_from(preset, dataset, store.settings.owner), split=split)
    if heart.status(store).device != "cuda":
        spec = replace(spec, model=_narrow(spec.model))
    if not can_outline(spec):
        spec = replace(spec, methods=tuple(m for m in spec.methods if m.id != IN_CELL))
    possible = most_folds(annotation_of(store, dataset), split)
    if 2 <= possible < spec.n_folds:
        spec = replace(spec, n_folds=possible)
    wanted = spec.model.weights == "imagenet" and PRESETS[preset].may_start_random
    if wanted and not weights_here(store, spec):
        spec = replace(spec, model=replace(spec.model, weights="random"))
    return spec


def _narrow(model: ModelSpec) -> ModelSpec:
    """Return a preset's model with the settings it has on a processor."""
    options = dict(MODELS[model.id].on_processor) | dict(model.options)
    return replace(model, options=tuple(options.items()))


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
    annotation = annotation_of(store, dataset)
    check_settings(spec, most_folds(annotation, spec.split))
    check_leakage(spec, dataset)
    check_model(spec.model)
    check_size(MODELS[spec.model.id].as_built(spec.model.options), dataset.image_shape[1:])
    check_methods(replace(spec, mask_kind=dataset.mask_kind))
    folds(annotation, spec.n_folds, spec.split, spec.seed, spec.training.valid_share)
    needed = run_bytes(spec, dataset)
    store.require_space(needed, "this run")
    require_quota(store, signed(store, spec.owner), needed, "this run")


def frozen_spec(store: Store, spec: RunSpec) -> RunSpec:
    """Return the checked spec as it is stored: with the fingerprint of its weights.

    Weights that are missing are downloaded here, once. A published protocol that starts from
    random weights says so in its title. Raises what ``check`` raises, and TrainingError when the
    weights cannot be had.
    """
    check(store, spec)
    spec = _settled(spec, datasets.one(store, spec.dataset_id))
    if departs(spec, entry_of(spec)) and RANDOM not in spec.title:
        spec = replace(spec, title=f"{spec.title} ({RANDOM})".strip())
    model, _ = resolve_weights(spec.model, store.weights)
    return decode(RunSpec, encode(replace(spec, model=model)))


def estimate(store: Store, spec: RunSpec) -> Estimate:
    """Return what a spec would cost: tasks, those already there, seconds, notes."""
    dataset = datasets.one(store, spec.dataset_id)
    status = heart.status(store)
    if spec.model.weights != "random" and weights_here(store, spec):
        spec = replace(spec, model=resolve_weights(spec.model, store.weights)[0])
    spec = _settled(spec, dataset)
    hidden = privacy.only_hidden(store)
    planned = growing.planned(store, decode(RunSpec, encode(spec)), hidden)
    steps, known = planned.steps, planned.complete
    speeds = Speeds(store, status.device)
    to_do = [s for s in steps if s.key in hidden or not store.artifacts.has(s.key)]
    heavy = sum(speeds.seconds(s.task, dataset) for s in to_do if s.lane is Lane.HEAVY)
    light = sum(speeds.seconds(s.task, dataset) for s in to_do if s.lane is Lane.LIGHT)
    more = 0 if known else sum(n * speeds.seconds(task, dataset) for n, task in later(spec))
    folds_at_once = 1 if spec.clusters else spec.n_folds
    at_once = max(1, min(status.workers, folds_at_once))
    return Estimate(
        tasks=len(steps),
        cached=len(steps) - len(to_do),
        seconds=heavy / at_once + light,
        seconds_more=more / at_once,
        notes=(
            *panel_notes(spec, steps, {s.key for s in to_do}, complete=known),
            *(() if spec.clusters else notes_of(store, spec, dataset)),
        ),
    )


def _settled(spec: RunSpec, dataset: Dataset) -> RunSpec:
    """Return the spec in the one form that equal runs share."""
    if spec.clusters is not None:
        return spec
    several = len(spec.channels or spec.panel.channels) + len(spec.decoys) > 1
    return replace(
        spec,
        redundancy=spec.redundancy and several,
        leave_out=tuple(tuple(sorted(group)) for group in spec.leave_out),
        methods=tuple(canonical(method) for method in spec.methods),
        model=canonical_model(spec.model),
        decoys=tuple(sorted(spec.decoys)),
        mask_kind=dataset.mask_kind,
        split=spec.split if dataset.has_groups else "donor",
    )


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names) or "none"
