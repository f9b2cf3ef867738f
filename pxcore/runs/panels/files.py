"""What a run found out about panels, as files: tables as CSV and parquet, figures, the advice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pxcore.data.csv_guard import csv_text
from pxcore.plots.panel_compare import panel_dots
from pxcore.plots.panel_front import cost_front
from pxcore.plots.panel_removal import removal_curves
from pxcore.plots.panel_steps import stain_steps
from pxcore.plots.style import LIGHT
from pxcore.plots.svg import to_svg
from pxcore.reports.parts import parquet_bytes
from pxcore.runs.panels.result import findings
from pxcore.runs.panels.tables import panel_tables
from pxcore.runs.panels.words import advice_json
from pxcore.types.panel import PanelQuestion

__all__ = ["panel_figures", "panel_files", "parquet_bytes"]

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from pxcore.runs.panels.result import PanelFindings
    from pxcore.store.home import Store
    from pxcore.types.panel import PanelAdvice


def panel_files(store: Store, run_id: str) -> dict[str, bytes]:
    """Return the files by name, under the wishes that the run was asked with and usual margins.

    Raises RunError for a run that was not asked about panels, or whose trainings are gone.
    """
    found = findings(store, run_id)
    advice = found.advice((found.spec.question or PanelQuestion()).constraints)
    files: dict[str, bytes] = {}
    for name, table in panel_tables(found, advice).items():
        files[f"{name}.csv"] = csv_text(table).encode()
        files[f"{name}.parquet"] = parquet_bytes(table)
    content = advice_json(found, advice)
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    files["panel_advice.json"] = text.encode()
    files |= {f"{name}.svg": to_svg(figure) for name, figure in panel_figures(found, advice)}
    return files


def panel_figures(found: PanelFindings, advice: PanelAdvice) -> Iterator[tuple[str, go.Figure]]:
    """Yield every figure about panels, names of files without their ending."""
    panel, margin = found.spec.panel, advice.constraints.margin
    if advice.additions:
        yield "panel_stains", stain_steps(panel, advice, LIGHT)
    if len(found.compared) > 1:
        rows = found.beside(advice)
        yield "panel_comparison", panel_dots(panel, rows, margin, LIGHT)
    if found.curves:
        yield "panel_curves", removal_curves(panel, found.curves, advice.full, margin, LIGHT)
    yield "panel_front", cost_front(panel, advice, found.evidence.trials, LIGHT)
