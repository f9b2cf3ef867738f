"""How a plan goes from one version to the next: its step, its notes, its trail."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pxcore.errors import PanelError
from pxcore.runs.staged import shelf
from pxcore.store.database import now
from pxcore.store.home import Store
from pxcore.types.staged import Decision, StagedPlan, StagedRun

__all__ = [
    "CANDIDATES", "FINAL", "MEASURE", "MERGE", "PLAN", "RESULT", "STEPS", "Change", "bare",
    "dealt_runs", "final_run", "moved", "named", "need_step", "run_of",
]  # fmt: skip

STEPS = ("Candidates", "Plan", "Measure", "Merge", "Final run", "Result")
CANDIDATES, PLAN, MEASURE, MERGE, FINAL, RESULT = range(1, 7)
LONGEST = 200
"""Letters of a title or a person's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What somebody did to a plan."""

    who: str
    step: int
    """The step that was worked on, 1 to 6."""
    what: str
    """In a sentence."""
    dropped: tuple[str, ...] = ()
    """What no longer holds, in sentences: the plan's notes, and lines of its trail."""
    as_of: int = 0
    """The version whose contents were brought back, if any."""
    by_itself: bool = False
    """By a rehearsal that went on, whoever looked at it."""


def moved(store: Store, plan: StagedPlan, change: Change) -> StagedPlan:
    """Return the plan as it was saved, with what was done in its trail.

    Raises PlanChangedError when somebody else changed it meanwhile.
    """
    if len(change.who) > LONGEST:
        message = f"a name has {len(change.who)} letters; at most {LONGEST} are kept"
        raise PanelError(message)
    at, step = now(), STEPS[change.step - 1]
    said = (change.what, *change.dropped)
    lines = tuple(
        Decision(at=at, who=change.who, step=step, what=one, by_itself=change.by_itself)
        for one in said
    )
    made = replace(plan, trail=(*plan.trail, *lines), notes=change.dropped, as_of=change.as_of)
    return shelf.save(store, made, change.who, " ".join(said))


def need_step(plan: StagedPlan, least: int, wish: str) -> None:
    """Raise PanelError when a plan has not come far enough for a wish."""
    if plan.step < least:
        message = (
            f"{wish} is not possible yet: plan {plan.title!r} is at step {plan.step} "
            f"({STEPS[plan.step - 1]}), expected {least} ({STEPS[least - 1]}) or later; do "
            f"{STEPS[plan.step - 1]} first"
        )
        raise PanelError(message)


def run_of(plan: StagedPlan, number: int) -> StagedRun:
    """Return one planned run. Raises PanelError for a number that is not planned."""
    for run in plan.runs:
        if run.number == number:
            return run
    found = f"runs 1 to {len(plan.runs)}" if plan.runs else "no runs: choose a plan first"
    message = f"run {number} is not planned; plan {plan.title!r} has {found}"
    raise PanelError(message)


def dealt_runs(plan: StagedPlan) -> tuple[StagedRun, ...]:
    """Return the planned runs but for the final one."""
    return tuple(run for run in plan.runs if not run.final)


def final_run(plan: StagedPlan) -> StagedRun | None:
    """Return the final run, None before a plan is chosen."""
    return next((run for run in plan.runs if run.final), None)


def bare(run: StagedRun) -> StagedRun:
    """Return a run without what is attached to it."""
    return replace(run, dataset_id="", run_id="", matched=(), places=())


def named(run: StagedRun) -> str:
    """Return what a run is called, such as ``Run 2`` or ``The final run``."""
    return "The final run" if run.final else f"Run {run.number}"
