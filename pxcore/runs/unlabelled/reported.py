"""The report of a finished clustering, gathered from the store: its result, and a few cells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pxcore.errors import PxError
from pxcore.plots.unlabelled_tables import cluster_tables
from pxcore.reports.clustering_figures import (
    LARGEST,
    NEAREST,
    Pictured,
    behind,
    clustering_figures,
)
from pxcore.reports.clustering_report import clustering_report
from pxcore.reports.parts import Drawn
from pxcore.runs.galleries import cells, overview
from pxcore.runs.recreating import recreate_run
from pxcore.runs.unlabelled.maps import maps
from pxcore.runs.unlabelled.result import result
from pxcore.runs.unlabelled.told import told
from pxcore.store.database import now
from pxcore.store.home import Store
from pxcore.types.reports import Report, ReportFile
from pxcore.types.unlabelled_views import ClusterResult

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["report", "whole_tables"]

A_ROW_A_CELL = "codes"
"""The table that stands in the archive alone: links keep no row a cell."""


def report(store: Store, run_id: str) -> Report:
    """Return the report of a finished clustering. Raises RunError as its result does."""
    found = result(store, run_id)
    pictured = _pictured(store, found)
    numbers = json.dumps(told(found), indent=2, allow_nan=False, ensure_ascii=False)
    made = cluster_tables(found)
    drawn = Drawn(
        figures=dict(clustering_figures(found, pictured)),
        tables={name: make() for name, (_, make) in made.items() if name != A_ROW_A_CELL},
        recreate=recreate_run(store, run_id),
        made=now(),
        files=(ReportFile(name="clusters.json", text=f"{numbers}\n", what="All numbers"),),
    )
    return clustering_report(found, pictured, drawn)


def whole_tables(store: Store, run_id: str) -> Mapping[str, pd.DataFrame]:
    """Return every table of a finished clustering, that of its cells too."""
    found = cluster_tables(result(store, run_id))
    return {name: make() for name, (_, make) in found.items()}


def _pictured(store: Store, found: ClusterResult) -> Pictured:
    """Return the cells that are shown, and the maps over one of each cluster."""
    galleries = [one[:NEAREST] for one in found.galleries[:LARGEST]]
    shown = overview(store, found.dataset.id)
    pictured = Pictured(
        cells=cells(store, found.dataset.id, [cell for one in galleries for cell in one]),
        limits=tuple(zip(shown.low.tolist(), shown.high.tolist(), strict=True)),
        behind=behind(found),
    )
    if not found.has_maps:
        return pictured
    try:
        shown_over = [one[0] for one in galleries if one]  # a cluster may be without cells
        return replace(pictured, maps=maps(store, found.run.id, shown_over))
    except PxError as error:  # a report without maps is better than none
        return replace(pictured, no_maps=f"The maps could not be drawn: {error}.")
