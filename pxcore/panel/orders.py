"""In which order channels are taken away, and which panels have to be trained for it.

Every ranking gives two orders: least important first, as published, where a good ranking keeps F1
up for long, and most important first, where it lets F1 fall at once. Random orders beside them
tell what an order is worth that knows nothing. The panels of all orders overlap, at the least in
the full one, so they are trained once each: N channels in K orders need far fewer than K · N.

Source: Hooker, Erhan, Kindermans and Kim, A benchmark for interpretability methods in deep neural
networks, NeurIPS 2019 (remove and retrain). We differ: channels instead of pixels, both
directions, and as published for channels the least important one goes first.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from pxcore.errors import PanelError
from pxcore.types.panel import Members, RemovalOrder

LEAST_FIRST = "least_first"
MOST_FIRST = "most_first"
RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsets:
    """Different panels that some orders ask for."""

    members: tuple[Members, ...]
    """Each once, the largest first."""
    asked: int
    """Steps of all orders: as many as would be trained if nothing were shared."""
    new: int
    """Of ``members``, those to train."""
    reused: int
    """Of ``members``, those known already."""


def removal_orders(
    rankings: Mapping[str, Sequence[float]],
    removable: Members,
    n_random: int,
    rng: np.random.Generator,
) -> tuple[RemovalOrder, ...]:
    """Return both orders of every ranking, then ``n_random`` different random ones.

    Parameters
    ----------
    rankings
        By label, the mean importance of each channel in panel order, larger = more important.
    removable
        Channels that may go; all others are pinned. Leave one out where none is pinned, since a
        panel needs a channel: the last of every order then stays, see :func:`steps`.
    n_random
        Where fewer different orders exist, all of them.

    Raises
    ------
    PanelError
        When a ranking lacks a value of a removable channel.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> for o in removal_orders({"a": [0.5, 0.1, 0.3]}, (0, 1, 2), 1, rng):
    ...     print(o.label, o.direction, o.order)
    a least_first (1, 2, 0)
    a most_first (0, 2, 1)
    random 1 random (2, 0, 1)
    """
    orders = []
    for label, means in rankings.items():
        values = _values(label, means, removable)
        ties = _ties(values)
        least = tuple(sorted(removable, key=lambda c: (values[c], c)))
        most = tuple(sorted(removable, key=lambda c: (-values[c], c)))
        for direction, order in ((LEAST_FIRST, least), (MOST_FIRST, most)):
            orders.append(RemovalOrder(label=label, direction=direction, order=order, ties=ties))
    drawn = _random_orders(removable, n_random, rng)
    orders += [
        RemovalOrder(label=f"random {n}", direction=RANDOM, order=order)
        for n, order in enumerate(drawn, start=1)
    ]
    return tuple(orders)


def steps(full: Members, order: Sequence[int]) -> Iterator[Members]:
    """Yield the panels after 0, 1, 2, ... removals; a panel without channels is left away.

    >>> list(steps((0, 1, 2), (1, 2, 0)))
    [(0, 1, 2), (0, 2), (0,)]
    """
    left = sorted(full)
    yield tuple(left)
    for channel in order:
        left.remove(channel)
        if left:
            yield tuple(left)


def subsets_of(
    full: Members, orders: Sequence[RemovalOrder], known: Collection[Members] = ()
) -> Subsets:
    """Return the different panels of all orders, and how many of them are known already.

    Parameters
    ----------
    full
        All channels that the orders start from.
    known
        Panels that are trained already, whoever asked for them.
    """
    asked = [members for order in orders for members in steps(full, order.order)]
    unique = tuple(sorted(set(asked), key=lambda members: (-len(members), members)))
    new = sum(members not in known for members in unique)
    return Subsets(members=unique, asked=len(asked), new=new, reused=len(unique) - new)


def _values(label: str, means: Sequence[float], removable: Members) -> dict[int, float]:
    """Return each removable channel's value."""
    for channel in removable:
        if not 0 <= channel < len(means) or not math.isfinite(means[channel]):
            message = (
                f"the ranking {label!r} has no value for channel {channel}; it has {len(means)} "
                "channels and every one that may be removed needs a finite value: rank them all, "
                "or pin this one"
            )
            raise PanelError(message)
    return {channel: float(means[channel]) for channel in removable}


def _ties(values: Mapping[int, float]) -> tuple[Members, ...]:
    """Return the groups of channels that share one value, each in panel order."""
    ordered = sorted(values, key=lambda c: (values[c], c))
    groups = (tuple(group) for _, group in groupby(ordered, key=lambda c: values[c]))
    return tuple(group for group in groups if len(group) > 1)


def _random_orders(removable: Members, n_random: int, rng: np.random.Generator) -> list[Members]:
    """Return different orders, each uniformly random among those not drawn yet."""
    wanted = min(n_random, math.factorial(len(removable))) if removable else 0
    drawn: dict[Members, None] = {}
    while len(drawn) < wanted:
        drawn[tuple(int(c) for c in rng.permutation(removable))] = None
    return list(drawn)
