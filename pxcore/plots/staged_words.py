"""What the staged-panel wizard says on top of each step: one sentence, from the plan."""

from __future__ import annotations

from collections.abc import Sequence

from pxcore.panel.staged.candidates import check_candidates
from pxcore.panel.staged.instruments import channel_numbers
from pxcore.panel.staged.matching import marker_key, match_markers
from pxcore.panel.staged.plans import default_top
from pxcore.plots.numbers import bounds, count, score, shortened
from pxcore.plots.text import one_line
from pxcore.types import Dataset
from pxcore.types.staged import Candidate, Instrument, PlanKind, StagedPlan, StagedRun
from pxcore.types.staged_views import MarkerMatch, Merge, Offer, PlanLoss

__all__ = [
    "KINDS",
    "added",
    "candidates_said",
    "channel_numbers",
    "check_candidates",
    "default_top",
    "final_said",
    "fits",
    "loss_words",
    "match_said",
    "measured_said",
    "merge_said",
    "most_top",
    "offers_said",
    "whole_match",
]

KINDS = {PlanKind.PUBLISHED: "Published plan", PlanKind.PAIR_COVER: "Pair cover"}
"""Kinds of plan, as people read them."""
_THE = {PlanKind.PUBLISHED: "the published plan", PlanKind.PAIR_COVER: "pair cover"}


def candidates_said(candidates: Sequence[Candidate], instrument: Instrument) -> str:
    """Return what the candidates need of the instrument.

    Raises PanelError for candidates that cannot be planned (`check_candidates`).
    """
    if not candidates:
        return "Name the markers you could stain; the instrument's slots say how many runs it takes"
    free = check_candidates(candidates, instrument)
    dealt = sum(not candidate.always_on for candidate in candidates)
    runs = -(-dealt // free)
    beside = len(candidates) - dealt
    on = f" beside {beside} that {'is' if beside == 1 else 'are'} always on" if beside else ""
    if runs == 1:
        return (
            f"{count(dealt, 'candidate')}{on} fit into one run of {count(free, 'free slot')}: "
            "a plain run shows them together"
        )
    return (
        f"{count(dealt, 'candidate')}{on} do not fit into {count(free, 'free slot')}: they are "
        f"measured in at least {count(runs, 'run')} before a final one"
    )


def offers_said(offers: Sequence[Offer], losses: Sequence[PlanLoss]) -> str:
    """Return how the two plans differ, and never more than the intervals allow."""
    there = {one.kind: one.figures for one in offers if one.figures is not None}
    told = [
        f"{_THE[kind]} shows {there[kind].share:.0%} of the pairs in "
        f"{count(there[kind].runs, 'run')}"
        for kind in (PlanKind.PAIR_COVER, PlanKind.PUBLISHED)
        if kind in there
    ]
    if not told:
        return "No plan is possible with these candidates on this instrument"
    return one_line(f"{', '.join(told)}{_expected(losses)}", 400)


def _expected(losses: Sequence[PlanLoss]) -> str:
    by_way = {one.way: one for one in losses}
    few, many = by_way.get("published"), by_way.get("pair_cover")
    if few is None or many is None:
        return ""
    if few.loss_low > many.loss_high:
        own = "shows no loss" if many.loss_low <= 0 else f"loses {loss_words(many)}"
        return f"; simulated, pair cover {own}, the published plan loses {loss_words(few)} accuracy"
    return "; simulated, their losses cannot be told apart"


def loss_words(one: PlanLoss) -> str:
    """Return ``0.042 (0.039 to 0.045)``, or that none was shown where the interval covers 0."""
    if one.way == "all":
        return "0, by definition"
    interval = bounds(one.loss_low, one.loss_high)
    return f"no loss shown {interval}" if one.loss_low <= 0 else f"{score(one.loss)} {interval}"


def most_top(candidates: Sequence[Candidate], instrument: Instrument) -> int:
    """Return the largest m that is possible: the candidates of the smallest run, at least 1."""
    free = check_candidates(candidates, instrument)
    dealt = sum(not candidate.always_on for candidate in candidates)
    return max(1, dealt // max(1, -(-dealt // free)))


def measured_said(plan: StagedPlan) -> str:
    """Return how many of the dealt runs have a ranking, and which is next."""
    dealt = [run for run in plan.runs if not run.final]
    waiting = [run for run in dealt if not run.run_id]
    if not waiting:
        return f"All {count(len(dealt), 'run')} have a ranking: they can be merged"
    done = f"{len(dealt) - len(waiting)} of {count(len(dealt), 'run')}"
    if plan.rehearsal:
        return f"Rehearsal: {done} have a ranking; the others follow by themselves"
    first = waiting[0]
    names = shortened([one_line(marker, 30) for marker in first.markers], 4)
    does = "its ranking is missing" if first.dataset_id else f"measure {names}"
    return f"{done} have a ranking; next is run {first.number}: {does}"


def merge_said(plan: StagedPlan, merged: Merge) -> str:
    """Return who goes into the final run."""
    dealt = [m for m in merged.candidates if m.marker in merged.order]
    taken = [one_line(m.marker, 30) for m in dealt if m.taken]
    by_hand = sum(m.overridden for m in merged.candidates)
    hand = f"; {by_hand} decided by hand" if by_hand else ""
    on = sum(candidate.always_on for candidate in plan.candidates)
    beside = f", beside {on} always on" if on else ""
    if not taken:
        return f"None of {count(len(dealt), 'candidate')} goes into the final run{beside}{hand}"
    goes = "goes" if len(taken) == 1 else "go"
    return (
        f"{len(taken)} of {count(len(dealt), 'candidate')} {goes} into the final run"
        f"{beside}: {shortened(taken, 10)}{hand}"
    )


def final_said(run: StagedRun, *, rehearsed: bool = False) -> str:
    """Return what is left to do with the final run."""
    names = shortened([one_line(marker, 30) for marker in run.markers], 10)
    if run.run_id:
        return f"The final run of {names} has its ranking: the result is there"
    if rehearsed:
        return f"Rehearsal: {names} meet in the final run, which follows by itself"
    if run.dataset_id:
        return f"The final run is measured; rank its {count(len(run.markers), 'marker')} next"
    return f"Measure {names} together, then rank them: this run decides"


def match_said(match: MarkerMatch) -> str:
    """Return in words what of a planned run a data set shows."""
    if match.problem:
        return match.problem
    planned = len(match.pairs) + len(match.missing)
    told = [f"{len(match.pairs)} of {count(planned, 'planned marker')} found"]
    if match.missing:
        told.append(f"missing: {shortened([one_line(m, 30) for m in match.missing], 8)}")
    if match.extra:
        told.append(f"not planned: {shortened([one_line(m, 30) for m in match.extra], 8)}")
    renamed = [(a, b) for a, b in match.pairs if a != b]
    if renamed:
        pairs = [f"{one_line(a, 30)} as channel {one_line(b, 30)}" for a, b in renamed]
        told.append(f"read {shortened(pairs, 6)}")
    return "; ".join(told)


def added(
    there: Sequence[Candidate], more: Sequence[Candidate]
) -> tuple[tuple[Candidate, ...], str]:
    """Return the candidates with those of ``more`` that are new, and what came of it in words.

    A marker that is there already (as spelled in `marker_key`) stays as it is.
    """
    known = {marker_key(candidate.marker) for candidate in there}
    new = [one for one in more if marker_key(one.marker) not in known]
    old = [one_line(one.marker, 30) for one in more if marker_key(one.marker) in known]
    told = f"{count(len(new), 'marker')} added"
    if old:
        were = "was" if len(old) == 1 else "were"
        told += f"; {shortened(old, 6)} {were} there already and stayed"
    return (*there, *new), told


def fits(match: MarkerMatch) -> bool:
    """Return True where a data set shows every planned marker."""
    return not match.problem and not match.missing


def whole_match(plan: StagedPlan, dataset: Dataset) -> MarkerMatch:
    """Return which of all candidates a data set shows, as a rehearsal needs them."""
    return match_markers([one.marker for one in plan.candidates], dataset.panel)
