"""A staged plan with all that its report tells: nobody's name is in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pxcore.errors import PanelError, RunError
from pxcore.reports.methods_text import run_methods
from pxcore.reports.plan_report import PlanSeen
from pxcore.runs import ledger
from pxcore.runs.panels.result import findings
from pxcore.runs.result import result
from pxcore.runs.staged import merging, outcome, paperwork
from pxcore.runs.staged.outcome_files import outcome_files
from pxcore.runs.staged.steps import MEASURE, RESULT, dealt_runs
from pxcore.store.home import Store
from pxcore.types.reports import ReportFile
from pxcore.types.staged import StagedPlan

__all__ = ["nameless", "runs_seen", "seen"]

PAPERS = {
    "run_sheets.html": "Run sheets and order list to print",
    "channel_map.csv": "Channel map of all runs",
    "order_list.csv": "Order list",
    "control_list.csv": "Control list: every tube",
    "final_run.csv": "Sheet of the final run",
    "plan.json": "The whole plan",
    "panel.csv": "The panel, and what each candidate costs or saves",
    "outcome.json": "The result, all numbers",
}
"""What the files of a plan are."""
Step = Callable[[Store, PlanSeen, float], PlanSeen]


def seen(store: Store, plan: StagedPlan, margin: float) -> PlanSeen:
    """Return a plan with its paperwork, merge and result, as far as it has come.

    What it should have and cannot be told (a ranking that was deleted) stands in ``notes``.
    """
    told = PlanSeen(plan=nameless(plan))
    steps: tuple[tuple[str, bool, Step], ...] = (
        ("paperwork", plan.step >= MEASURE and bool(plan.runs), _papers),
        ("merge", all(run.run_id for run in dealt_runs(plan)) and bool(plan.runs), _merge),
        ("result", plan.step >= RESULT, _result),
    )
    for name, due, add in steps:
        if due:
            try:
                told = add(store, told, margin)
            except (PanelError, RunError) as error:
                note = f"The {name} is not in this report: {error}."
                told = replace(told, notes=(*told.notes, note))
    return told


def nameless(plan: StagedPlan) -> StagedPlan:
    """Return a plan without the names of those who made it: its report leaves the lab."""
    trail = tuple(replace(one, who="") for one in plan.trail)
    return replace(plan, owner="", trail=trail)


def runs_seen(store: Store, plan: StagedPlan) -> list[str]:
    """Return the plan's runs that are there for who asks; others are deleted or somebody's own."""
    found = []
    for run in plan.runs:
        if run.run_id:
            try:
                found.append(ledger.record(store, run.run_id).id)
            except RunError:
                continue
    return found


def _papers(_: Store, told: PlanSeen, __: float) -> PlanSeen:
    files = paperwork.downloads(told.plan)
    kept = {name: text for name, text in files.items() if name != "trail.csv"}  # a table has it
    return _with_files(told, kept)


def _merge(store: Store, told: PlanSeen, _: float) -> PlanSeen:
    plan = told.plan
    return replace(told, merged=merging.merged(store, plan), rankings=merging.rankings(store, plan))


def _result(store: Store, told: PlanSeen, margin: float) -> PlanSeen:
    found = outcome.outcome(store, told.plan, lambda one: findings(store, one), margin)
    last = next(run.run_id for run in told.plan.runs if run.final)
    methods = run_methods(result(store, last))
    files = dict(outcome_files(told.plan, found))
    return _with_files(replace(told, outcome=found, methods=methods), files)


def _with_files(told: PlanSeen, files: dict[str, str]) -> PlanSeen:
    made = tuple(
        ReportFile(name=name, text=text, what=PAPERS.get(name, "Sheet of a run"))
        for name, text in files.items()
    )
    return replace(told, files=(*told.files, *made))
