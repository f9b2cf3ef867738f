"""Ranks among the channels that several panels share."""

from __future__ import annotations

from collections.abc import Sequence

from pxcore.types import Ranking
from pxcore.types.comparison import RankSpan


def ranks_among(ranking: Ranking, positions: Sequence[int]) -> tuple[RankSpan, ...]:
    """Return the ranks of some channels among themselves, in the order of ``positions``.

    With all channels these are the ranking's own. With fewer, the bootstrap samples are no longer
    there, so a range holds every rank that the channel's own range allows: of the channels that
    are left, those surely ahead (their whole range lies before) stay ahead, those surely behind
    stay behind, and each channel that is left out was ahead or not::

        low  = max(1 + surely ahead, rank_low - left out)
        high = min(n - surely behind, rank_high)

    Source: ours; wider than a new bootstrap would give, never narrower.
    """
    left_out = len(ranking.rank) - len(positions)
    order = sorted(positions, key=lambda c: (ranking.rank[c], c))
    return tuple(_span(ranking, c, positions, order.index(c) + 1, left_out) for c in positions)


def apart(first: RankSpan, second: RankSpan) -> bool:
    """Return True when the ranges of two ranks do not overlap."""
    return first.high < second.low or second.high < first.low


def _span(ranking: Ranking, c: int, positions: Sequence[int], rank: int, left_out: int) -> RankSpan:
    low, high = ranking.rank_low[c], ranking.rank_high[c]
    if left_out == 0:
        return RankSpan(rank=ranking.rank[c], low=low, high=high)
    ahead = sum(ranking.rank_high[other] < low for other in positions)
    behind = sum(ranking.rank_low[other] > high for other in positions)
    return RankSpan(
        rank=rank,
        low=min(rank, max(1 + ahead, low - left_out)),
        high=max(rank, min(len(positions) - behind, high)),
    )
