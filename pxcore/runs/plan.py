"""From a run spec to its steps, in the order in which they are best carried out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from pxcore.importance.methods import METHODS
from pxcore.runs.method_names import method_name
from pxcore.runs.tasks import (
    DecoyTask,
    ExplainTask,
    GateTask,
    JointTask,
    JudgeTask,
    Lane,
    RankTask,
    RedundancyTask,
    Step,
    Task,
    TrainTask,
    key,
    kind,
)
from pxcore.store.keys import derive_seed
from pxcore.types import MaskKind, MethodSpec, ModelSpec, Role, RunSpec

TOTAL = "permute_cells"
"""The method whose draws joint drops share."""
_HEAVY = (TrainTask, ExplainTask, JointTask, GateTask)


def plan(spec: RunSpec) -> tuple[Step, ...]:
    """Return the steps of a run; every step's needs stand before it.

    Each says which parts it plays, as ``/`` paths with fold and start counted from 0:

    - ``train/F/S``, a training that the run's performance is told of; ``train/by_cell/F/S`` and
      ``train/without/N/F/S`` (group N of ``leave_out``), those that it is compared with;
    - ``model/METHOD/F/S``, the training that a method explained; ``retrained/METHOD/F/S/C``,
      without channel C;
    - ``explain/METHOD/F/S``, ``gate/METHOD/F/S``, ``rank/METHOD``;
    - ``alone/F/S`` and ``joint/F/S``, which ``redundancy`` combines;
    - ``judge/by_cell`` and ``judge/without/N``.

    Raises MethodError for a method that this version does not have.
    """
    planned = _Planned(spec)
    for fold in range(spec.n_folds):
        for seed_index in range(spec.seeds):
            planned.training(fold, seed_index)
    planned.trainings(trains(spec), "train")
    for method in spec.methods:
        planned.ranked(method)
    if spec.redundancy:
        planned.combined()
    if spec.leakage:
        planned.judged(by_cell_trains(spec), "with folds dealt by cell", "by_cell")
    for number in range(len(spec.leave_out)):
        group = left_out_trains(spec, number)
        planned.judged(group, f"without group {number + 1}", f"without/{number}")
    return tuple(planned.steps.values())


def ranks(spec: RunSpec) -> tuple[RankTask, ...]:
    """Return the ranking of each method, in the order of ``spec.methods``."""
    return tuple(_rank(spec, method) for method in spec.methods)


def redundancy(spec: RunSpec) -> RedundancyTask:
    """Return what combines the joint drops of a run."""
    joints = tuple(_joint(spec, *at) for at in _starts(spec))
    panel = spec.panel.channels
    costs = [panel[c].cost for c in _channels(spec)] + [0.0] * len(spec.decoys)
    return RedundancyTask(joints=joints, costs=tuple(costs))


def gates(spec: RunSpec, method: MethodSpec) -> tuple[GateTask, ...]:
    """Return the sanity checks of one method, one a training; none where none is defined."""
    if not METHODS[method.id].gates:
        return ()
    return tuple(GateTask(explain=one) for one in _explains(spec, method))


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
    seen = _channels(spec)
    missing = tuple(seen.index(c) for c in spec.leave_out[number])
    return tuple(train.without(missing) for train in trains(spec))


def training(
    spec: RunSpec, fold: int, seed_index: int, method: MethodSpec | None = None
) -> TrainTask:
    """Return one training, as ``method`` needs it: with channels missing at random or not."""
    return TrainTask(
        dataset_id=spec.dataset_id,
        channels=_channels(spec),
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


@dataclass(slots=True)
class _Planned:
    """Steps so far, each once."""

    spec: RunSpec
    steps: dict[str, Step] = field(default_factory=dict)

    def add(self, task: Task, part: str, label: str, needs: Iterable[Task] = ()) -> None:
        """Add a step after those it needs; where it is there, only the part it plays."""
        own = key(task)
        if own in self.steps:
            parts = (*self.steps[own].parts, part)
            self.steps[own] = replace(self.steps[own], parts=tuple(dict.fromkeys(parts)))
            return
        self.steps[own] = Step(
            key=own,
            kind=kind(task),
            label=label,
            task=task,
            needs=tuple(dict.fromkeys(key(need) for need in needs)),
            lane=Lane.HEAVY if isinstance(task, _HEAVY) else Lane.LIGHT,
            parts=(part,),
        )

    def training(self, fold: int, seed_index: int) -> None:
        """Add one training with everything that looks at its model."""
        spec, place, at = self.spec, _place(self.spec, fold, seed_index), f"{fold}/{seed_index}"
        for method in spec.methods:
            name, explain = method_name(method), _explain(spec, method, fold, seed_index)
            self.trained(explain.train, f"model/{name}/{at}", place)
            for missing, train in enumerate(explain.retrained):
                part = f"retrained/{name}/{at}/{missing}"
                self.trained(train, part, f"{place}, without {_name(spec, missing)}")
            needs: tuple[Task, ...] = (explain.train, *explain.retrained)
            part = f"explain/{name}/{at}"
            self.add(explain, part, f"Rank channels with {name}, {place}", needs)
            if spec.gates and METHODS[method.id].gates:
                gate, label = GateTask(explain=explain), f"Check the sanity of {name}, {place}"
                self.add(gate, f"gate/{name}/{at}", label, (*needs, explain))
        if spec.redundancy:
            joint = _joint(spec, fold, seed_index)
            alone, both = joint.alone, (joint.alone.train, joint.alone)
            label = f"Rank channels with {TOTAL}, {place}"
            self.add(alone, f"alone/{at}", label, (alone.train,))
            self.add(joint, f"joint/{at}", f"Permute channels together, {place}", both)

    def trained(self, train: TrainTask, part: str, place: str) -> None:
        """Add a training."""
        dropout = dict(train.model.options).get("channel_dropout")
        how = " with channels missing at random" if dropout else ""
        self.add(train, part, f"Train {place}{how}")

    def trainings(self, trains: tuple[TrainTask, ...], part: str, what: str = "") -> None:
        """Add trainings, the starts of each fold together."""
        for number, train in enumerate(trains):
            start = number % self.spec.seeds
            place = ", ".join(word for word in (_place(self.spec, train.fold, start), what) if word)
            self.trained(train, f"{part}/{train.fold}/{start}", place)

    def ranked(self, method: MethodSpec) -> None:
        """Add the combination of a method's folds."""
        task = _rank(self.spec, method)
        needs = [need for one in task.explains for need in (one.train, one)]
        name = method_name(method)
        self.add(task, f"rank/{name}", f"Combine folds of {name}", needs)

    def combined(self) -> None:
        """Add the combination of joint drops."""
        task = redundancy(self.spec)
        needs = [need for one in task.joints for need in (one.alone, one)]
        self.add(task, "redundancy", "Find channels that say the same", needs)

    def judged(self, others: tuple[TrainTask, ...], what: str, part: str) -> None:
        """Add trainings beside the run's own, and how well they do."""
        self.trainings(others, f"train/{part}", what)
        self.add(JudgeTask(trains=others), f"judge/{part}", f"Judge the trainings {what}", others)


def _starts(spec: RunSpec) -> Iterator[tuple[int, int]]:
    """Yield fold and number of the start of each training, in the order of results."""
    for fold in range(spec.n_folds):
        for seed_index in range(spec.seeds):
            yield fold, seed_index


def _explains(spec: RunSpec, method: MethodSpec) -> tuple[ExplainTask, ...]:
    return tuple(_explain(spec, method, *at) for at in _starts(spec))


def _explain(spec: RunSpec, method: MethodSpec, fold: int, seed_index: int) -> ExplainTask:
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


def _joint(spec: RunSpec, fold: int, seed_index: int) -> JointTask:
    alone = _explain(spec, MethodSpec(id=TOTAL), fold, seed_index)
    looking = spec.mask_kind is not MaskKind.CELL
    return JointTask(alone=alone, roles=_roles(spec) if looking else ())


def _rank(spec: RunSpec, method: MethodSpec) -> RankTask:
    seed = derive_seed("rank", spec.seed, method.id)
    return RankTask(explains=_explains(spec, method), seed=seed)


def _channels(spec: RunSpec) -> tuple[int, ...]:
    return spec.channels or tuple(range(len(spec.panel)))


def _roles(spec: RunSpec) -> tuple[Role, ...]:
    """Return the role of each channel that takes part, decoys among them."""
    own = [spec.panel.channels[position].role for position in _channels(spec)]
    return (*own, *(Role.DECOY for _ in spec.decoys))


def _stains(spec: RunSpec) -> tuple[int, ...]:
    """Return the channels that decoys are made from: stains, else all that take part."""
    channels, panel = _channels(spec), spec.panel.channels
    return tuple(c for c in channels if not panel[c].role.stain_free) or channels


def _name(spec: RunSpec, seen: int) -> str:
    """Return the name of a channel counted among those the networks see."""
    channels = _channels(spec)
    return (
        spec.panel.names[channels[seen]]
        if seen < len(channels)
        else spec.decoys[seen - len(channels)]
    )


def _place(spec: RunSpec, fold: int, seed_index: int) -> str:
    """Return which training it is, in words."""
    place = f"fold {fold + 1} of {spec.n_folds}"
    return place if spec.seeds == 1 else f"{place}, start {seed_index + 1} of {spec.seeds}"
