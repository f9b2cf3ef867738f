"""Reports of made-up results, with names that want to be markup, formulas and paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

import tests.evidence_values as ev
import tests.example_values as ex
import tests.unlabelled_values as un
from pxcore.plots.unlabelled_tables import cluster_tables
from pxcore.reports.clustering_figures import Pictured, clustering_figures
from pxcore.reports.clustering_report import clustering_report
from pxcore.reports.parts import Drawn
from pxcore.reports.run_figures import run_figures
from pxcore.reports.run_report import run_report
from pxcore.runs.tables import tables_of
from pxcore.types import Panel, RunResult
from pxcore.types.reports import Report, ReportFile
from pxcore.types.unlabelled_views import ClusterResult

Found = TypeVar("Found", RunResult, ClusterResult)
MADE = "2026-03-01T10:00:00+00:00"
NASTY = ("<script>document.title='run'</script>", '=cmd|" /C calc"!A0', "../../x", *ex.HOSTILE)


def drawn_of(found: RunResult, files: tuple[ReportFile, ...] = ()) -> Drawn:
    """Return all that a run's report is made of."""
    return Drawn(
        figures=dict(run_figures(found, ex.progress().curves)),
        tables=tables_of(found, ()),
        recreate='{"form": "pxcore run"}\n',
        made=MADE,
        files=files,
    )


def made_report(found: RunResult | None = None) -> Report:
    """Return the report of a run that has everything."""
    found = found or ev.result()
    return run_report(found, drawn_of(found))


def nasty_result(shift: int = 0) -> RunResult:
    """Return a result whose every name is hostile."""
    return _nasty(ev.result, shift)


def made_clustering(found: ClusterResult | None = None) -> Report:
    """Return the report of a clustering that has everything."""
    found = found or un.result()
    shown = replace(ex.cells(9, found.panel), positions=np.arange(9))
    maps = un.maps(np.arange(3), found.panel)
    limits = [(0.0, 4000.0)] * len(found.panel)
    pictured = Pictured(cells=shown, limits=limits, maps=maps, behind="a channel")
    drawn = Drawn(
        figures=dict(clustering_figures(found, pictured)),
        tables={name: make() for name, (_, make) in cluster_tables(found).items()},
        recreate='{"form": "pxcore run"}\n',
        made=MADE,
        files=(ReportFile(name="clusters.json", text="{}", what="All numbers"),),
    )
    return clustering_report(found, pictured, drawn)


def nasty_clustering(shift: int = 0) -> ClusterResult:
    """Return a clustering whose every name is hostile."""
    return _nasty(un.result, shift)


def _nasty(made: Callable[[Panel, tuple[str, ...]], Found], shift: int) -> Found:
    names = [NASTY[(i + shift) % len(NASTY)] for i in range(8)]
    channels = [replace(c, name=n) for c, n in zip(ex.PANEL.channels, names[:4], strict=True)]
    found = made(Panel(tuple(channels)), tuple(names[4:7]))
    row = replace(found.run, title=names[7], dataset_title=names[0])
    return replace(found, run=row, dataset=replace(found.dataset, title=names[1]))
