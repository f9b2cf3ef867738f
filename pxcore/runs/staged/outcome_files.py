"""A staged plan's outcome as files: the panel to order from now on, and the whole as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence

from pxcore.data.csv_guard import guarded
from pxcore.panel.staged.sheets import money
from pxcore.panel.words import lower_bound
from pxcore.runs.evidence_rows import interval_json, number
from pxcore.types import Interval
from pxcore.types.staged import Decision, StagedPlan
from pxcore.types.staged_views import AllMarkersAnswer, Outcome

__all__ = ["outcome_files", "outcome_json", "trail_csv"]


def outcome_files(plan: StagedPlan, found: Outcome) -> Mapping[str, str]:
    """Return file names and texts; the CSV is guarded against formulas."""
    told = json.dumps(outcome_json(plan, found), indent=2, ensure_ascii=False, allow_nan=False)
    return {"panel.csv": _panel_csv(plan, found), "outcome.json": told + "\n"}


def outcome_json(plan: StagedPlan, found: Outcome) -> Mapping[str, object]:
    """Return the outcome as ``python -m pxcore stage show --json`` writes it; never NaN."""
    advice = found.advice
    return {
        "plan_id": plan.id,
        "title": plan.title,
        "version": plan.version,
        "panel": list(found.markers),
        "measured": list(found.measured),
        "left": [{"marker": marker, "reason": reason} for marker, reason in found.left],
        "sentence": found.said,
        "run_id": found.run_id,
        "f1": _interval(found.f1),
        "advised": advice is not None and advice.recommended is not None,
        "advice_reason": found.advice_reason,
        "margin": advice.constraints.margin if advice else None,
        "lower_bound": number(lower_bound(advice)) if advice else None,
        "cost": found.cost,
        "saved": found.saved,
        "all_markers": _all_markers(found.all_markers),
        "notes": list(found.notes),
    }


def trail_csv(trail: Sequence[Decision]) -> str:
    """Return every decision of a plan, a line each; texts are guarded."""
    rows = [(one.at, one.who, one.step, one.what) for one in trail]
    return _csv(("at", "who", "step", "what"), rows)


def _panel_csv(plan: StagedPlan, found: Outcome) -> str:
    """Return one line a candidate: whether it is in the panel, its cost or what it saves, why."""
    why = dict(found.left)
    rows = []
    for one in plan.candidates:
        inside = one.marker in found.markers
        cost, saved = (one.cost, 0.0) if inside else (0.0, one.cost)
        rows.append(
            (
                one.marker,
                one.clone,
                one.fluorochrome,
                "yes" if inside else "no",
                money(cost),
                money(saved),
                why.get(one.marker, ""),
            )
        )
    rows.append(("total", "", "", "", money(found.cost), money(found.saved), ""))
    head = ("marker", "clone", "fluorochrome", "in_panel", "cost", "saved", "why_not")
    return _csv(head, rows)


def _all_markers(answer: AllMarkersAnswer | None) -> Mapping[str, object] | None:
    if answer is None:
        return None
    return {
        "run_id": answer.all_run,
        "panel": list(answer.markers),
        "only_plan": list(answer.only_plan),
        "only_all": list(answer.only_all),
        "f1_every": _interval(answer.f1_every),
        "f1_plan": _interval(answer.f1_plan),
        "f1_panel": _interval(answer.f1_markers),
        "lost": _interval(answer.lost),
        "sentence": answer.said,
    }


def _interval(value: Interval | None) -> object:
    return None if value is None else interval_json(value)


def _csv(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return stream.getvalue()
