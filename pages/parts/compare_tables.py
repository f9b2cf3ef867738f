"""The tables of a comparison as downloads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from pages.parts.header import Download
from pages.parts.report_files import report_files
from pages.parts.text import csv_bytes, file_name
from pxcore.plots.compare_tables import agreement, disagreement, importance, ranks, truth
from pxcore.types.comparison import Comparison
from pxcore.types.truth import TruthKind

__all__ = ["STEM", "agreement", "disagreement", "downloads", "importance", "ranks", "truth"]

STEM = "comparison"
"""First part of file names."""


def downloads(comparison: Comparison) -> list[Download]:
    """Return the report and every table of the comparison, made when they are taken."""
    if not comparison.columns:
        return []
    every = range(len(comparison.channels))
    found: dict[str, Callable[[], pd.DataFrame]] = {
        "Importance": lambda: importance(comparison, every)
    }
    if len(comparison.columns) > 1:
        found["Ranks"] = lambda: ranks(comparison)
        found["Agreement"] = lambda: agreement(comparison)
        found["Disagreements"] = lambda: disagreement(comparison)
    found |= {f"Against {kind}": partial(_truth, comparison, kind) for kind in truth(comparison)}
    tables = [_file(name, table) for name, table in found.items()]
    return [*report_files("comparison", comparison.subject, STEM), *tables]


def _truth(comparison: Comparison, kind: TruthKind) -> pd.DataFrame:
    return truth(comparison)[kind]


def _file(name: str, table: Callable[[], pd.DataFrame]) -> Download:
    file = file_name(STEM, f"{name.lower()}.csv")
    return Download(f"{name}, CSV", file, "text/csv", lambda: csv_bytes(table()))
