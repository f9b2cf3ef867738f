"""Step 4 of a staged plan: rankings side by side, the rule, hands, and the final run's markers."""

from __future__ import annotations

from dataclasses import replace

from pxcore.errors import PanelError
from pxcore.panel.staged.finished import FinishedRun, finished_run
from pxcore.panel.staged.matching import marker_key
from pxcore.panel.staged.merge import check_room, merge, with_final_run
from pxcore.runs import ledger
from pxcore.runs.method_names import method_name
from pxcore.runs.result import result
from pxcore.runs.staged.attached import places_of
from pxcore.runs.staged.carrying import reopened
from pxcore.runs.staged.decisions import (
    Hands,
    MergeRule,
    by_hand,
    rule_words,
    ruled,
)
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
from pxcore.types.staged import Override, StagedPlan, StagedRun
from pxcore.types.staged_views import Merge

__all__ = [
    "MergeRule", "decide", "finish_merge", "merge_rule", "merged", "methods_for", "override",
    "ranking_of", "rankings",
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

    Raises as `decide`.
    """
    return decide(store, plan, MergeRule(top, by_verdict, method), (), who=who)


def override(
    store: Store, plan: StagedPlan, marker: str, decision: Override | None, *, who: str
) -> StagedPlan:
    """Return the plan with a candidate taken or left out by hand (None: by the rule), saved.

    Raises as `decide`.
    """
    return decide(store, plan, None, ((marker, decision),), who=who)


def decide(
    store: Store, plan: StagedPlan, rule: MergeRule | None, hands: Hands, *, who: str
) -> StagedPlan:
    """Return the plan with another rule and these decisions by hand, saved as one version.

    Everything is checked before anything is saved. ``rule``: None keeps the rule as it is.

    Raises
    ------
    PanelError
        Before runs are planned; for a top m above the smallest run's candidates, and a method that
        an attached run has no ranking by; for a marker that is no candidate, one that is always
        on, one to leave out that must be kept, one decided twice, and more taken by hand than the
        final run has slots.
    PlanChangedError
        When somebody else changed the plan meanwhile.
    """
    made, words = plan, []
    if rule is not None:
        made = ruled(store, plan, rule)
        words.append(rule_words(made))
    keys = [marker_key(marker) for marker, _ in hands]
    for marker, decision in hands:
        if keys.count(marker_key(marker)) > 1:
            message = f"{marker!r} is decided twice; take it, leave it out, or leave it to the rule"
            raise PanelError(message)
        made, said = by_hand(made, marker, decision)
        words.append(said)
    check_room(made)
    made, opened = reopened(made, plan)
    change = Change(who=who, step=MERGE, what=" ".join(words), dropped=opened)
    return moved(store, made, change)


def finish_merge(
    store: Store, plan: StagedPlan, *, who: str, by_itself: bool = False
) -> StagedPlan:
    """Return the plan with the final run's markers fixed, saved.

    ``by_itself``: by a rehearsal, not by a person.

    Raises PanelError as `merged` and where nothing but what is always on goes on, PlanChangedError
    when somebody else changed the plan meanwhile.
    """
    need_step(plan, MERGE, "Fixing the final run")
    union, before = merged(store, plan), final_run(plan)
    if not set(union.taken) & set(union.order):
        message = (
            "the rule takes no candidate into the final run; go by the top m, take some by hand, "
            "or rank the runs again with decoys and more folds"
        )
        raise PanelError(message)
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
    change = Change(who=who, step=MERGE, what=what, dropped=dropped, by_itself=by_itself)
    return moved(store, made, change)


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
