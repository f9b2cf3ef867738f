"""A staged plan as a report: the panel it ended with, or how far it has come; its paperwork."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pxcore import __version__
from pxcore.panel.staged.finished import FinishedRun
from pxcore.plots.numbers import count, listed, with_interval
from pxcore.plots.staged_words import KINDS as PLAN_KINDS
from pxcore.plots.staged_words import candidates_said, final_said, measured_said
from pxcore.plots.text import one_line
from pxcore.reports.citations import PANELS
from pxcore.reports.methods_text import cited
from pxcore.reports.plan_sections import (
    merge_sections,
    result_sections,
    runs_section,
    trail_section,
)
from pxcore.types.reports import Report, ReportFile, ReportSection
from pxcore.types.staged import Candidate, PlanKind, StagedPlan
from pxcore.types.staged_views import Merge, Outcome

__all__ = ["PlanSeen", "plan_report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSeen:
    """A staged plan with what is known of it."""

    plan: StagedPlan
    outcome: Outcome | None = None
    merged: Merge | None = None
    rankings: tuple[FinishedRun, ...] = ()
    methods: str = ""
    """The methods paragraph of the final run, where there is one."""
    files: tuple[ReportFile, ...] = ()
    """Paperwork."""
    notes: tuple[str, ...] = ()
    """What should be here and cannot be told, and why."""


def plan_report(seen: PlanSeen, recreate: str, made: str) -> Report:
    """Return the report of a staged plan."""
    plan, outcome = seen.plan, seen.outcome
    lacking = ReportSection(title="What is not in this report", paragraphs=seen.notes)
    sections = [
        *result_sections(plan, outcome),
        lacking,
        runs_section(plan),
        *merge_sections(plan, seen.merged, seen.rankings),
        trail_section(plan),
    ]
    return Report(
        kind="plan",
        subject=plan.id,
        title=plan.title,
        verdict=outcome.said if outcome else f"{_so_far(plan)}.",
        facts=_facts(seen),
        sections=tuple(one for one in sections if one.paragraphs or one.figures or one.tables),
        methods=_methods(seen),
        recreate=recreate,
        made=made,
        files=seen.files,
    )


def _so_far(plan: StagedPlan) -> str:
    """Return where a plan without a result stands."""
    if not plan.runs:
        return candidates_said(plan.candidates, plan.instrument)
    final = next((run for run in plan.runs if run.final and run.markers), None)
    if final is not None and plan.step >= 5:
        return final_said(final, rehearsed=bool(plan.rehearsal))
    return measured_said(plan)


def _facts(seen: PlanSeen) -> tuple[tuple[str, str], ...]:
    plan, outcome = seen.plan, seen.outcome
    told = [
        ("Candidates", count(len(plan.candidates), "marker")),
        ("Instrument", f"{one_line(plan.instrument.label)}: "
         f"{count(plan.instrument.stain_slots, 'slot')} for stains"),
        ("Plan", _kind(plan)),
        ("Version", f"{plan.version}, changed {plan.changed[:10]}"),
    ]  # fmt: skip
    if plan.rehearsal:
        told.append(("Rehearsal", "on one data set that has all markers; no real measurements"))
    if outcome is not None:
        told.insert(0, ("Panel", ", ".join(one_line(name, 40) for name in outcome.markers)))
        if outcome.f1 is not None:
            told.append(("F1 on unseen cells", with_interval(outcome.f1)))
        if outcome.cost or outcome.saved:
            told.append(("Cost", f"{outcome.cost:,.2f} a test, {outcome.saved:,.2f} saved"))
    return tuple(told)


def _kind(plan: StagedPlan) -> str:
    if plan.kind is None:
        return "not chosen yet"
    top = f", top {plan.top} of each" if plan.kind is PlanKind.PUBLISHED else ""
    return f"{PLAN_KINDS[plan.kind]}: {count(len(plan.runs), 'run')} with the final one{top}"


def _methods(seen: PlanSeen) -> str:
    plan = seen.plan
    what = {
        PlanKind.PUBLISHED: "each candidate was measured in one run, and the top "
        f"{plan.top} of each run met in a final run",
        PlanKind.PAIR_COVER: "candidates were measured so that every pair shared a run, and the "
        "union of the strongest met in a final run",
        None: "how they are dealt to runs was not chosen yet",
    }[plan.kind]
    rule = "by their verdicts" if plan.by_verdict else "by rank"
    by_hand = f", {count(len(plan.overrides), 'marker')} by hand" if plan.overrides else ""
    return " ".join(
        part
        for part in (
            f"{count(len(plan.candidates), 'candidate marker')} "
            f"({_named(plan.candidates)}) were planned for {one_line(plan.instrument.label)} with "
            f"{count(plan.instrument.stain_slots, 'slot')} for stains (pxcore {__version__}): "
            f"{what}. Markers went on {rule} under {plan.method}{by_hand}.",
            f"Of the final run: {seen.methods}" if seen.methods else "",
            "" if seen.methods else cited(PANELS),
        )
        if part
    )


def _named(candidates: Sequence[Candidate]) -> str:
    return listed([one_line(one.marker, 40) for one in candidates])
