"""How many repeats a permutation needs: as many as can still change the order of channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pxcore.errors import MethodError
from pxcore.training.intervals import student_t
from pxcore.types import Array

BLOCK = 5
TOLERANCE = 0.002
"""F1 by which a channel's mean may be off without anybody caring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatRule:
    """When to stop repeating.

    ``fixed`` repeats, or (None) blocks of ``block`` until the ranking is settled, at most
    ``limit``. The first repeats are the same in both cases: only the number differs.

    Raises
    ------
    MethodError
        For fewer than one repeat.
    """

    fixed: int | None = None
    limit: int = 100
    block: int = BLOCK
    tolerance: float = TOLERANCE
    level: float = 0.95

    def __post_init__(self) -> None:
        for name, value in (("repeats", self.fixed), ("max_repeats", self.limit)):
            if value is not None and value < 1:
                message = f"{name} is {value}; expected a whole number from 1 upwards"
                raise MethodError(message)

    def more(self, scores: Array) -> int:
        """Return how many repeats to run next; 0 when there are enough.

        Parameters
        ----------
        scores
            (R, C, K) so far, NaN where a class is absent; R = 0 before the first.
        """
        done = len(scores)
        if self.fixed is not None:
            return min(self.block, self.fixed - done)
        if settled(channel_values(scores), self.tolerance, self.level):
            return 0
        return min(self.block, self.limit - done)

    def share(self, done: float) -> float:
        """Return the share of the work that ``done`` repeats are, from 0 to 1.

        An adaptive run does not know its end. It is shown as one more block away, so the share
        only rises and the time left is of the right order for runs that settle early.
        """
        if self.fixed is not None:
            return min(1.0, done / self.fixed)
        return min(1.0, max(done / (done + self.block), done / self.limit))


def channel_values(scores: Array, weights: Array | None = None) -> Array:
    """Return (R, C) of (R, C, K): the mean over the classes that are present.

    ``weights``: of the classes, of a shape that fits; None where all weigh the same. The mean of
    class means, weighted by the classes' cells, is the mean over cells.
    """
    present = ~np.isnan(scores)
    weight = present * (1.0 if weights is None else weights)
    share = weight.sum(axis=-1)
    total = (np.where(present, scores, 0.0) * weight).sum(axis=-1)
    return np.where(share > 0, total / np.where(share > 0, share, 1.0), np.nan)


def settled(values: Array, tolerance: float = TOLERANCE, level: float = 0.95) -> bool:
    """Return True when more repeats can no longer change the order of the channels.

    For every pair of neighbours in the ranking by mean, either the interval of their difference
    over repeats excludes 0, or both means are known to within ``tolerance``. Differences are
    paired: in one repeat every channel met the same permutations, so what they share cancels.

    Parameters
    ----------
    values
        (R, C) score of each channel in each repeat; R of at least 2.
    tolerance
        Standard error in the unit of ``values``.
    """
    n_repeats, n_channels = values.shape
    if n_repeats < 2:
        return False
    if n_channels < 2:
        return bool(_standard_error(values)[0] < tolerance)
    ranked = values[:, np.argsort(-values.mean(axis=0), kind="stable")]
    gaps = ranked[:, :-1] - ranked[:, 1:]
    quantile = student_t(0.5 + level / 2, n_repeats - 1)
    apart = gaps.mean(axis=0) > quantile * _standard_error(gaps)
    known = _standard_error(ranked) < tolerance
    return bool(np.all(apart | (known[:-1] & known[1:])))


def _standard_error(values: Array) -> Array:
    """Return the standard error of the mean of every column of (R, ...)."""
    result: Array = values.std(axis=0, ddof=1) / np.sqrt(values.shape[0])
    return result
