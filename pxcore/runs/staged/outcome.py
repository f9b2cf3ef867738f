"""Step 6 of a staged plan: the final panel, what speaks for it, and what was left out and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pxcore.errors import PanelError, RunError
from pxcore.panel.noninferiority import check_margin
from pxcore.panel.words import sentence
from pxcore.runs import ledger
from pxcore.runs.result import result
from pxcore.runs.staged.answers import answering_run, constraints_for
from pxcore.runs.staged.attached import places_of
from pxcore.runs.staged.merging import merged
from pxcore.runs.staged.rehearsal_answer import all_markers_answer
from pxcore.runs.staged.steps import RESULT, final_run, need_step
from pxcore.store.home import Store
from pxcore.types import Panel
from pxcore.types.panel import Constraints, PanelAdvice
from pxcore.types.staged import StagedPlan, StagedRun
from pxcore.types.staged_views import Outcome

if TYPE_CHECKING:
    from pxcore.runs.panels.result import PanelFindings

__all__ = ["Finding", "final_panel", "named_by_markers", "outcome"]

Finding = Callable[[str], "PanelFindings"]
"""What a finished run found out about panels, by its id."""
CLASS_FLOOR = Constraints().class_floor


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalPanel:
    """The panel that a plan ends with."""

    markers: tuple[str, ...]
    """In the plan's order."""
    run_id: str
    advice: PanelAdvice | None
    reason: str
    """Why there is no advice; empty where there is."""
    places: Mapping[str, int]
    """Position of each marker of the final run in its data set's panel."""


def outcome(store: Store, plan: StagedPlan, finding: Finding, margin: float = 0.02) -> Outcome:
    """Return the final panel with its evidence and the trail of the whole plan.

    Parameters
    ----------
    margin
        F1-macro that the panel may lose beside all markers of the final run.

    Raises
    ------
    PanelError
        Before a finished run is attached to the final run, and for a margin outside (0, 0.5).
    RunError
        When the final run's results have left the store.
    """
    final = final_panel(store, plan, finding, margin)
    last, told = _last(plan), result(store, final.run_id)
    advice, panel = final.advice, named_by_markers(told.spec.panel, final.places)
    f1 = told.performance.f1_macro
    if advice is not None:
        best = advice.recommended or advice.full
        f1 = best.f1_macro
    cost = {candidate.marker: candidate.cost for candidate in plan.candidates}
    kept = sum(cost[marker] for marker in final.markers)
    count = f"{len(final.markers)} of {len(plan.candidates)} candidates"
    said = f"The panel: {', '.join(final.markers)} ({count})."
    if advice is not None:
        said += f" {sentence(advice, panel)}"
    return Outcome(
        markers=final.markers,
        measured=last.markers,
        left=_left(store, plan, final),
        said=said,
        run_id=final.run_id,
        panel=panel,
        advice=advice,
        advice_reason=final.reason,
        f1=f1,
        cost=kept,
        saved=sum(cost.values()) - kept,
        trail=plan.trail,
        all_markers=all_markers_answer(store, plan, final.markers, margin),
        notes=() if advice is None else advice.notes,
    )


def final_panel(store: Store, plan: StagedPlan, finding: Finding, margin: float) -> FinalPanel:
    """Return the panel advised by the final run; all of its markers where there is no advice."""
    need_step(plan, RESULT, "The result")
    check_margin(margin, CLASS_FLOOR)
    last = _last(plan)
    record = ledger.record(store, last.run_id)
    places = places_of(last)
    answer = answering_run(store, record.spec)
    whole = FinalPanel(
        markers=last.markers, run_id=answer or last.run_id, advice=None, reason="", places=places
    )
    if not answer:
        why = (
            f"Run {last.run_id} was not asked which of its markers are enough; ask on its page "
            f"under Panel, or with `python -m pxcore panel {last.run_id}`."
        )
        return replace(whole, reason=why)
    found = finding(answer)
    panel = named_by_markers(found.evidence.panel, places)
    found = replace(found, evidence=replace(found.evidence, panel=panel))
    try:
        advice = found.advice(constraints_for(plan, found.spec, places, margin))
    except PanelError as error:  # the plan keeps what the question left out
        why = (
            f"Run {answer} was asked within other bounds than this plan's: {error}. Ask the final "
            "run again on its page under Panel."
        )
        return replace(whole, reason=why)
    if advice.recommended is None:
        return replace(whole, advice=advice)
    inside = {marker for marker, place in places.items() if place in advice.recommended.members}
    return replace(
        whole, advice=advice, markers=tuple(one for one in last.markers if one in inside)
    )


def named_by_markers(panel: Panel, places: Mapping[str, int]) -> Panel:
    """Return the panel with the plan's markers as names, so that advice speaks of them."""
    marker_at = {place: marker for marker, place in places.items()}
    names = [marker_at.get(place, name) for place, name in enumerate(panel.names)]
    if len(set(names)) < len(names):  # another channel is called as one of the markers
        return panel
    pairs = zip(panel.channels, names, strict=True)
    return Panel(tuple(replace(channel, name=name) for channel, name in pairs))


def _left(store: Store, plan: StagedPlan, final: FinalPanel) -> tuple[tuple[str, str], ...]:
    """Return the candidates that are not in the panel, with the reason at the step they left."""
    reasons: dict[str, str] = {}
    try:
        reasons = {one.marker: one.reason for one in merged(store, plan).candidates}
    except (PanelError, RunError) as error:  # a ranking of before has left the store
        reasons = {
            one.marker: f"The merge cannot be told again: {error}" for one in plan.candidates
        }
    if final.advice is not None:
        by_place = {one.channel: one.reason for one in final.advice.channels}
        for marker, place in final.places.items():
            reasons[marker] = by_place.get(place, "Not in the advised panel.")
    gone = [one.marker for one in plan.candidates if one.marker not in final.markers]
    return tuple((marker, reasons.get(marker, "")) for marker in gone)


def _last(plan: StagedPlan) -> StagedRun:
    last = final_run(plan)
    if last is None or not last.run_id:
        message = f"plan {plan.title!r} has no finished final run; attach one"
        raise PanelError(message)
    return last
