"""Channels of a comparison in the order of rows."""

from __future__ import annotations

from pxcore.plots.rows import GROUPS
from pxcore.types.comparison import Comparison

__all__ = ["ordered"]


def ordered(comparison: Comparison, order: str = "rank") -> list[int]:
    """Return all channels by their mean rank, in panel order, or by role and mean rank.

    Those without a rank stand last. ``order``: ``rank``, ``panel`` or ``role``.
    """
    channels = list(range(len(comparison.channels)))
    if order == "panel":
        return channels

    def place(c: int) -> float:
        spans = [ranks[c] for ranks in comparison.ranks]
        known = [span.rank for span in spans if span is not None]
        return sum(known) / len(known) if known else float("inf")

    channels.sort(key=lambda c: (place(c), c))
    if order == "role":
        channels.sort(key=lambda c: GROUPS.index(comparison.channels[c].role))
    return channels
