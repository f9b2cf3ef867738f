"""The finished runs of a plan brought together: which candidates go into the final run, and why.

Candidates stand in one order: by their best scaled importance over runs, made fair to those in
fewer runs (`looks`), where the runs have one scale (`finished.on_one_scale`); else by their best
rank within a run, then by the mean rank. The best, not the mean: a marker that works only with a
partner shows nothing where the partner is not.

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
from pxcore.evaluation.numbers import count
from pxcore.panel.staged.choosing import by_top, by_verdict, ranks_of
from pxcore.panel.staged.finished import FinishedRun, Scaled, on_one_scale
from pxcore.panel.staged.looks import worth_of_looks
from pxcore.panel.staged.matching import marker_key
from pxcore.panel.staged.merge_notes import looks_notes, parted_notes, verdict_notes
from pxcore.types.staged import Candidate, Merged, Override, StagedPlan, StagedRun
from pxcore.types.staged_views import Merge

__all__ = ["Merge", "check_room", "merge", "with_final_run"]

Said = dict[str, tuple[bool, str]]
"""By marker: whether it is taken, and why."""
Ranks = dict[str, tuple[tuple[int, int], ...]]
"""By marker: (run number, rank among the run's candidates)."""


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
    order = _ordered(dealt, scaled, ranks)
    settled = _settled(plan)
    free = check_room(plan)
    chosen = (by_verdict if plan.by_verdict else by_top)(plan, finished, order, settled)
    wanted = [m for m in order if m not in settled and chosen[m][0]]
    said = _said(plan, settled, chosen, wanted[free:])
    taken = [marker for marker, (is_in, _) in said.items() if is_in]
    return Merge(
        candidates=tuple(
            Merged(
                marker=candidate.marker,
                taken=said[candidate.marker][0],
                reason=_sentence(said[candidate.marker][1]),
                overridden=marker_key(candidate.marker) in _by_hand(plan),
                importance=scaled.values.get(candidate.marker, ()),
                rank=ranks.get(candidate.marker, ()),
            )
            for candidate in plan.candidates
        ),
        order=order,
        fell_out=tuple(wanted[free:]),
        notes=(
            scaled.note,
            *looks_notes(ranks, scaled=bool(scaled.values)),
            *(verdict_notes(finished, wanted) if plan.by_verdict else ()),
            *_crowded(plan, wanted, free, scaled=bool(scaled.values)),
            *parted_notes(finished, taken),
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


def check_room(plan: StagedPlan) -> int:
    """Return the final run's slots that no always-on, must-keep or hand-picked marker fills.

    Raises PanelError where these markers are more than the slots.
    """
    forced = [marker for marker, (taken, _) in _settled(plan).items() if taken]
    slots = plan.instrument.stain_slots
    if len(forced) > slots:
        message = (
            f"{len(forced)} markers are always on, must be kept or were taken by hand "
            f"({', '.join(forced)}), but the final run has {count(slots, 'slot')}; undo "
            f"{len(forced) - slots} of these choices first"
        )
        raise PanelError(message)
    return slots - len(forced)


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


def _ordered(dealt: Sequence[str], scaled: Scaled, ranks: Ranks) -> tuple[str, ...]:
    """Return the candidates in the order in which they are preferred, the strongest first."""
    places = {marker: [rank for _, rank in ranks[marker]] for marker in dealt}
    looks = {m: [mean for _, mean, _, _ in scaled.values.get(m, ())] for m in dealt}
    worth = worth_of_looks(looks)

    def key(marker: str) -> tuple[float, float]:
        own = places[marker]
        if not own:
            return (float("inf"), float("inf"))
        return (-worth[marker] if scaled.values else min(own), sum(own) / len(own))

    return tuple(sorted(dealt, key=key))


def _by_hand(plan: StagedPlan) -> dict[str, Override]:
    return {marker_key(name): what for name, what in plan.overrides}


def _settled(plan: StagedPlan) -> Said:
    """Return what is taken or left before the rule, with the reason, in the plan's order."""
    hands = _by_hand(plan)
    found = {c.marker: _forced(c, hands.get(marker_key(c.marker))) for c in plan.candidates}
    return {marker: (taken, reason) for marker, (taken, reason) in found.items() if reason}


def _said(plan: StagedPlan, settled: Said, chosen: Said, fell_out: Sequence[str]) -> Said:
    """Return, by marker, whether it goes on at last, and why.

    ``chosen``: what the rule says of each; ``fell_out``: those of them without a slot.
    """
    hands, said = _by_hand(plan), dict(settled)
    wanted = sum(taken for marker, (taken, _) in chosen.items() if marker not in settled)
    for marker, (rule_takes, why) in chosen.items():
        if marker in fell_out:
            said[marker] = (False, _no_slot(why, plan, wanted, wanted - len(fell_out)))
        elif marker not in settled:
            said[marker] = (rule_takes, why)
        elif marker_key(marker) in hands:
            taken, reason = settled[marker]
            verb = "take it" if rule_takes else "leave it out"
            said[marker] = (taken, f"{reason}; the rule would {verb}: {why}")
    return said


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
        f"{why}; falls out, because the rule takes {wanted} and of the final run's "
        f"{count(slots, 'slot')} only {free} {'is' if free == 1 else 'are'} left for them, which "
        "stronger ones fill"
    )


def _crowded(
    plan: StagedPlan, wanted: Sequence[str], free: int, *, scaled: bool
) -> tuple[str, ...]:
    """Return which of the rule's candidates have no slot, in a sentence; () where all have one."""
    if len(wanted) <= free:
        return ()
    how = "least scaled importance" if scaled else "lowest best rank"
    return (
        f"The rule takes {count(len(wanted), 'candidate')}, but of "
        f"{count(plan.instrument.stain_slots, 'slot')} only {free} {'is' if free == 1 else 'are'} "
        f"left for them: {', '.join(wanted[free:])} fall out, those with the {how}.",
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
