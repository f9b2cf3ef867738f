"""How far two rankings agree: Spearman, Kendall's tau-b, overlap of the first m channels.

Every training of a ranking gives an order of its own. The value is that of the means over
trainings; beside it stands the range over trainings (of one run, where both methods explained the
same models) or over all pairs of them (of two runs). No interval of a correlation over a handful
of channels is honest, so none is given; ``by_chance`` says how often orders agree by luck.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pxcore.types import Array, Role
from pxcore.types.comparison import Agreement, Column, ComparedChannel, Measured

FEW = 5
"""Channels up to which an agreement may well be luck."""


def agreements(
    columns: Sequence[Column], channels: Sequence[ComparedChannel], top: int
) -> tuple[Agreement, ...]:
    """Return the agreement of every pair of columns on the real channels that both have.

    ``top``: m of the overlap, at most one less than the most channels that any pair shares.
    Decoys are left out: everybody puts them last, which would look like agreement.
    """
    pairs = {(a, b): _shared(channels, a, b) for b in range(len(columns)) for a in range(b)}
    most = max((len(both) for both in pairs.values()), default=0)
    top = max(1, min(top, most - 1))
    found = []
    for (a, b), both in pairs.items():
        mine, theirs = [p for p, _ in both], [q for _, q in both]
        same = _of_same_models(columns[a], columns[b])
        values = _values(columns[a], mine), _values(columns[b], theirs)
        found.append(_pair((a, b), *values, paired=same, top=top))
    return tuple(found)


def spearman(first: Array, second: Array) -> Array:
    """Return (J, L) Spearman correlations of each of (J, C) with each of (L, C) values.

    Pearson's correlation of the ranks, equal values sharing their mean rank. NaN for fewer than
    two channels and where all values are the same.

    >>> float(spearman(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 3.0, 2.0]]))[0, 0])
    0.5
    """
    return _cosine(_centred_ranks(first), _centred_ranks(second))


def kendall(first: Array, second: Array) -> Array:
    """Return (J, L) Kendall's tau-b of each of (J, C) with each of (L, C) values.

    ::

        tau-b = (concordant - discordant) / sqrt(pairs untied in one · pairs untied in the other)

    NaN for fewer than two channels and where all values are the same.
    """
    return _cosine(_signs(first), _signs(second))


def top_overlap(first: Array, second: Array, top: int) -> Array:
    """Return (J, L): the share of the ``top`` largest of one that are among the other's.

    Of equal values the earlier channel counts. NaN unless 1 <= top < C: all of C channels are
    always shared.
    """
    n_channels = first.shape[1]
    if not 1 <= top < n_channels:
        return np.full((len(first), len(second)), np.nan)
    result: Array = _among_top(first, top) @ _among_top(second, top).T / top
    return result


def by_chance(n_channels: int) -> float:
    """Return how probable it is that two unrelated orders of n channels are the same: 1 / n!.

    >>> round(by_chance(3), 3)
    0.167
    """
    return 1 / math.factorial(n_channels)


def _of_same_models(first: Column, second: Column) -> bool:
    """Return whether two rankings are of the very same trainings, one by one."""
    return first.item.run_id == second.item.run_id and first.model == second.model


def _shared(channels: Sequence[ComparedChannel], a: int, b: int) -> list[tuple[int, int]]:
    """Return the positions of the real channels that two columns have."""
    return [
        (mine, theirs)
        for channel in channels
        if channel.role is not Role.DECOY
        and (mine := channel.positions[a]) is not None
        and (theirs := channel.positions[b]) is not None
    ]


def _pair(
    which: tuple[int, int], first: Array, second: Array, *, paired: bool, top: int
) -> Agreement:
    """Return the agreement of (1 + J, C) with (1 + L, C) values, the means first."""
    paired = paired and len(first) == len(second)
    return Agreement(
        first=which[0],
        second=which[1],
        n_channels=first.shape[1],
        paired=paired,
        spearman=_measured(spearman(first, second), paired=paired),
        kendall=_measured(kendall(first, second), paired=paired),
        overlap=_measured(top_overlap(first, second, top), paired=paired),
        top=top,
    )


def _values(column: Column, positions: Sequence[int]) -> Array:
    """Return (1 + J, C) values: the means, then every training's."""
    rows = [column.ranking.mean, *column.ranking.folds]
    return np.array(rows, dtype=np.float64)[:, list(positions)]


def _measured(table: Array, *, paired: bool) -> Measured:
    """Return the value of the means and the range over trainings of (1 + J, 1 + L)."""
    inner = table[1:, 1:]
    over = np.diagonal(inner) if paired else inner.ravel()
    known = over[~np.isnan(over)]
    low, high = (known.min(), known.max()) if known.size else (np.nan, np.nan)
    # Rounded: a perfect order comes out as 0.9999999999999998.
    return Measured(
        value=round(float(table[0, 0]), 12), low=round(float(low), 12), high=round(float(high), 12)
    )


def _centred_ranks(values: Array) -> Array:
    """Return (J, C) ranks less their mean, all 0 where values are the same."""
    if values.shape[1] == 0:
        return values
    from scipy.stats import rankdata  # noqa: PLC0415 - half a second that no other page needs

    ranks: Array = rankdata(values, axis=1) - (values.shape[1] + 1) / 2
    return ranks


def _signs(values: Array) -> Array:
    """Return (J, pairs): which channel of each pair has the larger value, -1, 0 or 1."""
    left, right = np.triu_indices(values.shape[1], k=1)
    result: Array = np.sign(values[:, right] - values[:, left])
    return result


def _cosine(first: Array, second: Array) -> Array:
    """Return (J, L) products of rows over their lengths, NaN where a length is 0."""
    lengths = np.sqrt((first**2).sum(1))[:, None] * np.sqrt((second**2).sum(1))[None, :]
    products = first @ second.T
    result: Array = np.divide(
        products, lengths, out=np.full(products.shape, np.nan), where=lengths > 0
    )
    return np.clip(result, -1.0, 1.0)


def _among_top(values: Array, top: int) -> Array:
    """Return (J, C): 1 for the ``top`` largest of each row, else 0."""
    order = np.argsort(-values, axis=1, kind="stable")[:, :top]
    chosen = np.zeros(values.shape)
    np.put_along_axis(chosen, order, 1.0, axis=1)
    return chosen
