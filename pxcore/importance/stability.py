"""How a ranking settles with more repeats, read from the repeats that are stored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from pxcore.importance.repeats import channel_values
from pxcore.importance.small_classes import judged
from pxcore.types import Array, Importance, Stability

_FIRST = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 50, 70)


def stability(importance: Importance, small_classes: Sequence[int] = ()) -> Stability | None:
    """Return the channels' values after k repeats and how the order then agrees with the last.

    Agreement is Kendall's tau-b over channels, 1 when all channels are equal both times. A fold
    that stopped before k stands still: its last value is its answer. None for methods that do not
    repeat.

    Parameters
    ----------
    small_classes
        Of the ranking: left out here as they are there, so that the last values are its own.
    """
    longest = max(importance.repeats)
    if longest < 2:
        return None
    counts = (*(k for k in _FIRST if k < longest), *range(100, longest, 100), longest)
    present = np.asarray(~np.isnan(importance.scores).all(axis=(1, 2)))  # (J, K)
    classes = list(judged(small_classes, present).classes)
    values = np.stack(
        [
            _after(fold[:ran, :, classes], counts)
            for fold, ran in zip(importance.scores, importance.repeats, strict=True)
        ]
    )  # (J, k, C)
    return Stability(
        repeats=counts,
        values=tuple(tuple(tuple(map(float, row)) for row in fold) for fold in values),
        agreement=tuple(tuple(_agreement(row, fold[-1]) for row in fold) for fold in values),
    )


def _after(scores: Array, counts: tuple[int, ...]) -> Array:
    """Return (k, C): the mean of the first k of (R, C, K) repeats, of all of them beyond R."""
    running = np.cumsum(channel_values(scores), axis=0)
    rows = np.minimum(counts, len(scores))
    result: Array = running[rows - 1] / rows[:, None]
    return result


def _agreement(values: Array, final: Array) -> float:
    """Return Kendall's tau-b of two orders of the channels."""
    if len(values) < 2 or (np.ptp(values) == 0 and np.ptp(final) == 0):
        return 1.0
    if np.ptp(values) == 0 or np.ptp(final) == 0:
        return 0.0
    # Rounded: the same order comes out as 0.9999999999999998.
    return round(float(stats.kendalltau(values, final).statistic), 12)
