"""Rehearsal: the whole plan on one data set that has every marker, and all markers beside it.

Each planned run is a run of its own that sees only its channels; one more sees all of them. As
they finish they are attached and merged, the final run is started with the question which of its
markers are enough, and at last the plan's panel and that of all markers are trained again side by
side. Everything goes by runs that anybody may look at, and what was done once is never done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pxcore.errors import PanelError, PlanChangedError
from pxcore.panel.constraints import stain_free
from pxcore.people.rights import require_member, signed
from pxcore.runs import datasets, drafts, followups, ledger
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.result import result
from pxcore.runs.staged import shelf
from pxcore.runs.staged.attached import on, set_run
from pxcore.runs.staged.merging import finish_merge
from pxcore.runs.staged.outcome import Finding, final_panel
from pxcore.runs.staged.rehearsal_answer import ALL, COMPARE, both_panels, marker_places
from pxcore.runs.staged.rehearsal_specs import (
    stage_channels,
    stage_spec,
    with_question,
)
from pxcore.runs.staged.steps import (
    FINAL,
    MEASURE,
    MERGE,
    RESULT,
    Change,
    bare,
    dealt_runs,
    final_run,
    moved,
    need_step,
)
from pxcore.store.home import Store
from pxcore.types import RunState
from pxcore.types.panel import Members, PanelQuestion
from pxcore.types.people import HOST
from pxcore.types.staged import StagedPlan

__all__ = ["MARGIN", "advance", "rehearse", "stop"]

MARGIN = 0.02
"""F1-macro that a final panel may lose, where nobody says otherwise."""


def rehearse(
    store: Store, plan: StagedPlan, dataset_id: str, *, who: str, preset: str, method: str
) -> StagedPlan:
    """Return the plan with a rehearsal under way, saved: every run of step 3 is queued.

    Called again it queues what failed before. Real measurements must not be attached.

    Raises
    ------
    PanelError
        Before a plan is chosen, where real measurements are attached, and for a data set that
        lacks a candidate.
    DatasetError, RunError, MethodError
        For a data set, preset or method that cannot be used.
    PlanChangedError
        When somebody else changed the plan meanwhile.
    """
    need_step(plan, MEASURE, "A rehearsal")
    shelf.check_newest(store, plan)  # before anything is queued
    if not plan.rehearsal and any(run.dataset_id for run in plan.runs):
        message = (
            "real measurements are attached to this plan; detach them, or rehearse a plan of its "
            "own with the same candidates"
        )
        raise PanelError(message)
    dataset = datasets.one(store, dataset_id)
    places = marker_places(plan, dataset)
    made = replace(
        plan,
        runs=tuple(bare(run) for run in plan.runs),
        method=method,
        rehearsal=dataset_id,
        rehearsal_preset=preset,
        rehearsal_runs=(),
        step=MEASURE,
    )
    wanted = {str(run.number): run.markers for run in dealt_runs(made)} | {ALL: tuple(places)}
    specs = {name: stage_spec(store, made, name, markers, who) for name, markers in wanted.items()}
    queued = {name: followups.submit_once(store, spec) for name, spec in specs.items()}
    runs = tuple(run if run.final else on(run, dataset) for run in made.runs)
    made = replace(made, runs=runs, rehearsal_runs=tuple(queued.items()))
    what = (
        f"Rehearsal on data set {dataset.title!r} (preset {preset}, ranked by {method}): "
        f"{len(queued) - 1} runs with their own markers, one with all."
    )
    return moved(store, made, Change(who=who, step=MEASURE, what=what))


def stop(store: Store, plan: StagedPlan, *, who: str) -> StagedPlan:
    """Return the plan without its rehearsal, ready for real measurements, saved.

    Raises PanelError where nothing is rehearsed, PlanChangedError as `rehearse`.
    """
    _need_rehearsal(plan)
    runs = tuple(bare(run) for run in plan.runs)
    made = replace(
        plan, runs=runs, rehearsal="", rehearsal_preset="", rehearsal_runs=(), step=MEASURE
    )
    what = "The rehearsal was stopped; its runs stay in the list of runs."
    return moved(store, made, Change(who=who, step=MEASURE, what=what))


def advance(
    store: Store, plan: StagedPlan, finding: Finding, *, who: str, margin: float = MARGIN
) -> StagedPlan:
    """Return the plan with all that has finished attached, merged and followed up, saved.

    Nothing is saved where nothing has finished. Where somebody else was faster, the plan comes
    back as they saved it. ``margin``: F1 that the panel to be compared may lose.

    What follows by itself is the plan's owner's, whoever looked at the plan just then.

    Raises PanelError where nothing is rehearsed, AccessError for a reader.
    """
    require_member(store, "Going on with a rehearsal")
    _need_rehearsal(plan)
    who = plan.owner or signed(store, who)
    acting = store.seen_by(HOST)  # signs with that name
    try:
        shelf.check_newest(store, plan)
        plan = _attached(acting, plan, who)
        if plan.step == MERGE:
            plan = finish_merge(acting, plan, who=who, by_itself=True)
        if plan.step == FINAL:
            plan = _final_attached(acting, plan, who)
        if plan.step == RESULT:
            plan = _compared(acting, plan, finding, who, margin)
    except PlanChangedError:
        return shelf.one(store, plan.id)
    return plan


def _attached(store: Store, plan: StagedPlan, who: str) -> StagedPlan:
    """Return the plan with the rankings of dealt runs that have finished since, saved if any."""
    queued = dict(plan.rehearsal_runs)
    ready = [
        run
        for run in dealt_runs(plan)
        if not run.run_id and _finished(store, queued.get(str(run.number), ""))
    ]
    if not ready:
        return plan
    made = plan
    for run in ready:
        made, _ = set_run(made, replace(run, run_id=queued[str(run.number)]))
    numbers = ", ".join(str(run.number) for run in ready)
    what = f"Rehearsal: the ranking of run {numbers} is finished and attached."
    return moved(store, made, Change(who=who, step=MEASURE, what=what, by_itself=True))


def _final_attached(store: Store, plan: StagedPlan, who: str) -> StagedPlan:
    """Return the plan with its final run queued, or attached once it has finished."""
    last = final_run(plan)
    if last is None or last.run_id:
        return plan
    name, dataset = str(last.number), datasets.one(store, plan.rehearsal)
    run_id = dict(plan.rehearsal_runs).get(name, "")
    if not run_id or _channels(store, run_id) != stage_channels(plan, dataset, last.markers):
        spec = stage_spec(store, plan, name, last.markers, who)
        asked = with_question(plan, spec, marker_places(plan, dataset))
        run_id = followups.submit_once(store, drafts.frozen_spec(store, asked))
        what = "Rehearsal: the final run is queued, with the question which markers are enough."
        made = _queued(plan, name, run_id)
        plan = moved(store, made, Change(who=who, step=FINAL, what=what, by_itself=True))
    if not _finished(store, run_id):
        return plan
    made, _ = set_run(plan, replace(on(last, dataset), run_id=run_id))
    what = "Rehearsal: the final run is finished and attached."
    return moved(store, made, Change(who=who, step=FINAL, what=what, by_itself=True))


def _compared(
    store: Store, plan: StagedPlan, finding: Finding, who: str, margin: float
) -> StagedPlan:
    """Return the plan with the comparison of both panels queued, once all markers are ranked.

    Again where the panels are others than those compared: by a newer answer, another margin. What
    was compared stays compared, so that two people with two margins do not undo each other.
    """
    queued = dict(plan.rehearsal_runs)
    if not _finished(store, queued.get(ALL, "")):
        return plan
    panel = final_panel(store, plan, finding, margin).markers
    told = result(store, queued[ALL])
    spec, wanted = told.spec, both_panels(store, plan, panel, told)
    before = ledger.record(store, queued[COMPARE]).spec.question if COMPARE in queued else None
    done = () if before is None else before.ticked
    if set(wanted) <= set(done):
        return plan
    free = tuple(c for c in stain_free(spec.panel) if c in panel_tasks.everything(spec))
    ticked = tuple(dict.fromkeys((*done, *wanted)))
    asked = PanelQuestion(always=free, search=False, ticked=ticked)
    title = f"{plan.title}, rehearsal: both panels"
    run_id = followups.submit_once(
        store, drafts.frozen_spec(store, replace(spec, question=asked, title=title, owner=who))
    )
    again = " again, as they are others now" if done else ""
    what = f"Rehearsal: the plan's panel and that of all markers are trained side by side{again}."
    made = _queued(plan, COMPARE, run_id)
    return moved(store, made, Change(who=who, step=RESULT, what=what, by_itself=True))


def _queued(plan: StagedPlan, name: str, run_id: str) -> StagedPlan:
    """Return the plan with the id of a queued run; a new final run makes a new comparison."""
    kept: Mapping[str, str] = {
        old: one for old, one in plan.rehearsal_runs if name == COMPARE or old != COMPARE
    }
    return replace(plan, rehearsal_runs=tuple({**kept, name: run_id}.items()))


def _channels(store: Store, run_id: str) -> Members:
    return panel_tasks.everything(ledger.record(store, run_id).spec)


def _finished(store: Store, run_id: str) -> bool:
    return bool(run_id) and ledger.record(store, run_id).state is RunState.FINISHED


def _need_rehearsal(plan: StagedPlan) -> None:
    if not plan.rehearsal:
        message = f"plan {plan.title!r} is not being rehearsed; start a rehearsal first"
        raise PanelError(message)
