"""The sections of a staged plan's report: its panel, its runs, the merge, its trail."""

from __future__ import annotations

from collections.abc import Sequence

from pxcore.panel.staged.finished import FinishedRun
from pxcore.plots.staged_instrument import drawn_instrument, slots_of
from pxcore.plots.staged_losses import rehearsal
from pxcore.plots.staged_merge import Union, merged_runs
from pxcore.plots.style import LIGHT
from pxcore.reports.parts import figure_of
from pxcore.types.reports import ReportFigure, ReportSection, ReportTable
from pxcore.types.staged import PlanKind, StagedPlan
from pxcore.types.staged_views import AllMarkersAnswer, Merge, Outcome

__all__ = ["merge_sections", "result_sections", "runs_section", "trail_section"]


def result_sections(plan: StagedPlan, outcome: Outcome | None) -> list[ReportSection]:
    """Return the panel on its instrument, and why each candidate is in or out."""
    if outcome is None:
        return []
    slots = slots_of(plan.instrument, outcome.measured, plan.candidates)
    figure = drawn_instrument(slots, LIGHT, outcome.markers)
    told = [outcome.advice_reason] if outcome.advice_reason else []
    found = [
        ReportSection(
            title="The panel",
            paragraphs=(*told, *outcome.notes),
            figures=(figure_of("panel", "The panel on the instrument", figure, table="panel"),),
            tables=(_panel(plan, outcome),),
        )
    ]
    if outcome.all_markers is not None:
        found.append(_rehearsed(outcome.all_markers))
    return found


def runs_section(plan: StagedPlan) -> ReportSection:
    """Return what each run measures, and what is attached to it."""
    table = ReportTable(
        name="runs",
        title="Planned runs",
        columns=("run", "markers", "data_set", "ranking"),
        rows=tuple(
            (
                "final" if run.final else str(run.number),
                ", ".join(run.markers) or "known after the merge",
                run.dataset_id or None,
                run.run_id or None,
            )
            for run in plan.runs
        ),
    )
    return ReportSection(title="The runs", tables=(table,) if plan.runs else ())


def merge_sections(
    plan: StagedPlan, merged: Merge | None, rankings: Sequence[FinishedRun]
) -> list[ReportSection]:
    """Return the markers of every run side by side, and who went on."""
    if merged is None or not rankings:
        return []
    union = Union(
        taken=merged.taken,
        always_on=[one.marker for one in plan.candidates if one.always_on],
        top=plan.top if plan.kind is PlanKind.PUBLISHED and not plan.by_verdict else 0,
    )
    figure: ReportFigure = figure_of(
        "merge", "Markers of every run", merged_runs(rankings, union, LIGHT), table="merge"
    )
    table = ReportTable(
        name="merge",
        title="Who went into the final run",
        columns=("marker", "taken", "by_hand", "reason"),
        rows=tuple((m.marker, m.taken, m.overridden, m.reason) for m in merged.candidates),
    )
    return [
        ReportSection(
            title="The merge", paragraphs=merged.notes, figures=(figure,), tables=(table,)
        )
    ]


def trail_section(plan: StagedPlan) -> ReportSection:
    """Return every decision, in order."""
    table = ReportTable(
        name="trail",
        title="Every decision",
        columns=("when_utc", "step", "what"),
        rows=tuple((one.at, one.step, one.what) for one in plan.trail),
    )
    return ReportSection(title="How this came about", tables=(table,) if plan.trail else ())


def _panel(plan: StagedPlan, outcome: Outcome) -> ReportTable:
    why = dict(outcome.left)
    if outcome.advice is not None:
        names = outcome.panel.names
        why |= {names[one.channel]: one.reason for one in outcome.advice.channels}
    return ReportTable(
        name="panel",
        title="Every candidate, and why",
        columns=("marker", "clone", "fluorochrome", "in_panel", "cost", "cost_saved", "why"),
        rows=tuple(
            (
                *(one.marker, one.clone, one.fluorochrome, one.marker in outcome.markers),
                *((one.cost, 0.0) if one.marker in outcome.markers else (0.0, one.cost)),
                why.get(one.marker, ""),
            )
            for one in plan.candidates
        ),
    )


def _rehearsed(answer: AllMarkersAnswer) -> ReportSection:
    named = (
        ("The plan's panel", answer.f1_plan),
        ("Best of all at once", answer.f1_markers),
        ("Advised, all at once", answer.f1_advised),
        ("Every marker", answer.f1_every),
    )
    values = [(name, value) for name, value in named if value is not None]
    table = ReportTable(
        name="rehearsal",
        title="The plan beside all markers at once",
        columns=("panel", "F1-macro", "low", "high"),
        rows=tuple((name, value.mean, value.low, value.high) for name, value in values),
    )
    figure = rehearsal(values, LIGHT)
    return ReportSection(
        title="Rehearsal: the plan beside all markers at once",
        paragraphs=(answer.said,) if answer.said else (),
        figures=(figure_of("rehearsal", table.title, figure, table="rehearsal"),),
        tables=(table,),
    )
