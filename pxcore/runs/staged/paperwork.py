"""What a plan's people take to the bench: run sheets, order list, control list, channel map."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pxcore.errors import PanelError
from pxcore.panel.staged.controls import control_csv, control_tubes
from pxcore.panel.staged.printed import printed_html
from pxcore.panel.staged.sheets import (
    channel_map_csv,
    order_csv,
    order_list,
    run_sheet,
    sheet_csv,
)
from pxcore.runs.staged.outcome_files import outcome_json, trail_csv
from pxcore.runs.staged.steps import FINAL, MEASURE, Change, moved, need_step
from pxcore.store.home import Store
from pxcore.store.keys import encode
from pxcore.types.staged import StagedPlan, StagedRun
from pxcore.types.staged_views import Outcome, RunSheet

__all__ = ["controls", "downloads", "ordered_said", "plan_json", "sheets"]

MOST_SAMPLES = 1000


def sheets(plan: StagedPlan) -> tuple[RunSheet, ...]:
    """Return the sheet of every run that is to be measured; the final one once it is merged.

    Raises PanelError before a plan is chosen.
    """
    return tuple(_sheet(plan, run) for run in _known_runs(plan))


def controls(
    store: Store, plan: StagedPlan, fmo: Sequence[str], samples: int, *, who: str
) -> StagedPlan:
    """Return the plan with these markers' FMO controls and samples a run, saved.

    Raises PanelError for a marker that is no candidate and a number out of range,
    PlanChangedError when somebody else changed the plan meanwhile.
    """
    if not 1 <= samples <= MOST_SAMPLES:
        message = f"{samples} samples a run; expected 1 to {MOST_SAMPLES}"
        raise PanelError(message)
    made = replace(plan, fmo=tuple(dict.fromkeys(fmo)), samples=samples)
    order_list(made.runs, made.candidates, made.fmo, samples)  # refuses what is no candidate
    what = f"{samples} samples a run; FMO controls: {', '.join(made.fmo) or 'none'}."
    return moved(store, made, Change(who=who, step=MEASURE, what=what))


def downloads(plan: StagedPlan) -> Mapping[str, str]:
    """Return file names and texts: printable sheets, CSV lists guarded against formulas, the plan.

    Raises PanelError before a plan is chosen.
    """
    runs, sheets_now = _known_runs(plan), sheets(plan)
    order = order_list(runs, plan.candidates, _fmo(plan), plan.samples)
    which = f"plan {plan.id}, version {plan.version}"
    printed = printed_html(plan.title, sheets_now, order, which=which, ordered=ordered_said(plan))
    files = {
        "run_sheets.html": printed,
        "channel_map.csv": channel_map_csv(sheets_now),
        "order_list.csv": order_csv(order),
        "control_list.csv": control_csv(control_tubes(sheets_now)),
    }
    for run, sheet in zip(runs, sheets_now, strict=True):
        name = "final_run" if run.final else f"run_{run.number}"
        files[f"{name}.csv"] = sheet_csv(sheet)
    return {**files, "trail.csv": trail_csv(plan.trail), "plan.json": plan_json(plan)}


def ordered_said(plan: StagedPlan) -> str:
    """Return what an order list of the plan as it stands includes."""
    controls = "single stains and FMO controls" if _fmo(plan) else "single stains"
    samples = "1 sample" if plan.samples == 1 else f"{plan.samples} samples"
    final = (
        "The final run is included."
        if plan.step >= FINAL
        else "The final run is not included: its markers are not known before the merge."
    )
    return f"Tests of {samples} a run with its {controls}. {final}"


def plan_json(plan: StagedPlan, found: Outcome | None = None) -> str:
    """Return the whole plan as JSON text for people and programs; never NaN.

    Under ``outcome`` its result, null where none is given.
    """
    whole = json.loads(encode(plan)) | {"outcome": outcome_json(plan, found) if found else None}
    return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _known_runs(plan: StagedPlan) -> tuple[StagedRun, ...]:
    """Return the runs whose markers are fixed."""
    need_step(plan, MEASURE, "A run sheet")
    return tuple(run for run in plan.runs if not run.final or plan.step >= FINAL)


def _sheet(plan: StagedPlan, run: StagedRun) -> RunSheet:
    return run_sheet(run, plan.candidates, plan.instrument, _fmo(plan))


def _fmo(plan: StagedPlan) -> tuple[str, ...]:
    """Return the markers with an FMO control that are still candidates."""
    known = {candidate.marker for candidate in plan.candidates}
    return tuple(marker for marker in plan.fmo if marker in known)
