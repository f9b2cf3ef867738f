"""What the strips of a comparison show: which channels, which values, how far the axis goes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pxcore.evaluation.scaling import of_starts
from pxcore.types import Interval
from pxcore.types.comparison import Comparison

BEYOND = 0.3
"""How far intervals may reach beyond the values, in shares of their span; the rest is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strips:
    """What of a comparison is drawn."""

    channels: tuple[int, ...]
    """Positions in ``Comparison.channels``, top to bottom."""
    scaled: bool = True
    starts: bool = False
    """Small dots are the means of each random start; else every training."""


def values_of(comparison: Comparison, strips: Strips, column: int) -> tuple[Interval | None, ...]:
    """Return a column's values in the order of rows, None where it has none."""
    rows = comparison.scaled if strips.scaled else comparison.values
    return tuple(rows[column][c] for c in strips.channels)


def small_dots(comparison: Comparison, strips: Strips, column: int, value: Interval) -> list[float]:
    """Return what the small dots of one value show: trainings or starts."""
    if strips.starts:
        found = of_starts(value, comparison.columns[column].seeds)
        return [one for one in found if one is not None]
    return list(value.known)


def zero_of(comparison: Comparison, strips: Strips, column: int) -> float | None:
    """Return where zero lies on a strip."""
    if not strips.scaled:
        return 0.0
    low, high = comparison.scales[column]
    return -low / (high - low) if high > low else None


def range_of(comparison: Comparison, strips: Strips) -> tuple[float, float]:
    """Return one range for all strips: all values, and of intervals what is near them."""
    found = [
        value
        for column in range(len(comparison.columns))
        for value in values_of(comparison, strips, column)
        if value is not None
    ]
    points = [0.0, *([1.0] if strips.scaled else [])]
    points += [one for value in found for one in (*value.known, value.mean) if math.isfinite(one)]
    ends = [one for value in found for one in (value.low, value.high) if math.isfinite(one)]
    low, high = min(points), max(points)
    span = (high - low) or 1.0
    lowest, highest = min([low, *ends]), max([high, *ends])
    return (
        max(lowest, low - BEYOND * span) - 0.04 * span,
        min(highest, high + BEYOND * span) + 0.04 * span,
    )
