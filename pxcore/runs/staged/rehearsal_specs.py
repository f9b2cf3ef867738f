"""Specs of a rehearsal's runs: what each of them sees, and what the final one is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pxcore.panel.constraints import stain_free
from pxcore.runs import datasets, drafts
from pxcore.runs.method_names import parse_method
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.panels.wishes import wishes
from pxcore.runs.staged.rehearsal_answer import ALL, COMPARE, marker_places
from pxcore.runs.staged.steps import final_run
from pxcore.store.home import Store
from pxcore.types import Dataset, RunSpec
from pxcore.types.panel import Constraints, Members, PanelQuestion
from pxcore.types.staged import StagedPlan

__all__ = ["stage_channels", "stage_label", "stage_spec", "with_question"]


def stage_channels(plan: StagedPlan, dataset: Dataset, markers: Sequence[str]) -> Members:
    """Return the channels that a run with these markers sees: theirs and the stain-free ones."""
    places = marker_places(plan, dataset)
    return tuple(sorted({*stain_free(dataset.panel), *(places[marker] for marker in markers)}))


def stage_spec(
    store: Store, plan: StagedPlan, name: str, markers: Sequence[str], who: str
) -> RunSpec:
    """Return the frozen spec of one run of a rehearsal: it sees its markers, and what is free."""
    spec = drafts.draft(store, plan.rehearsal, plan.rehearsal_preset)
    made = replace(
        spec,
        title=f"{plan.title}, rehearsal: {stage_label(plan, name).lower()}",
        channels=stage_channels(plan, datasets.one(store, plan.rehearsal), markers),
        methods=(parse_method(plan.method),),
        owner=who or spec.owner,
    )
    return drafts.frozen_spec(store, made)


def with_question(plan: StagedPlan, spec: RunSpec, places: Mapping[str, int]) -> RunSpec:
    """Return the final run's spec with the question which of its markers are enough."""
    seen = panel_tasks.everything(spec)
    kept = [places[one.marker] for one in plan.candidates if one.always_on or one.must_keep]
    wanted = wishes(spec, Constraints(must_keep=tuple(sorted(kept))))
    question = PanelQuestion(
        always=tuple(channel for channel in stain_free(spec.panel) if channel in seen),
        finalists=1,
        exclude=wanted.exclude,
        must_keep=wanted.must_keep,
    )
    return replace(spec, question=question)


def stage_label(plan: StagedPlan, name: str) -> str:
    """Return what a run of a rehearsal is called."""
    if name in (ALL, COMPARE):
        return {ALL: "All markers at once", COMPARE: "Both panels"}[name]
    last = final_run(plan)
    return "Final run" if last is not None and str(last.number) == name else f"Run {name}"
