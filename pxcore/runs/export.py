"""A finished run as files: tables as CSV, its JSON, its figures as SVG; what it says of panels."""

from __future__ import annotations

import json
from pathlib import Path

from pxcore.data.csv_guard import csv_text
from pxcore.errors import StoreError
from pxcore.plots.svg import to_svg
from pxcore.reports.run_figures import run_figures
from pxcore.runs.panels.files import panel_files
from pxcore.runs.progress import progress
from pxcore.runs.result import result
from pxcore.runs.tables import run_json, tables
from pxcore.store.home import Store


def export(store: Store, run_id: str, folder: Path) -> tuple[Path, ...]:
    """Return the files written for a finished run. Raises StoreError when they cannot be."""
    found = {
        f"{name}.csv": csv_text(table).encode() for name, table in tables(store, run_id).items()
    }
    told, run = run_json(store, run_id), result(store, run_id)
    found["run.json"] = json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False).encode()
    for name, figure in run_figures(run, progress(store, run_id).curves):
        found[f"{name}.svg"] = to_svg(figure)
    if run.spec.question is not None:
        found |= panel_files(store, run_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in found.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        message = f"the run cannot be exported to {folder}: {error.strerror or error}"
        raise StoreError(message) from error
    return tuple(folder / name for name in found)
