"""Steps of a question about smaller panels: what is known at once, and what screens decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pxcore.runs.panels import searching
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.steps import add
from pxcore.runs.tasks import JudgeTask, ScreenTask, Step, TrainTask
from pxcore.types import RunSpec
from pxcore.types.panel import Members


@dataclass(slots=True)
class PanelSteps:
    """Steps of a question so far, each once.

    Their parts: ``panel/train/MEMBERS/F/S`` and ``panel/judge/MEMBERS`` with members as
    ``0-1-4``; ``panel/dropout/F/S`` and ``panel/screen/F/S``, with a beam ``panel/round/N/F/S``
    too; ``panel/nested/SIZE``, judged on trainings whose members each fold chose by itself;
    ``panel/rank/METHOD/F/S`` on validation cells, and ``panel/compare/METHOD/M``, judged on the
    trainings with the first M stains of them.
    """

    spec: RunSpec
    steps: dict[str, Step] = field(default_factory=dict)

    def panels(self, panels: Iterable[Members]) -> None:
        """Add the trainings of some panels, and how well they do."""
        for members in panels:
            trains = panel_tasks.trains(self.spec, members)
            self._trained(trains, [members] * len(trains))
            add(
                self.steps,
                JudgeTask(trains=trains),
                f"panel/judge/{panel_tasks.part(members)}",
                f"Judge the panel {self._named(members)}",
                trains,
            )

    def screened(self, rounds: Sequence[Sequence[ScreenTask]]) -> None:
        """Add the screens of a search."""
        for number, tasks in enumerate(rounds):
            places = panel_tasks.places(self.spec)
            for (fold, start), task in zip(places, tasks, strict=True):
                where = self._place(fold, start)
                label = f"Train {where} with channels missing at random"
                add(self.steps, task.train, f"panel/dropout/{fold}/{start}", label)
                part = f"{round_part(number)}/{fold}/{start}"
                what = f"{len(task.sets):,}" if task.sets else "all"
                add(self.steps, task, part, f"Screen {what} panels, {where}", (task.train,))

    def ranked(self, name: str) -> None:
        """Add the ranking of every training by one method, on cells that judge no panel."""
        places = panel_tasks.places(self.spec)
        tasks = panel_tasks.rankings(self.spec, name)
        for (fold, start), task in zip(places, tasks, strict=True):
            needs = (task.train, *task.retrained)
            label = f"Rank channels with {name} on validation cells, {self._place(fold, start)}"
            add(self.steps, task, f"panel/rank/{name}/{fold}/{start}", label, needs)

    def compared(self, name: str, m: int, chosen: Sequence[Members]) -> None:
        """Add the judgement of the first ``m`` stains by each training's own ranking."""
        label = f"Judge the first {m} stains by {name}, each fold's own ranking"
        self._chosen(chosen, f"panel/compare/{name}/{m}", label)

    def nested(self, size: int, chosen: Sequence[Members]) -> None:
        """Add the judgement of the panels of one size that each training chose without its test."""
        label = f"Judge panels of {size} optional channels, each fold's own choice"
        self._chosen(chosen, f"panel/nested/{size}", label)

    def _chosen(self, chosen: Sequence[Members], part: str, label: str) -> None:
        trains = panel_tasks.nested_trains(self.spec, tuple(chosen))
        self._trained(trains, chosen)
        add(self.steps, JudgeTask(trains=trains), part, label, trains)

    def _trained(self, trains: Sequence[TrainTask], panels: Sequence[Members]) -> None:
        for (fold, start), train, members in zip(
            panel_tasks.places(self.spec), trains, panels, strict=True
        ):
            part = f"panel/train/{panel_tasks.part(members)}/{fold}/{start}"
            label = f"Train {self._place(fold, start)} on {self._named(members)}"
            add(self.steps, train, part, label)

    def _named(self, members: Members) -> str:
        if members == panel_tasks.everything(self.spec):
            return "all channels"
        return " + ".join(self.spec.panel.names[c] for c in members)

    def _place(self, fold: int, start: int) -> str:
        place = f"fold {fold + 1} of {self.spec.n_folds}"
        return place if self.spec.seeds == 1 else f"{place}, start {start + 1}"


def round_part(number: int) -> str:
    """Return the words that the screens of one round begin with; the first has number 0."""
    return f"panel/round/{number}" if number else "panel/screen"


def first_steps(spec: RunSpec) -> tuple[Step, ...]:
    """Return what a question needs whatever comes out; () without one."""
    if spec.question is None:
        return ()
    planned = PanelSteps(spec)
    planned.panels(panel_tasks.known_panels(spec))
    if panel_tasks.searches(spec):
        planned.screened([searching.first_round(spec)])
    for name in panel_tasks.compared_by(spec):
        planned.ranked(name)
    return tuple(planned.steps.values())
