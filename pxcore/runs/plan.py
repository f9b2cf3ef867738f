"""From a run spec to its steps, in the order in which they are best carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pxcore.importance.methods import METHODS
from pxcore.runs import spec_tasks
from pxcore.runs.method_names import method_name
from pxcore.runs.panels.plan import first_steps
from pxcore.runs.steps import add, merged
from pxcore.runs.tasks import VERSIONS, GateTask, JudgeTask, Step, Task, TrainTask
from pxcore.runs.unlabelled.plan import add_steps
from pxcore.runs.unlabelled.tasks import UnlabelledTask
from pxcore.types import MethodSpec, RunSpec
from pxcore.types.unlabelled_ask import ClusterAsk

KEPT = 64
"""Specs whose steps are remembered: every look at a run asks for them, and each has its hash."""


def plan(spec: RunSpec) -> tuple[Step, ...]:
    """Return the steps of a run; every step's needs stand before it.

    Each says which parts it plays, as ``/`` paths with fold and start counted from 0:

    - ``train/F/S``, a training that the run's performance is told of; ``train/by_cell/F/S`` and
      ``train/without/N/F/S`` (group N of ``leave_out``), those that it is compared with;
    - ``model/METHOD/F/S``, the training that a method explained; ``retrained/METHOD/F/S/C``,
      without channel C;
    - ``explain/METHOD/F/S``, ``gate/METHOD/F/S``, ``rank/METHOD``;
    - ``alone/F/S`` and ``joint/F/S``, which ``redundancy`` combines;
    - ``judge/by_cell`` and ``judge/without/N``;
    - of cells without labels: see :func:`pxcore.runs.unlabelled.plan.add_steps`;
    - ``panel/...``: see :class:`pxcore.runs.panels.plan.PanelSteps`. What screens decide comes
      later: see :mod:`pxcore.runs.panels.growing`.

    Raises MethodError for a method that this version does not have.
    """
    return _steps(repr((VERSIONS, spec)), spec)


@lru_cache(KEPT)
def _steps(_spelt: str, spec: RunSpec) -> tuple[Step, ...]:
    """Return a spec's steps, of these versions; what is spelt differently (1, 1.0) differs."""
    if spec.clusters is not None:
        return _unlabelled(spec.clusters)
    planned = _Planned(spec)
    for fold in range(spec.n_folds):
        for seed_index in range(spec.seeds):
            planned.training(fold, seed_index)
    planned.trainings(spec_tasks.trains(spec), "train")
    for method in spec.methods:
        planned.ranked(method)
    if spec.redundancy:
        planned.combined()
    if spec.leakage:
        planned.judged(spec_tasks.by_cell_trains(spec), "with folds dealt by cell", "by_cell")
    for number in range(len(spec.leave_out)):
        group = spec_tasks.left_out_trains(spec, number)
        planned.judged(group, f"without group {number + 1}", f"without/{number}")
    return merged(tuple(planned.steps.values()), first_steps(spec))


def _unlabelled(ask: ClusterAsk) -> tuple[Step, ...]:
    """Return the steps of a run on cells without labels."""
    found: dict[str, Step] = {}

    def step(task: UnlabelledTask, part: str, label: str, needs: Sequence[str]) -> str:
        return add(found, task, part, label, needs)

    add_steps(ask, step)
    return tuple(found.values())


@dataclass(slots=True)
class _Planned:
    """Steps so far, each once."""

    spec: RunSpec
    steps: dict[str, Step] = field(default_factory=dict)

    def training(self, fold: int, seed_index: int) -> None:
        """Add one training with everything that looks at its model."""
        spec, place, at = self.spec, _place(self.spec, fold, seed_index), f"{fold}/{seed_index}"
        for method in spec.methods:
            name, explain = method_name(method), spec_tasks.explain(spec, method, fold, seed_index)
            self.trained(explain.train, f"model/{name}/{at}", place)
            for missing, train in enumerate(explain.retrained):
                part = f"retrained/{name}/{at}/{missing}"
                self.trained(train, part, f"{place}, without {_name(spec, missing)}")
            needs: tuple[Task, ...] = (explain.train, *explain.retrained)
            part = f"explain/{name}/{at}"
            add(self.steps, explain, part, f"Rank channels with {name}, {place}", needs)
            if spec.gates and METHODS[method.id].gates:
                gate, label = GateTask(explain=explain), f"Check the sanity of {name}, {place}"
                add(self.steps, gate, f"gate/{name}/{at}", label, (*needs, explain))
        if spec.redundancy:
            joint = spec_tasks.joint(spec, fold, seed_index)
            alone, both = joint.alone, (joint.alone.train, joint.alone)
            label = f"Rank channels with {spec_tasks.TOTAL}, {place}"
            add(self.steps, alone, f"alone/{at}", label, (alone.train,))
            add(self.steps, joint, f"joint/{at}", f"Permute channels together, {place}", both)

    def trained(self, train: TrainTask, part: str, place: str) -> None:
        """Add a training."""
        dropout = dict(train.model.options).get("channel_dropout")
        how = " with channels missing at random" if dropout else ""
        add(self.steps, train, part, f"Train {place}{how}")

    def trainings(self, trains: tuple[TrainTask, ...], part: str, what: str = "") -> None:
        """Add trainings, the starts of each fold together."""
        for number, train in enumerate(trains):
            start = number % self.spec.seeds
            place = ", ".join(word for word in (_place(self.spec, train.fold, start), what) if word)
            self.trained(train, f"{part}/{train.fold}/{start}", place)

    def ranked(self, method: MethodSpec) -> None:
        """Add the combination of a method's folds."""
        task = spec_tasks.rank(self.spec, method)
        needs = [need for one in task.explains for need in (one.train, one)]
        name = method_name(method)
        add(self.steps, task, f"rank/{name}", f"Combine folds of {name}", needs)

    def combined(self) -> None:
        """Add the combination of joint drops."""
        task = spec_tasks.redundancy(self.spec)
        needs = [need for one in task.joints for need in (one.alone, one)]
        add(self.steps, task, "redundancy", "Find channels that say the same", needs)

    def judged(self, others: tuple[TrainTask, ...], what: str, part: str) -> None:
        """Add trainings beside the run's own, and how well they do."""
        self.trainings(others, f"train/{part}", what)
        add(
            self.steps,
            JudgeTask(trains=others),
            f"judge/{part}",
            f"Judge the trainings {what}",
            others,
        )


def _name(spec: RunSpec, seen: int) -> str:
    """Return the name of a channel counted among those the networks see."""
    channels = spec_tasks.seen_channels(spec)
    return (
        spec.panel.names[channels[seen]]
        if seen < len(channels)
        else spec.decoys[seen - len(channels)]
    )


def _place(spec: RunSpec, fold: int, seed_index: int) -> str:
    """Return which training it is, in words."""
    place = f"fold {fold + 1} of {spec.n_folds}"
    return place if spec.seeds == 1 else f"{place}, start {seed_index + 1} of {spec.seeds}"
