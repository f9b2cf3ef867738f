"""What a finished run says about smaller panels: trials, screens, curves, ready for advice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pxcore.errors import RunError
from pxcore.evaluation.values import Sizes
from pxcore.panel.advice import advise
from pxcore.panel.curves import best_curve, removal_curve
from pxcore.panel.descent import PanelEvidence
from pxcore.panel.noninferiority import non_inferior
from pxcore.panel.orders import steps
from pxcore.panel.search import finalists, screen_error
from pxcore.panel.verdicts import reached, told_of, with_reached
from pxcore.panel.worth import Worth, worth
from pxcore.runs.panels import growing, searching
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.panels.compared import compared
from pxcore.runs.panels.trials import nested_of, read_screen, retrained
from pxcore.runs.panels.wishes import wishes
from pxcore.runs.parts import Parts
from pxcore.runs.result import finished, result
from pxcore.runs.saved.model import load_story
from pxcore.types import Verdict
from pxcore.types.panel import (
    Beside,
    Constraints,
    Members,
    PanelAdvice,
    PanelTrial,
    RemovalCurve,
    Screen,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pxcore.store.home import Store
    from pxcore.types import RunResult, RunSpec
    from pxcore.types.panel import Compared, PanelTest, ScreenError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelFindings:
    """Everything that was found out about the panels of one run; advice follows from it."""

    run_id: str
    spec: RunSpec
    evidence: PanelEvidence
    curves: tuple[RemovalCurve, ...]
    screen: Screen | None
    screen_error: ScreenError | None
    trained: int
    """Trainings that this question needed, of which ..."""
    reused: int
    """... so many were there already."""
    compared: tuple[Compared, ...] = ()
    """Panels beside one another, as in the paper; the full one last."""
    worth: tuple[Worth, ...] = ()
    """Of each channel that could be in or out, by the screen."""

    def advice(self, constraints: Constraints) -> PanelAdvice:
        """Return the advice under these constraints, the panel sheet's wishes among them.

        Raises PanelError for constraints that no panel can meet.
        """
        advice = advise(self.evidence, wishes(self.spec, constraints))
        return with_reached(advice, self.evidence.panel)

    def tested(self, trial: PanelTrial, constraints: Constraints) -> PanelTest:
        """Return the test of one panel against the full one, at this margin and floor."""
        margin, floor = constraints.margin, constraints.class_floor
        return non_inferior(self.evidence.full, trial, self.evidence.sizes, margin, floor)

    def beside(self, advice: PanelAdvice) -> list[tuple[Compared, PanelTest | None]]:
        """Return the panels beside one another, each with its test; None for the full one."""
        asked, passed = advice.constraints, reached(advice, self.evidence.panel)
        return [
            (one, None)
            if one.what is Beside.ALL
            else (one, told_of(self.tested(one.trial, asked), one.trial, passed))
            for one in self.compared
        ]


def findings(store: Store, run_id: str) -> PanelFindings:
    """Return what a finished run found out about panels.

    Raises RunError for a run that is not finished, or was not asked about panels.
    """
    record = finished(store, run_id)
    spec = record.spec
    if spec.question is None:
        message = (
            f"run {run_id!r} was not asked about smaller panels; ask with "
            f"`python -m pxcore panel {run_id}` or on its page under *Panel*"
        )
        raise RunError(message)
    parts = Parts(store, record)
    ranked = result(store, run_id)
    evidence = _evidence(parts, ranked)
    screen = evidence.screen
    trained = [task for task in parts.tasks if panel_tasks.is_training(task.parts)]
    return PanelFindings(
        run_id=run_id,
        spec=spec,
        evidence=evidence,
        curves=_curves(spec, evidence),
        screen=screen,
        screen_error=screen_error(screen, evidence.trials) if screen is not None else None,
        trained=len(trained),
        reused=sum(task.reused for task in trained),
        worth=() if screen is None else worth(screen, searching.way(spec), evidence.sizes),
        compared=compared(
            spec,
            parts,
            {trial.members: trial for trial in evidence.trials},
            _labels(ranked),
        ),
    )


def _evidence(parts: Parts, ranked: RunResult) -> PanelEvidence:
    """Return all that is known of the panels. Raises RunError without the full one."""
    spec = ranked.spec
    full, trials = panel_tasks.everything(spec), retrained(spec, parts)
    screen = read_screen(spec, parts)
    folders = parts.folders(f"panel/train/{panel_tasks.part(full)}")
    if full not in trials or not folders:
        message = "the trainings of the full panel have left the store; start the run again"
        raise RunError(message)
    whole = full == tuple(range(len(spec.panel)))
    return PanelEvidence(
        panel=spec.panel,
        full=trials[full],
        trials=tuple(trials.values()),
        sizes=_sizes(spec, folders),
        nested=nested_of(spec, parts, screen) if screen is not None else (),
        screen=screen,
        redundancy=ranked.redundancy if whole else None,  # its positions are the panel's
        verdicts=_verdicts(ranked),
        classes=spec.classes,
        n_per_class=ranked.performance.n_per_class,
        named=_named(spec),
    )


def _named(spec: RunSpec) -> tuple[Members, ...]:
    """Return the panels that were named whatever any cell says of them, in their order."""
    question, full = panel_tasks.asked(spec), panel_tasks.everything(spec)
    free = tuple(c for c in full if c in question.always)
    ticked = (tuple(sorted({*panel})) for panel in question.ticked)
    return tuple(dict.fromkeys((*ticked, panel_tasks.allowed(spec), free)))


def _curves(spec: RunSpec, evidence: PanelEvidence) -> tuple[RemovalCurve, ...]:
    """Return the curves of all orders whose panels can be found, and beside them the best."""
    trials, full = {one.members: one for one in evidence.trials}, evidence.full.members
    found = [
        removal_curve(order, full, trials, evidence.sizes)
        for order in panel_tasks.asked(spec).orders
        if all(panel in trials for panel in steps(full, order.order))
    ]
    if not found or evidence.screen is None:
        return tuple(found)
    first = finalists(evidence.screen, spec.panel, growing.constraints_of(spec), 1)
    best = [trials[panel] for panel in dict.fromkeys((full, *first)) if panel in trials]
    return (*found, best_curve(best, evidence.sizes))


def _labels(told: RunResult) -> dict[str, str]:
    """Return what each ranking is called, by its name within the run; no two alike."""
    labels: dict[str, str] = {}
    for one in told.methods:
        alike = one.label in labels.values()
        labels[one.method] = f"{one.label} ({one.method})" if alike else one.label
    return labels


def _verdicts(told: RunResult) -> tuple[tuple[str, tuple[Verdict, ...]], ...]:
    """Return each ranking's verdicts, one for every channel of the data set's panel.

    Those that took no part are undecided, and no advice is given on them.
    """
    place = {channel: number for number, channel in enumerate(told.source_channels)}
    every = range(len(told.spec.panel))

    def of(verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
        return tuple(verdicts[place[c]] if c in place else Verdict.UNDECIDED for c in every)

    return tuple((one.label, of(one.ranking.verdict)) for one in told.methods)


def _sizes(spec: RunSpec, folders: tuple[Path, ...]) -> Sizes:
    stories = [load_story(folder) for folder in folders]
    tested = [story.n_test for story in stories]
    return Sizes(
        n_train=tuple(story.n_train for story in stories),
        n_test=tuple(tested),
        n_cells=sum(tested) // spec.seeds,
    )
