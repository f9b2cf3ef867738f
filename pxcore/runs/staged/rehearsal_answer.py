"""A rehearsed plan beside the answer of measuring every marker at once.

Two panels of one size are trained again on the cells and folds of the run that saw every marker:
the plan's, and that of this run's own ranking. Their difference is paired fold by fold. Both
rankings and both trainings see the same cells, so it tells what the stages lost, not how well the
panels would do on new donors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pxcore.errors import PanelError
from pxcore.panel.constraints import stain_free
from pxcore.panel.noninferiority import paired
from pxcore.panel.said import with_interval
from pxcore.panel.staged.matching import match_markers
from pxcore.runs import datasets, ledger
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.result import result
from pxcore.runs.staged.answers import answering_run, constraints_for
from pxcore.runs.staged.merging import ranking_of
from pxcore.store.home import Store
from pxcore.types import Dataset, RunResult, RunState
from pxcore.types.panel import Members
from pxcore.types.staged import StagedPlan
from pxcore.types.staged_views import AllMarkersAnswer

__all__ = ["ALL", "COMPARE", "all_markers_answer", "both_panels", "marker_places"]

ALL, COMPARE = "all", "compare"
"""Names of a rehearsal's further runs: with every marker, and of the two panels."""


def all_markers_answer(
    store: Store, plan: StagedPlan, panel: tuple[str, ...], margin: float = 0.02
) -> AllMarkersAnswer | None:
    """Return the comparison for the plan's final panel; None while there is none to make.

    ``margin``: F1-macro that an advised panel may lose.

    Raises RunError when the results of the run with every marker have left the store.
    """
    queued = dict(plan.rehearsal_runs)
    if not plan.rehearsal or not _is_finished(store, queued.get(ALL, "")):
        return None
    told = result(store, queued[ALL])
    markers = _best(plan, datasets.one(store, plan.rehearsal), told, panel)
    answer = AllMarkersAnswer(
        dataset_id=plan.rehearsal,
        all_run=queued[ALL],
        markers=markers,
        only_plan=tuple(one for one in panel if one not in markers),
        only_all=tuple(one for one in markers if one not in panel),
        f1_every=told.performance.f1_macro,
        said="The two panels are not compared by training yet.",
    )
    if _is_finished(store, queued.get(COMPARE, "")):
        panels = both_panels(store, plan, panel, told)
        answer = _compared(store, plan, answer, queued[COMPARE], panels)
    return _with_advice(store, plan, answer, told, margin)


def both_panels(
    store: Store, plan: StagedPlan, panel: tuple[str, ...], told: RunResult
) -> tuple[Members, Members]:
    """Return the plan's panel and that of all markers as channels, the stain-free ones with them.

    ``told``: the run that saw every marker.
    """
    dataset = datasets.one(store, plan.rehearsal)
    places, seen = marker_places(plan, dataset), panel_tasks.everything(told.spec)
    free = {channel for channel in stain_free(told.spec.panel) if channel in seen}
    first, second = (
        tuple(sorted(free | {places[marker] for marker in markers}))
        for markers in (panel, _best(plan, dataset, told, panel))
    )
    return first, second


def marker_places(plan: StagedPlan, dataset: Dataset) -> dict[str, int]:
    """Return the position of every candidate's channel; PanelError when one is missing."""
    names = [candidate.marker for candidate in plan.candidates]
    match = match_markers(names, dataset.panel)
    if match.missing:
        message = (
            f"data set {dataset.title!r} cannot rehearse this plan: it lacks "
            f"{', '.join(match.missing)}; choose one with all {len(names)} candidates, or correct "
            "the names in its panel sheet"
        )
        raise PanelError(message)
    return {marker: dataset.panel.index(channel) for marker, channel in match.pairs}


def _best(
    plan: StagedPlan, dataset: Dataset, told: RunResult, panel: tuple[str, ...]
) -> tuple[str, ...]:
    """Return as many markers as the plan's panel has: what is settled, then the best ranked."""
    places = marker_places(plan, dataset)
    mean = ranking_of(told, plan.method, 0).ranking.mean
    worth = {marker: mean[told.source_channels.index(place)] for marker, place in places.items()}
    settled = [one.marker for one in plan.candidates if one.always_on or one.must_keep]
    others = sorted((m for m in worth if m not in settled), key=lambda marker: -worth[marker])
    taken = {*settled, *others[: max(0, len(panel) - len(settled))]}
    return tuple(marker for marker in worth if marker in taken)


def _compared(
    store: Store,
    plan: StagedPlan,
    answer: AllMarkersAnswer,
    run_id: str,
    panels: tuple[Members, Members],
) -> AllMarkersAnswer:
    """Return the answer with both panels' scores; where one was not trained, with what was."""
    from pxcore.runs.panels.result import findings  # noqa: PLC0415 - with scipy

    found = findings(store, run_id)
    evidence = found.evidence
    scores = {trial.members: trial.f1_macro for trial in evidence.trials}
    if panels[0] not in scores or panels[1] not in scores:
        places = marker_places(plan, datasets.one(store, plan.rehearsal))
        ticked = () if found.spec.question is None else found.spec.question.ticked
        trained = " and ".join(_marker_names(places, members) for members in ticked)
        said = (
            f"{answer.said} Compared were {trained}; the plan's panel now is "
            f"{_marker_names(places, panels[0])}, of all markers {_marker_names(places, panels[1])}"
            " would be taken."
        )
        return replace(answer, said=said)
    plans, alls = (scores[members] for members in panels)
    lost = paired(alls, plans, evidence.sizes)
    said = (
        f"Measured in stages the plan ends at F1 {with_interval(plans)}; the best as many markers "
        f"of measuring all at once reach {with_interval(alls)}. "
    )
    if panels[0] == panels[1]:
        said += "Both panels are the same: the stages lost nothing."
    else:
        said += f"Lost by the stages: {with_interval(lost)}."
    return replace(answer, f1_plan=plans, f1_markers=alls, lost=lost, said=said)


def _marker_names(places: Mapping[str, int], members: Members) -> str:
    names = [marker for marker, place in places.items() if place in members]
    return f"({', '.join(names) or 'no stain'})"


def _with_advice(
    store: Store, plan: StagedPlan, answer: AllMarkersAnswer, told: RunResult, margin: float
) -> AllMarkersAnswer:
    """Return the answer with what the run that saw every marker advises, where it was asked."""
    from pxcore.runs.panels.result import findings  # noqa: PLC0415 - with scipy

    asked = answering_run(store, told.spec, searched=True)
    if not asked:
        return answer
    places = marker_places(plan, datasets.one(store, plan.rehearsal))
    found = findings(store, asked)
    try:
        best = found.advice(constraints_for(plan, found.spec, places, margin)).recommended
    except PanelError as error:  # it was asked within other bounds than the plan's
        return replace(answer, said=f"{answer.said} With all markers nothing is advised: {error}.")
    if best is None:
        return replace(answer, said=f"{answer.said} No smaller panel is advised with all markers.")
    advised = tuple(marker for marker, place in places.items() if place in best.members)
    said = (
        f"{answer.said} With all markers measured, {', '.join(advised) or 'no stain'} is the "
        f"advised panel, F1 {with_interval(best.f1_macro)}."
    )
    return replace(answer, advised=advised, f1_advised=best.f1_macro, said=said)


def _is_finished(store: Store, run_id: str) -> bool:
    return bool(run_id) and ledger.record(store, run_id).state is RunState.FINISHED
