"""Scores, intervals and counts in words: three decimals, bounds in brackets, 1 cell, 2 cells."""

from __future__ import annotations

import math

from pxcore.types import Interval

MINUS = "\N{MINUS SIGN}"


def score(value: float, *, signed: bool = False) -> str:
    """Return a score with three decimals; an en dash where there is none.

    >>> score(0.66), score(-0.0004), score(-0.012), score(0.01, signed=True)
    ('0.660', '0.000', '−0.012', '+0.010')
    """
    if not math.isfinite(value):
        return "–"
    text = f"{abs(value):.3f}"
    if float(text) == 0:
        return text
    sign = MINUS if value < 0 else ("+" if signed else "")
    return sign + text


def count(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 cell``, ``3,418 cells``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def bounds(low: float, high: float) -> str:
    """Return ``(0.620 to 0.700)``, or ``(no interval)`` where fewer than two folds ran."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "(no interval)"
    return f"({score(low)} to {score(high)})"


def with_interval(value: Interval) -> str:
    """Return ``0.660 (0.620 to 0.700)``."""
    return f"{score(value.mean)} {bounds(value.low, value.high)}"
