"""Tables of the panel page as they stand on it: a value and its bounds in one column."""

from __future__ import annotations

import math

import pandas as pd

from pxcore.plots.numbers import bounds, score
from pxcore.plots.panel_words import rounded_down

BOUND = "lower bound"
"""Rounded down, so that a bound just below the margin does not read as met."""


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table for the eye: a value and its bounds in one column, three decimals."""
    made = pd.DataFrame(index=frame.index)
    for name in frame.columns:
        low, high = f"{name} low", f"{name} high"
        if low in frame.columns:
            triples = zip(frame[name], frame[low], frame[high], strict=True)
            made[name] = [_text(mean, lo, hi) for mean, lo, hi in triples]
        elif not str(name).endswith((" low", " high")):
            made[name] = _bound(frame[name]) if name == BOUND else frame[name]
    return made


def _bound(values: pd.Series[float]) -> list[float]:
    return [rounded_down(math.nan if value is None else float(value)) for value in values]


def _text(mean: float | None, low: float | None, high: float | None) -> str:
    values = [math.nan if value is None else float(value) for value in (mean, low, high)]
    return f"{score(values[0])} {bounds(*values[1:])}" if math.isfinite(values[0]) else ""
