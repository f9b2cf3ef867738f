"""What can be taken from the panel page: every table as CSV and parquet, the advice as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from pages.parts import panel_result
from pages.parts.header import Download
from pages.parts.panel_address import wishes
from pages.parts.report_files import report_files
from pages.parts.session import lab
from pages.parts.text import csv_bytes, file_name
from pxcore.types.panel import Constraints

if TYPE_CHECKING:
    import pandas as pd


def downloads(run_id: str) -> list[Download]:
    """Return the files of the advice that the address asks for, made when they are taken.

    Raises RunError and PanelError where there is no such advice.
    """
    panels = lab().panels
    found, wanted = panels.findings(run_id), wanted_of(run_id)
    stem, advice = found.spec.title, found.advice(wanted)

    def as_json() -> bytes:
        content = panels.advice_json(run_id, wanted)
        return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False).encode("utf-8")

    def made(name: str) -> Callable[[], pd.DataFrame]:
        return lambda: panels.table(name, found, advice)

    files = [
        Download("Advice, JSON", file_name(stem, "panel_advice.json"), "application/json", as_json)
    ]
    for name, label in panels.tables(found).items():
        files += _both(label, file_name(stem, name), made(name))
    return [*report_files("panel", run_id, stem, wanted), *files]


def wanted_of(run_id: str) -> Constraints:
    """Return what the address wants of a panel, else what the run was asked with."""
    found = lab().panels.findings(run_id)
    usual = panel_result.usual(found)
    return wishes(found.spec.panel, found.evidence.full.members, usual).constraints


def _both(label: str, stem: str, make: Callable[[], pd.DataFrame]) -> list[Download]:
    """Return a table as CSV, guarded against formulas, and as parquet, as it is."""

    def parquet() -> bytes:
        return lab().panels.parquet(make())

    return [
        Download(f"{label}, CSV", f"{stem}.csv", "text/csv", lambda: csv_bytes(make())),
        Download(f"{label}, parquet", f"{stem}.parquet", "application/vnd.apache.parquet", parquet),
    ]
