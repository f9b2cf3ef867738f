"""A finished run as files: tables as CSV, its JSON, its figures as SVG; what it says of panels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import plotly.graph_objects as go

from pxcore.data.csv_guard import csv_text
from pxcore.errors import StoreError
from pxcore.plots import curves, guards, matrix, ranking, redundancy
from pxcore.plots import where as places
from pxcore.plots.style import LIGHT
from pxcore.plots.svg import to_svg
from pxcore.runs.panel_files import panel_files
from pxcore.runs.progress import progress
from pxcore.runs.result import result
from pxcore.runs.tables import run_json, tables
from pxcore.store.home import Store
from pxcore.types import RunResult


def export(store: Store, run_id: str, folder: Path) -> tuple[Path, ...]:
    """Return the files written for a finished run. Raises StoreError when they cannot be."""
    found = {
        f"{name}.csv": csv_text(table).encode() for name, table in tables(store, run_id).items()
    }
    told = run_json(store, run_id)
    found["run.json"] = json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False).encode()
    for name, figure in _figures(store, run_id):
        found[f"{name}.svg"] = to_svg(figure)
    if result(store, run_id).spec.question is not None:
        found |= panel_files(store, run_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in found.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        message = f"the run cannot be exported to {folder}: {error.strerror or error}"
        raise StoreError(message) from error
    return tuple(folder / name for name in found)


def _figures(store: Store, run_id: str) -> Iterator[tuple[str, go.Figure]]:
    run = result(store, run_id)
    for method in run.methods:
        name = method.method.replace(":", "_").replace("=", "_")
        yield f"ranking_{name}", ranking.ranking_dots(run.panel, method, LIGHT)
        yield f"heat_map_{name}", matrix.heat_map(run.panel, run.spec.classes, method, LIGHT)
        if method.stability is not None:
            yield f"stability_{name}", curves.stability(run.panel, method, LIGHT)
    yield "confusion", matrix.confusion(run.performance, run.spec.classes, LIGHT)
    yield "learning", curves.learning(progress(store, run_id).curves, LIGHT)
    yield from _evidence(run)


def _evidence(run: RunResult) -> Iterator[tuple[str, go.Figure]]:
    """Yield the figures of what stands beside the rankings, where the run has it."""
    if run.where is not None:
        yield "where", places.where_dots(run.panel, run.where, LIGHT)
    if run.redundancy is not None:
        found = run.redundancy
        yield "association", redundancy.association(run.panel, found, LIGHT)
        yield "drops_together", redundancy.drops_together(run.panel, found, LIGHT)
        if found.groups:
            yield "joint_drops", redundancy.joint_drops(run.panel, found.groups, LIGHT)
        if found.pairs:
            yield "interactions", redundancy.interactions(run.panel, found.pairs, LIGHT)
    if run.leakage is not None:
        yield "leakage", guards.leakage_dots(run.leakage, LIGHT)
    if run.left_out:
        yield "left_out", guards.left_out_dots(run.panel, run.left_out, LIGHT)
