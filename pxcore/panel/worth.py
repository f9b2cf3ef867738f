"""What each optional channel is worth in a screen: its share of what all of them add to F1.

Shapley values of the screened F1-macro, fold by fold, on validation cells: what a channel adds to
a panel, averaged over panels of every size. Channels that say the same share their worth, so a low
value alone is no reason to drop a channel; a panel's worth is not the sum over its members.

Source: see ``pxcore.importance.shapley_values``. We differ: channels that are pinned are in every
set, so the shares add up to F1(all) - F1(pinned ones only).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pxcore.evaluation.values import Sizes
from pxcore.importance.shapley_values import Shares
from pxcore.types import Array, Interval
from pxcore.types.panel import Members, Screen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Way:
    """How worth follows from screened panels."""

    optional: Members
    pinned: Members
    shares: Shares
    """Over the optional channels, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What one channel is worth."""

    channel: int
    value: Interval
    """Over the trainings."""
    error: float
    """Standard error from the choice of orders, the largest over trainings; 0 where all panels
    were looked at."""


def worth(screen: Screen, way: Way, sizes: Sizes) -> tuple[Worth, ...]:
    """Return the worth of each optional channel, in their order; () where a panel is missing.

    ``screen`` may lack the empty panel: without pinned channels nothing then can be said.
    """
    values = _values(screen, way)
    if values is None or np.isnan(values).any():
        return ()
    shares = way.shares.of(values)  # (n, J)
    errors = way.shares.error(values).max(axis=1)
    return tuple(
        Worth(channel=c, value=sizes.interval(share), error=float(error))
        for c, share, error in zip(way.optional, shares, errors, strict=True)
    )


def _values(screen: Screen, way: Way) -> Array | None:
    """Return validation F1 (S, J) of the sets that the shares want; None where one is missing."""
    wanted = np.zeros((len(way.shares.sets), screen.sets.shape[1]), dtype=bool)
    wanted[:, list(way.optional)] = way.shares.sets
    wanted[:, list(way.pinned)] = True
    place = {row.tobytes(): n for n, row in enumerate(np.ascontiguousarray(screen.sets))}
    rows = [place.get(row.tobytes(), -1) for row in np.ascontiguousarray(wanted)]
    if -1 in rows:
        return None
    result: Array = screen.valid_f1[:, rows].T
    return result
