"""The finished runs of a plan brought together: which candidates go into the final run, and why.

Candidates stand in one order: by their best scaled importance over runs where the runs have one
scale (`finished.on_one_scale`), else by their best rank within a run, then by the mean rank. The
best, not the mean: a marker that works only with a partner shows nothing where the partner is not.

Taken are, first, what is always on, must be kept or was taken by hand. Then by the rule:

* *top m* of a published plan: the first m of each run;
* *top m* of a pair cover: in order until the slots are full, as every marker is in several runs;
* *by verdict*: what a run calls informative against its decoys and none calls interchangeable
  with one already taken.

Where the rule takes more than the final run has slots, the last in the order fall out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pxcore.errors import PanelError
from pxcore.panel.staged.choosing import by_top, by_verdict, ranks_of
from pxcore.panel.staged.finished import FinishedRun, Scaled, on_one_scale
from pxcore.panel.staged.matching import marker_key
from pxcore.types.staged import Candidate, Merged, Override, StagedPlan, StagedRun
from pxcore.types.staged_views import Merge

__all__ = ["Merge", "merge", "with_final_run"]


def merge(plan: StagedPlan, finished: Sequence[FinishedRun]) -> Merge:
    """Return which candidates go into the final run, each with its reason.

    Raises
    ------
    PanelError
        When a planned run has no finished ranking, an override names no candidate or leaves out
        what is always on or must be kept, or what is forced is more than the final run's slots.
    """
    dealt_runs = {run.number for run in plan.runs if not run.final}
    finished = [run for run in finished if run.number in dealt_runs]
    _check(plan, finished)
    bridges = [candidate.marker for candidate in plan.candidates if candidate.bridge]
    scaled = on_one_scale(finished, bridges)
    dealt = [candidate.marker for candidate in plan.candidates if not candidate.always_on]
    ranks = {m: ranks_of(m, finished, dealt) for m in dealt}
    order = sorted(dealt, key=lambda m: _worth(m, scaled, ranks))
    overrides = {marker_key(name): what for name, what in plan.overrides}
    said: dict[str, tuple[bool, str]] = {}
    for candidate in plan.candidates:
        taken, reason = _forced(candidate, overrides.get(marker_key(candidate.marker)))
        if reason:
            said[candidate.marker] = (taken, reason)
    free = plan.instrument.stain_slots - sum(taken for taken, _ in said.values())
    _check_room(free, plan, [m for m, (taken, _) in said.items() if taken])
    by_rule = by_verdict if plan.by_verdict else by_top
    chosen = by_rule(plan, finished, order, said)
    taken_by_rule = [m for m in order if m not in said and chosen[m][0]]
    fell_out = taken_by_rule[free:]
    for marker in order:
        rule_takes, why = chosen[marker]
        if marker in said:
            hand, reason = said[marker]
            if marker_key(marker) in overrides:
                verb = "take it" if rule_takes else "leave it out"
                said[marker] = (hand, f"{reason}; the rule would {verb}: {why}")
        elif marker in fell_out:
            said[marker] = (False, _no_slot(why, plan, len(taken_by_rule), free))
        else:
            said[marker] = (rule_takes, why)
    return Merge(
        candidates=tuple(
            Merged(
                marker=candidate.marker,
                taken=said[candidate.marker][0],
                reason=_sentence(said[candidate.marker][1]),
                overridden=marker_key(candidate.marker) in overrides,
                importance=scaled.values.get(candidate.marker, ()),
                rank=ranks.get(candidate.marker, ()),
            )
            for candidate in plan.candidates
        ),
        order=tuple(order),
        fell_out=tuple(fell_out),
        notes=(
            *_notes(scaled, fell_out, plan, len(taken_by_rule), free),
            *_parted(finished, [marker for marker, (taken, _) in said.items() if taken]),
        ),
    )


def with_final_run(runs: Sequence[StagedRun], merged: Merge) -> tuple[StagedRun, ...]:
    """Return the runs, the final one with the union's markers and without what was attached."""
    return tuple(
        replace(run, markers=merged.taken, dataset_id="", run_id="", matched=(), places=())
        if run.final and run.markers != merged.taken
        else run
        for run in runs
    )


def _check(plan: StagedPlan, finished: Sequence[FinishedRun]) -> None:
    numbers = [run.number for run in finished]
    open_runs = [str(r.number) for r in plan.runs if not r.final and r.number not in numbers]
    if open_runs or not finished:
        message = (
            f"run {', '.join(open_runs) or '1'} has no finished ranking; attach a finished run to "
            "every planned measurement before merging"
        )
        raise PanelError(message)
    known = {marker_key(candidate.marker): candidate for candidate in plan.candidates}
    for name, what in plan.overrides:
        candidate = known.get(marker_key(name))
        if candidate is None:
            names = ", ".join(c.marker for c in plan.candidates)
            message = f"override of {name!r}: it is no candidate; there is {names}"
            raise PanelError(message)
        if what is Override.LEAVE and (candidate.always_on or candidate.must_keep):
            rule = "is always on" if candidate.always_on else "must be kept"
            message = (
                f"{candidate.marker!r} cannot be left out: it {rule}; take that mark from the "
                "candidate first"
            )
            raise PanelError(message)


def _check_room(free: int, plan: StagedPlan, forced: Sequence[str]) -> None:
    if free < 0:
        message = (
            f"{len(forced)} markers are always on, must be kept or were taken by hand "
            f"({', '.join(forced)}), but the final run has {plan.instrument.stain_slots} slots; "
            f"undo {-free} of these choices"
        )
        raise PanelError(message)


def _worth(
    marker: str, scaled: Scaled, ranks: dict[str, tuple[tuple[int, int], ...]]
) -> tuple[float, float]:
    """Return what candidates are ordered by, the strongest smallest."""
    places = [rank for _, rank in ranks[marker]]
    if not places:
        return (float("inf"), float("inf"))
    mean = sum(places) / len(places)
    if scaled.values:
        return (-max(value for _, value, _, _ in scaled.values[marker]), mean)
    return (min(places), mean)


def _forced(candidate: Candidate, override: Override | None) -> tuple[bool, str]:
    """Return what is settled before the rule, with the reason; an empty reason where nothing is."""
    if candidate.always_on:
        what = "a bridge marker, always on" if candidate.bridge else "always on"
        return True, what
    if override is not None:
        return override is Override.TAKE, (
            "taken by hand" if override is Override.TAKE else "left out by hand"
        )
    return candidate.must_keep, "must be kept" if candidate.must_keep else ""


def _no_slot(why: str, plan: StagedPlan, wanted: int, free: int) -> str:
    slots = plan.instrument.stain_slots
    return (
        f"{why}; falls out, because the rule takes {wanted} and {free} of the {slots} slots of the "
        "final run are left for them, which stronger ones fill"
    )


def _notes(
    scaled: Scaled, fell_out: Sequence[str], plan: StagedPlan, wanted: int, free: int
) -> tuple[str, ...]:
    notes = [scaled.note]
    if fell_out:
        how = "least scaled importance" if scaled.values else "lowest best rank"
        notes.append(
            f"The rule takes {wanted} candidates, but {free} of the {plan.instrument.stain_slots} "
            f"slots are left for them: {', '.join(fell_out)} fall out, those with the {how}."
        )
    return tuple(notes)


def _parted(finished: Sequence[FinishedRun], taken: Sequence[str]) -> tuple[str, ...]:
    """Return a warning for every pair that works only together and of which one is left out."""
    pairs = dict.fromkeys(tuple(sorted(p)) for run in finished for p in run.only_together)
    return tuple(
        f"{first} and {second} work only together, but only one of them goes into the final run."
        for first, second in pairs
        if (first in taken) != (second in taken)
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
