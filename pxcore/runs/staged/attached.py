"""Step 3 of a staged plan: data sets and finished runs of its measurements, and the final run's.

Markers are matched to channels by name and never guessed. A ranking is taken only from a finished
run on the attached data set that saw every planned marker and was ranked by the plan's method.
"""

from __future__ import annotations

from dataclasses import replace

from pxcore.errors import PanelError
from pxcore.panel.constraints import stains_of
from pxcore.panel.staged.matching import match_markers
from pxcore.runs import datasets, ledger
from pxcore.runs.method_names import method_name
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.staged.carrying import reopened
from pxcore.runs.staged.steps import (
    FINAL,
    MEASURE,
    RESULT,
    Change,
    bare,
    moved,
    named,
    need_step,
    run_of,
)
from pxcore.store.home import Store
from pxcore.types import Dataset, RunRow, RunState
from pxcore.types.staged import StagedPlan, StagedRun
from pxcore.types.staged_views import MarkerMatch

__all__ = [
    "attach", "check_run", "datasets_for", "detach", "on", "places_of", "runs_for", "set_run",
    "sheet_notes",
]  # fmt: skip


def datasets_for(
    store: Store, plan: StagedPlan, number: int
) -> tuple[tuple[Dataset, MarkerMatch], ...]:
    """Return every data set with what it shows of a planned run, the best match first.

    Raises PanelError for a run that is not planned.
    """
    run = run_of(plan, number)
    found = [(one, _match(run, one)) for one in datasets.all_datasets(store)]
    return tuple(
        sorted(
            found, key=lambda one: (bool(one[1].problem), len(one[1].missing), len(one[1].extra))
        )
    )


def runs_for(store: Store, plan: StagedPlan, number: int) -> tuple[RunRow, ...]:
    """Return the finished runs that could be attached to a planned run, newest first.

    Those on its data set that saw all of its markers and ranked them by the plan's method; none
    while no data set is attached.
    """
    run = run_of(plan, number)
    if not run.dataset_id:
        return ()
    found = []
    for record in ledger.records(store, [RunState.FINISHED]):
        if record.spec.dataset_id == run.dataset_id:
            try:
                check_run(store, plan, run, record.id)
            except PanelError:
                continue
            found.append(record.row)
    return tuple(found)


def attach(
    store: Store, plan: StagedPlan, number: int, dataset_id: str, run_id: str = "", *, who: str
) -> StagedPlan:
    """Return the plan with a data set, and a finished run on it, attached; saved.

    Without ``run_id`` a ranking attached before stays where the data set stays.

    Raises
    ------
    PanelError
        For a run that is not planned, a data set that lacks a planned marker, a run that is not
        finished, is of another data set, lacks a marker, or has no ranking by the plan's method.
    DatasetError, RunError
        For what is not known here.
    PlanChangedError
        When somebody else changed the plan meanwhile.
    """
    run = _open_for(plan, number)
    dataset = datasets.one(store, dataset_id)
    wanted = run_id or (run.run_id if run.dataset_id == dataset_id else "")
    new = replace(on(run, dataset), run_id=wanted)
    notes = check_run(store, plan, new, wanted) if wanted else ()
    if run.run_id and not wanted:
        notes = (f"{named(run)}: the ranking of the data set before was detached.",)
    made, opened = set_run(plan, new)
    ranked = f" and run {wanted}" if wanted else ", no ranking yet"
    what = f"{named(run)}: attached data set {dataset.title!r}{ranked}."
    at = FINAL if run.final else MEASURE
    return moved(store, made, Change(who=who, step=at, what=what, dropped=(*notes, *opened)))


def detach(store: Store, plan: StagedPlan, number: int, *, who: str) -> StagedPlan:
    """Return the plan without what was attached to a planned run, saved.

    Raises PanelError where nothing is attached, PlanChangedError as `attach`.
    """
    run = _open_for(plan, number)
    if not run.dataset_id:
        message = f"nothing is attached to run {number}, so there is nothing to detach"
        raise PanelError(message)
    made, opened = set_run(plan, bare(run))
    what = (
        f"{named(run)}: its data set{' and its ranking were' if run.run_id else ' was'} detached."
    )
    at = FINAL if run.final else MEASURE
    return moved(store, made, Change(who=who, step=at, what=what, dropped=opened))


def on(run: StagedRun, dataset: Dataset) -> StagedRun:
    """Return a run with a data set that has all of its markers; PanelError if not."""
    match = match_markers(run.markers, dataset.panel)
    if match.missing:
        extra = f" and has besides {', '.join(match.extra)}" if match.extra else ""
        message = (
            f"data set {dataset.title!r} lacks {len(match.missing)} of the {len(run.markers)} "
            f"markers planned for run {run.number}: {', '.join(match.missing)}{extra}. Correct "
            "the names in its panel sheet where they are spelled otherwise, attach another data "
            "set, or plan again without them"
        )
        raise PanelError(message)
    places = tuple(dataset.panel.index(channel) for _, channel in match.pairs)
    return replace(run, dataset_id=dataset.id, matched=match.pairs, places=places)


def places_of(run: StagedRun) -> dict[str, int]:
    """Return the position of each marker's channel in the attached data set's panel."""
    return {marker: place for (marker, _), place in zip(run.matched, run.places, strict=True)}


def sheet_notes(store: Store, plan: StagedPlan) -> tuple[str, ...]:
    """Return, in sentences, where a panel sheet now says otherwise than when it was attached."""
    notes = []
    for run in plan.runs:
        if not run.dataset_id:
            continue
        dataset = datasets.one(store, run.dataset_id)
        now = {marker: dataset.panel.index(name) for marker, name in _match(run, dataset).pairs}
        moved_on = [marker for marker, place in places_of(run).items() if now.get(marker) != place]
        if moved_on:
            notes.append(
                f"{named(run)}: the panel sheet of {dataset.title!r} was changed since it was "
                f"attached and now shows {', '.join(moved_on)} elsewhere or not at all; where the "
                "sheet is right, attach the data set and its run again."
            )
    return tuple(notes)


def check_run(store: Store, plan: StagedPlan, run: StagedRun, run_id: str) -> tuple[str, ...]:
    """Return what is to be known of a finished run that is attached, in sentences.

    Raises PanelError, with what to do, for a run that cannot be attached.
    """
    record = ledger.record(store, run_id)
    spec, state = record.spec, record.row.state
    if record.private:
        message = (
            f"run {run_id!r} is private, and a staged plan is everybody's; show the run to the lab "
            "on its page first, or attach another one"
        )
        raise PanelError(message)
    if state is not RunState.FINISHED:
        message = (
            f"run {run_id!r} is {state}, so it has no ranking to attach; wait until it is "
            f"finished (`python -m pxcore show {run_id}`), or attach another one"
        )
        raise PanelError(message)
    if spec.clusters is not None:
        message = (
            f"run {run_id!r} clusters cells and ranks no channels of a classifier; attach a run "
            "that ranks"
        )
        raise PanelError(message)
    if spec.dataset_id != run.dataset_id:
        message = (
            f"run {run_id!r} ranked data set {record.dataset.title!r}, another one than is "
            f"attached to run {run.number}; attach a run on the same cells"
        )
        raise PanelError(message)
    seen = panel_tasks.everything(spec)
    channels = places_of(run)
    lacking = [marker for marker, channel in channels.items() if channel not in seen]
    if lacking:
        message = (
            f"run {run_id!r} was trained without {', '.join(lacking)}, planned for run "
            f"{run.number}; attach a run with all of {', '.join(run.markers)}"
        )
        raise PanelError(message)
    methods = [method_name(method) for method in spec.methods]
    if not run.final and plan.method not in methods:
        message = (
            f"run {run_id!r} has no ranking by {plan.method}, by which this plan is merged; it has "
            f"{', '.join(methods)}: rank by {plan.method}, or merge by another method"
        )
        raise PanelError(message)
    others = [c for c in stains_of(spec.panel, seen) if c not in channels.values()]
    extra = [spec.panel.names[channel] for channel in others]
    if not extra:
        return ()
    verb = "was" if len(extra) == 1 else "were"
    return (
        f"{named(run)}: its ranking also saw {', '.join(extra)}, which {verb} not planned; that "
        "may change how much the others count.",
    )


def set_run(plan: StagedPlan, new: StagedRun) -> tuple[StagedPlan, tuple[str, ...]]:
    """Return the plan with one run replaced, at its step, and what that opened again."""
    runs = tuple(new if run.number == new.number else run for run in plan.runs)
    made = replace(plan, runs=runs)
    if new.final:
        return replace(made, step=RESULT if new.run_id else FINAL), ()
    return reopened(made, plan)


def _open_for(plan: StagedPlan, number: int) -> StagedRun:
    """Return a run that something may be attached to now."""
    run = run_of(plan, number)
    need_step(plan, FINAL if run.final else MEASURE, f"Attaching to run {number}")
    if plan.rehearsal:
        message = (
            "this plan is being rehearsed, its runs are attached by themselves; stop the "
            "rehearsal to attach real measurements"
        )
        raise PanelError(message)
    return run


def _match(run: StagedRun, dataset: Dataset) -> MarkerMatch:
    try:
        return match_markers(run.markers, dataset.panel)
    except PanelError as error:
        return MarkerMatch(pairs=(), missing=run.markers, extra=(), problem=str(error))
