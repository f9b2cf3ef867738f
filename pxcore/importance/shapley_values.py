"""Shapley values as arithmetic: which sets of channels to look at, and what their values give.

::

    share of c = mean over s of ( mean over sets S of s other channels ( v(S with c) - v(S) ) )

for s from 0 to C - 1: what c adds to a set, sets of every size counting the same. The shares of
all channels add up to v(all) - v(none); a channel that never changes v has share 0.

Values are rounded to 2^-40 first. Sums of such numbers are exact in float64, so neither the order
of the channels nor the size of a batch shows in a share.

Source: Shapley, A value for n-person games, 1953. Sampling by orders: Castro, Gomez and Tejada,
Computers & Operations Research 36, 2009; each order with its reverse: Mitchell, Cooper, Frank and
Holmes, Sampling permutations for Shapley value estimation, JMLR 23, 2022 (section 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Protocol

import numpy as np

from pxcore.types import Array

EXACT_UP_TO = 14
"""Channels: 2^14 = 16384 sets of them."""
PAIRS = 128
"""Orders drawn beyond that, each with its reverse: about 3000 sets of 16 channels."""
_UNITS = 2.0**40


class Shares(Protocol):
    """A choice of sets and the way from their values to shares."""

    @property
    def sets(self) -> Array:
        """(S, C) bool, each row once, in ascending order of the rows read from left to right.

        The first shows no channel, the last shows all.
        """
        ...

    @property
    def exact(self) -> bool:
        """Whether these are all sets."""
        ...

    @property
    def note(self) -> str:
        """In words, how the sets were chosen."""
        ...

    def of(self, values: Array) -> Array:
        """Return shares (C, ...) float64 of the values (S, ...) of the sets."""
        ...

    def error(self, values: Array) -> Array:
        """Return the standard errors (C, ...) float64 of those shares: 0 when they are exact."""
        ...


def expected_sets(n_channels: int) -> int:
    """Return how many sets ``shares`` looks at: all 2^C, or as many as are met on average.

    A pair of orders meets two different sets of s channels, 0 < s < C, each as likely as any. So
    P pairs meet n (1 - (1 - 2 / n)^P) of these n = C! / (s! (C - s)!) sets on average, and the
    sets of none and of all.

    >>> expected_sets(3), expected_sets(16), expected_sets(20)
    (8, 2897, 4090)
    """
    if n_channels <= EXACT_UP_TO:
        return int(2**n_channels)
    of_size = (comb(n_channels, size) for size in range(1, n_channels))
    return round(2 + sum(n * (1 - (1 - 2 / n) ** PAIRS) for n in of_size))


def shares(n_channels: int, seed: int, *, exact_up_to: int = EXACT_UP_TO) -> Shares:
    """Return the exact way for few channels, sampled orders for many."""
    return Exact(n_channels) if n_channels <= exact_up_to else Sampled.drawn(n_channels, seed)


@dataclass(frozen=True, slots=True)
class Exact:
    """All 2^C sets."""

    n_channels: int

    @property
    def sets(self) -> Array:
        """(2^C, C) bool, counting in binary: the last channel is the lowest bit."""
        numbers = np.arange(2**self.n_channels)[:, None]
        found: Array = (numbers >> np.arange(self.n_channels)[::-1]) & 1 == 1
        return found

    @property
    def exact(self) -> bool:
        """These are all."""
        return True

    @property
    def note(self) -> str:
        """How the sets were chosen."""
        return f"exact: all {2**self.n_channels} sets of {self.n_channels} channels"

    def of(self, values: Array) -> Array:
        """Return exact shares (C, ...)."""
        n, rest = self.n_channels, values.shape[1:]
        units = _in_units(values).reshape(len(values), -1)
        sizes = Exact(n - 1).sets.sum(axis=1) if n > 1 else np.zeros(1, np.int64)
        by_size = (sizes == np.arange(n)[:, None]).astype(np.float64)  # (C, 2^(C-1))
        found = np.empty((n, units.shape[1]))
        for channel in range(n):
            pairs = units.reshape(2**channel, 2, -1, units.shape[1])
            added = (pairs[:, 1] - pairs[:, 0]).reshape(len(sizes), -1)
            sums = by_size @ added  # (C, M), exact: whole numbers of units
            found[channel] = sum(sums[s] / comb(n - 1, s) for s in range(n))
        return (found / (n * _UNITS)).reshape(n, *rest)

    def error(self, values: Array) -> Array:
        """Return zeros (C, ...)."""
        return np.zeros((self.n_channels, *values.shape[1:]))


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """The sets met when channels are added one by one in random orders."""

    sets: Array
    """(S, C) bool"""
    orders: Array
    """(P, 2, C) channels in the order of being added; the second is the first backwards."""
    steps: Array
    """(P, 2, C + 1) rows of ``sets``: before the first channel, ..., after the last."""

    @classmethod
    def drawn(cls, n_channels: int, seed: int, n_pairs: int = PAIRS) -> Sampled:
        """Return ``n_pairs`` random orders with their reverses, from ``seed`` alone."""
        generator = np.random.default_rng(seed)
        once = generator.permuted(np.tile(np.arange(n_channels), (n_pairs, 1)), axis=1)
        orders = np.stack([once, once[:, ::-1]], axis=1)  # (P, 2, C)
        place = np.argsort(orders, axis=2)
        met = place[:, :, None, :] < np.arange(n_channels + 1)[:, None]  # (P, 2, C + 1, C)
        sets, rows = np.unique(met.reshape(-1, n_channels), axis=0, return_inverse=True)
        return cls(sets, orders, rows.reshape(n_pairs, 2, n_channels + 1))

    @property
    def exact(self) -> bool:
        """These are some."""
        return False

    @property
    def note(self) -> str:
        """How the sets were chosen."""
        n_pairs, _, n_channels = self.orders.shape
        return (
            f"sampled: {n_channels} channels added one by one in {n_pairs} random orders and their "
            f"reverses, {len(self.sets)} different sets"
        )

    def of(self, values: Array) -> Array:
        """Return estimated shares (C, ...); they still add up to v(all) - v(none)."""
        n_pairs, _, n_channels = self.orders.shape
        units = _in_units(values)
        total = np.zeros((n_channels, *values.shape[1:]))
        for orders, steps in zip(self.orders, self.steps, strict=True):
            for order, rows in zip(orders, steps, strict=True):
                total[order] += np.diff(units[rows], axis=0)
        result: Array = total / (2 * n_pairs * _UNITS)
        return result

    def error(self, values: Array) -> Array:
        """Return standard errors (C, ...) of the estimates, from the spread of the pairs."""
        n_pairs, _, n_channels = self.orders.shape
        of_pair = np.zeros((n_pairs, n_channels, *values.shape[1:]))
        for pair, (orders, steps) in enumerate(zip(self.orders, self.steps, strict=True)):
            for order, rows in zip(orders, steps, strict=True):
                of_pair[pair, order] += np.diff(values[rows], axis=0) / 2
        spread: Array = of_pair.std(axis=0, ddof=1) / np.sqrt(n_pairs)
        return spread


def _in_units(values: Array) -> Array:
    """Return values as whole numbers of 2^-40, held in float64."""
    whole: Array = np.rint(values.astype(np.float64, copy=False) * _UNITS)
    return whole
