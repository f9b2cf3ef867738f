"""Step 4 of a staged plan: rankings side by side, the rule, hands, and the final run's markers."""

from __future__ import annotations

from dataclasses import replace

from pxcore.errors import PanelError
from pxcore.panel.staged.finished import FinishedRun, finished_run
from pxcore.panel.staged.matching import marker_key
from pxcore.panel.staged.merge import merge, with_final_run
from pxcore.panel.staged.plans import planned_runs
from pxcore.runs import ledger
from pxcore.runs.method_names import method_name
from pxcore.runs.result import result
from pxcore.runs.staged.attached import check_run, places_of
from pxcore.runs.staged.carrying import reopened
from pxcore.runs.staged.steps import (
    FINAL,
    MEASURE,
    MERGE,
    RESULT,
    Change,
    dealt_runs,
    final_run,
    moved,
    need_step,
)
from pxcore.store.home import Store
from pxcore.types import MethodResult, RunResult
from pxcore.types.staged import Candidate, Override, PlanKind, StagedPlan, StagedRun
from pxcore.types.staged_views import Merge

__all__ = [
    "finish_merge", "merge_rule", "merged", "methods_for", "override", "ranking_of", "rankings",
]  # fmt: skip


def merged(store: Store, plan: StagedPlan) -> Merge:
    """Return the union of the runs with every candidate's reason.

    Raises
    ------
    PanelError
        While a ranking is missing, or when what is forced does not fit into the final run.
    RunError
        When a ranking has left the store.
    """
    need_step(plan, MEASURE, "Merging")
    return merge(plan, rankings(store, plan))


def rankings(store: Store, plan: StagedPlan) -> tuple[FinishedRun, ...]:
    """Return what every dealt run with a ranking says of its markers, on its own scale."""
    return tuple(_finished(store, plan, run) for run in dealt_runs(plan) if run.run_id)


def methods_for(store: Store, plan: StagedPlan) -> tuple[str, ...]:
    """Return the methods that every attached dealt run has ranked by; () while none is attached."""
    attached = [run.run_id for run in dealt_runs(plan) if run.run_id]
    every = [[method_name(m) for m in ledger.record(store, one).spec.methods] for one in attached]
    return tuple(name for name in every[0] if all(name in own for own in every)) if every else ()


def merge_rule(
    store: Store,
    plan: StagedPlan,
    *,
    who: str,
    top: int | None = None,
    by_verdict: bool | None = None,
    method: str | None = None,
) -> StagedPlan:
    """Return the plan with another rule of merging, saved; None keeps what is.

    Raises
    ------
    PanelError
        Before runs are planned, for a top m above the smallest run's candidates, and for a method
        that an attached run has no ranking by.
    PlanChangedError
        When somebody else changed the plan meanwhile.
    """
    need_step(plan, MEASURE, "Choosing the rule of merging")
    made = replace(
        plan,
        top=plan.top if top is None else top,
        by_verdict=plan.by_verdict if by_verdict is None else by_verdict,
        method=plan.method if method is None else method,
    )
    if made.top < 1 or made.kind is PlanKind.PUBLISHED:
        planned_runs(PlanKind.PUBLISHED, made.candidates, made.instrument, made.top)
    for run in dealt_runs(made):
        if run.run_id:
            check_run(store, made, run, run.run_id)
    made, opened = reopened(made, plan)
    rule = "by verdict" if made.by_verdict else f"top {made.top}"
    if not made.by_verdict and made.kind is PlanKind.PAIR_COVER:
        rule = "the strongest over all runs"
    what = f"Rule: {rule}, ranked by {made.method}."
    return moved(store, made, Change(who=who, step=MERGE, what=what, dropped=opened))


def override(
    store: Store, plan: StagedPlan, marker: str, decision: Override | None, *, who: str
) -> StagedPlan:
    """Return the plan with a candidate taken or left out by hand (None: by the rule), saved.

    Raises
    ------
    PanelError
        For a marker that is no candidate, one that is always on, one to leave out that must be
        kept, and more taken by hand than the final run has slots.
    PlanChangedError
        When somebody else changed the plan meanwhile.
    """
    need_step(plan, MEASURE, "Deciding by hand")
    candidate = _candidate(plan, marker)
    if candidate.always_on:
        message = f"{candidate.marker!r} is always on, so nothing is to be decided about it"
        raise PanelError(message)
    if decision is Override.LEAVE and candidate.must_keep:
        message = (
            f"{candidate.marker!r} cannot be left out: it must be kept; take that mark from the "
            "candidate first"
        )
        raise PanelError(message)
    others = [one for one in plan.overrides if marker_key(one[0]) != marker_key(marker)]
    by_hand = others if decision is None else [*others, (candidate.marker, decision)]
    made = replace(plan, overrides=tuple(by_hand))
    _check_room(made)
    made, opened = reopened(made, plan)
    verb = {Override.TAKE: "taken by hand", Override.LEAVE: "left out by hand"}
    what = f"{candidate.marker}: {verb[decision] if decision else 'left to the rule again'}."
    return moved(store, made, Change(who=who, step=MERGE, what=what, dropped=opened))


def finish_merge(store: Store, plan: StagedPlan, *, who: str) -> StagedPlan:
    """Return the plan with the final run's markers fixed, saved.

    Raises PanelError as `merged`, PlanChangedError when somebody else changed the plan meanwhile.
    """
    need_step(plan, MERGE, "Fixing the final run")
    union, before = merged(store, plan), final_run(plan)
    runs = with_final_run(plan.runs, union)
    made = replace(plan, runs=runs)
    last = final_run(made)
    made = replace(made, step=RESULT if last and last.run_id else FINAL)
    lost = before is not None and before.dataset_id and last is not None and not last.dataset_id
    dropped = ("The final run has other markers now; its data set was detached.",) if lost else ()
    hands = [one.marker for one in union.candidates if one.overridden]
    what = f"Final run: {', '.join(union.taken)}."
    if union.fell_out:
        what += f" Without a slot: {', '.join(union.fell_out)}."
    if hands:
        what += f" By hand: {', '.join(hands)}."
    return moved(store, made, Change(who=who, step=MERGE, what=what, dropped=dropped))


def ranking_of(found: RunResult, method: str, number: int) -> MethodResult:
    """Return one method's ranking of a finished run. Raises PanelError when it has none."""
    for one in found.methods:
        if one.method == method:
            return one
    message = (
        f"run {number}: its ranking has no {method}; it has "
        f"{', '.join(one.method for one in found.methods)}: merge by one of these"
    )
    raise PanelError(message)


def _finished(store: Store, plan: StagedPlan, run: StagedRun) -> FinishedRun:
    """Return what an attached run says of its markers, whatever its channels are called."""
    found = result(store, run.run_id)
    ranked = ranking_of(found, plan.method, run.number)
    marker_at = {place: marker for marker, place in places_of(run).items()}
    names = [marker_at.get(place, "") for place in found.source_channels]
    own = replace(run, matched=tuple((marker, marker) for marker in run.markers))
    return finished_run(own, names, ranked.ranking, found.redundancy)


def _candidate(plan: StagedPlan, marker: str) -> Candidate:
    for candidate in plan.candidates:
        if marker_key(candidate.marker) == marker_key(marker):
            return candidate
    names = ", ".join(one.marker for one in plan.candidates)
    message = f"{marker!r} is no candidate of this plan; there is {names}"
    raise PanelError(message)


def _check_room(plan: StagedPlan) -> None:
    """Refuse more markers taken by hand than the final run has slots."""
    by_hand = {marker_key(name) for name, what in plan.overrides if what is Override.TAKE}
    forced = [
        one.marker
        for one in plan.candidates
        if one.always_on or one.must_keep or marker_key(one.marker) in by_hand
    ]
    slots = plan.instrument.stain_slots
    if len(forced) > slots:
        message = (
            f"{len(forced)} markers are always on, must be kept or were taken by hand "
            f"({', '.join(forced)}), but the final run has {slots} slots; undo "
            f"{len(forced) - slots} of these choices first"
        )
        raise PanelError(message)
