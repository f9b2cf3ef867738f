"""How alike two divisions of the same cells are, whatever their numbers are called."""

from __future__ import annotations

import numpy as np

from pxcore.types import Array


def contingency(first: Array, second: Array, n_first: int, n_second: int) -> Array:
    """Return (n_first, n_second) int64: cells in each pair of parts."""
    table = np.zeros((n_first, n_second), dtype=np.int64)
    np.add.at(table, (first, second), 1)
    return table


def adjusted_rand(first: Array, second: Array) -> float:
    """Return the adjusted Rand index of two divisions, (n,) whole numbers from 0 each.

    Pairs of cells that are together in both, above what chance gives, as a share of the most there
    could be: 1 = the same division, 0 = as chance. Two divisions of which both have one part, or
    both keep every cell alone, are the same: 1.

    Source: Hubert and Arabie, Comparing partitions, Journal of Classification 2, 1985.

    >>> adjusted_rand(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0
    """
    table = contingency(first, second, int(first.max()) + 1, int(second.max()) + 1)
    together = _pairs(table).sum()
    one, other = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum()
    everything = float(_pairs(np.asarray(len(first))))
    expected = one * other / everything if everything else 0.0
    most = (one + other) / 2
    return 1.0 if most == expected else float((together - expected) / (most - expected))


def matched(table: Array) -> Array:
    """Return (R,) int64: the column that each row goes with, -1 for none or nothing in common.

    Of all ways to give every row at most one column and every column at most one row, one in which
    most cells lie in pairs.

    Source: Kuhn, The Hungarian method, Naval Research Logistics 2, 1955.

    >>> matched(np.array([[1, 9], [5, 8], [0, 0]])).tolist()
    [1, 0, -1]
    >>> matched(np.array([[9, 0], [5, 0]])).tolist()
    [0, -1]
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - only this needs it

    rows, columns = linear_sum_assignment(table, maximize=True)
    found = np.full(len(table), -1, dtype=np.int64)
    found[rows] = np.where(table[rows, columns] > 0, columns, -1)
    return found


def _pairs(counts: Array) -> Array:
    """Return the pairs among so many, as floats."""
    n = np.asarray(counts, dtype=np.float64)
    found: Array = n * (n - 1) / 2
    return found
