"""From a run spec to its tasks: trainings, rankings, checks, each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pxcore.importance.methods import METHODS
from pxcore.runs.tasks import (
    DecoyTask,
    ExplainTask,
    GateTask,
    JointTask,
    RankTask,
    RedundancyTask,
    TrainTask,
)
from pxcore.store.keys import derive_seed
from pxcore.types import MaskKind, MethodSpec, ModelSpec, Role, RunSpec

TOTAL = "permute_cells"
"""The method whose draws joint drops share."""


def trains(spec: RunSpec) -> tuple[TrainTask, ...]:
    """Return a run's own trainings: those its performance is told of, fold by fold.

    They see all channels always, unless every method needs channels missing at random.
    """
    plain = any(not METHODS[one.id].needs_dropout for one in spec.methods)
    method = None if plain else spec.methods[0]
    return tuple(training(spec, *at, method) for at in _starts(spec))


def by_cell_trains(spec: RunSpec) -> tuple[TrainTask, ...]:
    """Return the trainings of a run on folds dealt cell by cell."""
    return trains(replace(spec, split="cell"))


def left_out_trains(spec: RunSpec, number: int) -> tuple[TrainTask, ...]:
    """Return the trainings without the channels of one of ``spec.leave_out``."""
    seen = seen_channels(spec)
    missing = tuple(seen.index(c) for c in spec.leave_out[number])
    return tuple(train.without(missing) for train in trains(spec))


def training(
    spec: RunSpec, fold: int, seed_index: int, method: MethodSpec | None = None
) -> TrainTask:
    """Return one training, as ``method`` needs it: with channels missing at random or not."""
    return TrainTask(
        dataset_id=spec.dataset_id,
        channels=seen_channels(spec),
        decoys=tuple(DecoyTask(id=decoy, stains=_stains(spec)) for decoy in spec.decoys),
        model=model_for(spec, method),
        training=spec.training,
        n_folds=spec.n_folds,
        fold=fold,
        split=spec.split,
        split_seed=spec.seed,
        seed=derive_seed("train", spec.seed, fold, seed_index),
    )


def model_for(spec: RunSpec, method: MethodSpec | None = None) -> ModelSpec:
    """Return the model that a method explains: with channels missing at random, or the run's."""
    if method is None or not METHODS[method.id].needs_dropout:
        return spec.model
    options = dict(spec.model.options) | {"channel_dropout": True}
    return replace(spec.model, options=tuple(sorted(options.items())))


def ranks(spec: RunSpec) -> tuple[RankTask, ...]:
    """Return the ranking of each method, in the order of ``spec.methods``."""
    return tuple(rank(spec, method) for method in spec.methods)


def rank(spec: RunSpec, method: MethodSpec) -> RankTask:
    """Return what combines the folds of one method."""
    seed = derive_seed("rank", spec.seed, method.id)
    return RankTask(explains=_explains(spec, method), seed=seed, averaging=spec.averaging)


def redundancy(spec: RunSpec) -> RedundancyTask:
    """Return what combines the joint drops of a run."""
    joints = tuple(joint(spec, *at) for at in _starts(spec))
    panel = spec.panel.channels
    costs = [panel[c].cost for c in seen_channels(spec)] + [0.0] * len(spec.decoys)
    return RedundancyTask(joints=joints, costs=tuple(costs))


def gates(spec: RunSpec, method: MethodSpec) -> tuple[GateTask, ...]:
    """Return the sanity checks of one method, one a training; none where none is defined."""
    if not METHODS[method.id].gates:
        return ()
    return tuple(GateTask(explain=one) for one in _explains(spec, method))


def explain(spec: RunSpec, method: MethodSpec, fold: int, seed_index: int) -> ExplainTask:
    """Return how one method ranks the channels of one training."""
    entry = METHODS[method.id]
    train = training(spec, fold, seed_index, method)
    looking = entry.uses_roles and spec.mask_kind is not MaskKind.CELL
    adaptive = entry.repeated and spec.repeats is None
    retrained: tuple[TrainTask, ...] = ()
    if entry.kind == "retraining":
        retrained = tuple(train.without((c,)) for c in range(train.n_channels))
    return ExplainTask(
        train=train,
        roles=_roles(spec) if looking else (),
        method=method,
        repeats=spec.repeats if entry.repeated else None,
        max_repeats=spec.max_repeats if adaptive else 0,
        seed=derive_seed("explain", spec.seed, fold, seed_index, method.id),
        retrained=retrained,
    )


def joint(spec: RunSpec, fold: int, seed_index: int) -> JointTask:
    """Return how channels of one training are permuted together."""
    alone = explain(spec, MethodSpec(id=TOTAL), fold, seed_index)
    looking = spec.mask_kind is not MaskKind.CELL
    return JointTask(alone=alone, roles=_roles(spec) if looking else ())


def _explains(spec: RunSpec, method: MethodSpec) -> tuple[ExplainTask, ...]:
    return tuple(explain(spec, method, *at) for at in _starts(spec))


def _starts(spec: RunSpec) -> Iterator[tuple[int, int]]:
    """Yield fold and number of the start of each training, in the order of results."""
    for fold in range(spec.n_folds):
        for seed_index in range(spec.seeds):
            yield fold, seed_index


def seen_channels(spec: RunSpec) -> tuple[int, ...]:
    """Return the channels that take part, as positions in the panel; decoys follow them."""
    return spec.channels or tuple(range(len(spec.panel)))


def _roles(spec: RunSpec) -> tuple[Role, ...]:
    """Return the role of each channel that takes part, decoys among them."""
    own = [spec.panel.channels[position].role for position in seen_channels(spec)]
    return (*own, *(Role.DECOY for _ in spec.decoys))


def _stains(spec: RunSpec) -> tuple[int, ...]:
    """Return the channels that decoys are made from: stains, else all that take part."""
    channels, panel = seen_channels(spec), spec.panel.channels
    return tuple(c for c in channels if not panel[c].role.stain_free) or channels
