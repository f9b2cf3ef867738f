"""What of a staged plan still holds when its runs are dealt anew, and what is dropped.

A run keeps its data set and ranking where its markers are the same as before. The final run keeps
its markers while they can still come out of the merge; the merge itself is open again as soon as
anything that decides it has changed.
"""

from __future__ import annotations

from dataclasses import replace

from pxcore.panel.staged.matching import marker_key
from pxcore.runs.staged.steps import MEASURE, MERGE, PLAN, bare, dealt_runs, final_run, named
from pxcore.types.staged import Override, StagedPlan, StagedRun

__all__ = ["carried", "reopened"]

_Carried = tuple[StagedPlan, tuple[str, ...]]


def carried(made: StagedPlan, before: StagedPlan) -> _Carried:
    """Return the plan with what still holds of ``before``, and what was dropped, in sentences."""
    made, told = _without_lost_overrides(made)
    if before.rehearsal and _dealt_keys(made) != _dealt_keys(before):
        cleared = tuple(bare(run) for run in before.runs)
        before = replace(before, runs=cleared)
        made = replace(made, rehearsal="", rehearsal_preset="", rehearsal_runs=())
        told.append(
            "The rehearsal was left, as its runs changed; rehearse again: what is done is reused."
        )
    runs, lost = _kept_runs(made, before)
    told += lost
    made, note = reopened(replace(made, runs=runs), before)
    return made, (*told, *note)


def reopened(made: StagedPlan, before: StagedPlan) -> _Carried:
    """Return the plan at the step that it is at: its merge is open where what decides it changed.

    The second value says what that means for the final run, in sentences.
    """
    if made.runs and decides(made) == decides(before):
        last = final_run(before)
        kept = tuple(last if run.final and last else run for run in made.runs)
        return replace(made, runs=kept, step=before.step), ()
    made, note = _open_final(made, before)
    return replace(made, step=open_step(made)), note


def decides(plan: StagedPlan) -> tuple[object, ...]:
    """Return all of a plan that the merge follows from, rankings by their runs' ids."""
    return (
        plan.kind,
        plan.top,
        plan.method,
        plan.by_verdict,
        plan.overrides,
        plan.instrument.stain_slots,
        tuple((c.marker, c.always_on, c.bridge, c.must_keep) for c in plan.candidates),
        tuple((run.markers, run.run_id) for run in dealt_runs(plan)),
    )


def open_step(plan: StagedPlan) -> int:
    """Return the step of a plan whose merge is open: by what is planned and attached."""
    if not plan.runs:
        return PLAN
    return MERGE if all(run.run_id for run in dealt_runs(plan)) else MEASURE


def _dealt_keys(plan: StagedPlan) -> list[frozenset[str]]:
    return [_keys(run) for run in dealt_runs(plan)]


def _keys(run: StagedRun) -> frozenset[str]:
    return frozenset(marker_key(marker) for marker in run.markers)


def _without_lost_overrides(made: StagedPlan) -> tuple[StagedPlan, list[str]]:
    """Return the plan without decisions by hand on what is gone or may not be left out."""
    known = {marker_key(one.marker): one for one in made.candidates}
    kept, told = [], []
    for marker, what in made.overrides:
        candidate = known.get(marker_key(marker))
        verb = "taken" if what is Override.TAKE else "left out"
        if candidate is None:
            told.append(f"{marker} is no candidate any more; that it was {verb} by hand is gone.")
        elif what is Override.LEAVE and (candidate.always_on or candidate.must_keep):
            told.append(f"{marker} is now always on or must be kept, so it is no longer left out.")
        else:
            kept.append((candidate.marker, what))
    return replace(made, overrides=tuple(kept)), told


def _kept_runs(made: StagedPlan, before: StagedPlan) -> tuple[tuple[StagedRun, ...], list[str]]:
    """Return the dealt runs with what was attached to the same markers, and what got lost."""
    old = {_keys(run): run for run in dealt_runs(before) if run.dataset_id}
    runs = tuple(
        run if run.final else _taken_over(run, old.pop(_keys(run), None)) for run in made.runs
    )
    told = [
        f"{named(run)} changed its markers, so its data set"
        f"{' and its ranking were' if run.run_id else ' was'} detached."
        for run in old.values()
    ]
    return runs, told


def _taken_over(run: StagedRun, old: StagedRun | None) -> StagedRun:
    if old is None:
        return run
    shown = zip(old.matched, old.places, strict=True)
    channel = {marker_key(marker): (name, place) for (marker, name), place in shown}
    found = [(marker, *channel[marker_key(marker)]) for marker in run.markers]
    return replace(
        run,
        dataset_id=old.dataset_id,
        run_id=old.run_id,
        matched=tuple((marker, name) for marker, name, _ in found),
        places=tuple(place for _, _, place in found),
    )


def _open_final(made: StagedPlan, before: StagedPlan) -> _Carried:
    """Return the plan with its final run open again; what is attached waits for the merge."""
    last, planned = final_run(before), final_run(made)
    if last is None or not (before.step > MERGE or last.dataset_id):
        return made, ()
    there = {one.marker for one in made.candidates}
    can_come = (
        planned is not None
        and set(planned.markers) <= set(last.markers) <= there
        and len(last.markers) <= made.instrument.stain_slots
    )
    if can_come and planned is not None:
        waits = replace(last, number=planned.number)
        made = replace(made, runs=tuple(waits if run.final else run for run in made.runs))
        if not last.dataset_id:
            return made, ("The final run is open again: merge anew.",)
        note = "The final run is open again; it keeps its data set if the same markers come out."
        return made, (note,)
    what = "its data set was detached" if last.dataset_id else "its markers are to be merged anew"
    return made, (f"The final run is open again; {what}.",)
