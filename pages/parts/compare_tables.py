"""The tables of a comparison as downloads."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from pages.parts.header import Download
from pages.parts.text import csv_bytes, file_name
from pxcore.plots.compare_tables import agreement, disagreement, importance, ranks
from pxcore.types.comparison import Comparison

__all__ = ["STEM", "agreement", "disagreement", "downloads", "importance", "ranks"]

STEM = "comparison"
"""First part of file names."""


def downloads(comparison: Comparison) -> list[Download]:
    """Return every table of the comparison as a file, made when it is taken."""
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
    return [_file(name, table) for name, table in found.items()]


def _file(name: str, table: Callable[[], pd.DataFrame]) -> Download:
    file = file_name(STEM, f"{name.lower()}.csv")
    return Download(f"{name}, CSV", file, "text/csv", lambda: csv_bytes(table()))
