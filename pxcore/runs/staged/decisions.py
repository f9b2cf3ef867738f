"""What a person decides about a merge: its rule, and candidates by hand. Checked, not yet saved."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from pxcore.errors import PanelError
from pxcore.panel.staged.matching import marker_key
from pxcore.panel.staged.plans import planned_runs
from pxcore.runs.staged.attached import check_run
from pxcore.runs.staged.steps import MEASURE, dealt_runs, need_step
from pxcore.store.home import Store
from pxcore.types.staged import Candidate, Override, PlanKind, StagedPlan

__all__ = ["Hands", "MergeRule", "by_hand", "rule_words", "ruled"]

Hands = tuple[tuple[str, Override | None], ...]
"""(marker, what was decided; None leaves it to the rule again)."""


class MergeRule(NamedTuple):
    """Another rule of merging; None keeps what is."""

    top: int | None = None
    by_verdict: bool | None = None
    method: str | None = None


def ruled(store: Store, plan: StagedPlan, rule: MergeRule) -> StagedPlan:
    """Return the plan with another rule of merging.

    Raises PanelError before runs are planned, for a top m above the smallest run's candidates, and
    for a method that an attached run has no ranking by.
    """
    need_step(plan, MEASURE, "Choosing the rule of merging")
    given = {name: value for name, value in rule._asdict().items() if value is not None}
    made = replace(plan, **given)
    if made.top < 1 or made.kind is PlanKind.PUBLISHED:
        planned_runs(PlanKind.PUBLISHED, made.candidates, made.instrument, made.top)
    for run in dealt_runs(made):
        if run.run_id:
            check_run(store, made, run, run.run_id)
    return made


def rule_words(plan: StagedPlan) -> str:
    """Return a plan's rule of merging in a sentence."""
    rule = "by verdict" if plan.by_verdict else f"top {plan.top}"
    if not plan.by_verdict and plan.kind is PlanKind.PAIR_COVER:
        rule = "the strongest over all runs"
    return f"Rule: {rule}, ranked by {plan.method}."


def by_hand(plan: StagedPlan, marker: str, decision: Override | None) -> tuple[StagedPlan, str]:
    """Return the plan with one candidate decided by hand, and that in a sentence.

    Raises PanelError for a marker that is no candidate, one that is always on, and one to leave
    out that must be kept.
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
    hands = others if decision is None else [*others, (candidate.marker, decision)]
    verb = {Override.TAKE: "taken by hand", Override.LEAVE: "left out by hand"}
    said = f"{candidate.marker}: {verb[decision] if decision else 'left to the rule again'}."
    return replace(plan, overrides=tuple(hands)), said


def _candidate(plan: StagedPlan, marker: str) -> Candidate:
    for candidate in plan.candidates:
        if marker_key(candidate.marker) == marker_key(marker):
            return candidate
    names = ", ".join(one.marker for one in plan.candidates)
    message = f"{marker!r} is no candidate of this plan; there is {names}"
    raise PanelError(message)
