"""How strong a candidate is that was looked at in several runs, whatever the number of looks.

The best look counts, not the mean: a marker that works only with a partner shows nothing where the
partner is not. But the best of more looks is larger by chance. With s the spread of a marker's
looks (median over markers of the standard deviation), n its looks and L the fewest that any marker
has, its worth is::

    best - s * (e(n) - e(L)),    e(n) = Q((n - 3/8) / (n + 1/4))

e(n): expected largest of n normal values, Q: the normal quantile. So what knows nothing goes on as
often with many looks as with few, and what shows once loses a fraction of the noise only. (The
mean of the best L looks loses such markers; the expected best of L looks drawn from n loses half
of them where runs are small.)

Source: Blom, Statistical Estimates and Transformed Beta-Variables, 1958 (the approximation of
expected order statistics).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist, median, stdev

__all__ = ["worth_of_looks"]


def worth_of_looks(looks: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return, by marker, its worth (above); minus infinity for one without a look.

    ``looks``: values of each marker on one scale, one a run.
    """
    counts = [len(own) for own in looks.values() if own]
    fewest = min(counts, default=1)
    spreads = [stdev(own) for own in looks.values() if len(own) > 1]
    spread = median(spreads) if spreads else 0.0
    return {
        marker: max(own) - spread * (_largest(len(own)) - _largest(fewest))
        if own
        else float("-inf")
        for marker, own in looks.items()
    }


def _largest(n: int) -> float:
    """Return the expected largest of n standard normal values; 0 for one."""
    return NormalDist().inv_cdf((n - 0.375) / (n + 0.25))
