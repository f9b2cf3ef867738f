"""What the order of the channels would have been with other folds and other held-out cells.

A bootstrap sample moves every channel's value by two independent parts::

    value* = value + widening · t · (mean of J folds drawn with replacement - mean of the folds)
                   + mean over folds (value on resampled cells - value on the cells)

Both parts move all channels together (the same folds, the same cells), so what channels share
cancels in their order. Cells are drawn with replacement within their class, as folds are
stratified by class; where donors are known, whole donors are drawn. Values on resampled cells
come from the stored predictions by weighted confusion counts, matrix products, without a model.

Donors that are drawn can all lack a class; drawn cells cannot. The value of such a sample is the
mean over the classes that it has, as a fold's own value is (``ranking``), so what classes differ
in widens the ranges. A sample without any of the classes says nothing: it is replaced by another
one, and only where no sample has any (or the fold itself) is nothing moved. :func:`lacking`
counts both.

Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993. We differ: the plain
bootstrap of J overlapping folds is too narrow three times. It misses (J - 1) / J of the variance,
it ignores that folds share training cells, and it takes the spread of a handful of folds for the
true one. ``widening`` gives it the variance of Nadeau and Bengio (2003), and ``t``, drawn once a
sample, the tails of the t distribution that the interval of the value has too::

    widening² = (1 / J + n_test / n_train) / ((J - 1) / J²)        t² = (J - 1) / chi²(J - 1)

Simulated with 8 channels 0.3 standard deviations of a fold apart and 3 folds, the ranges of ranks
then hold the true rank in 93 % of cases; without the two factors in 73 % (``tests/importance/
test_bootstrap.py`` repeats it).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from pxcore.importance.fold import FoldImportance
from pxcore.importance.repeats import channel_values
from pxcore.types import Array

WORK = 1e11
"""Products and sums a bootstrap may take: a few seconds on one core."""
_CHUNK_BYTES = 64 * 1024**2


def fold_part(
    values: Array, test_share: float, n_samples: int, generator: np.random.Generator
) -> Array:
    """Return (S, C): how other folds would have moved the mean of (J, C) fold values.

    ``test_share``: n_test / n_train. With one fold all is 0: nothing can be said.
    """
    n_folds = len(values)
    if n_folds < 2:
        return np.zeros((n_samples, values.shape[1]))
    drawn = generator.integers(n_folds, size=(n_samples, n_folds))
    widening = np.sqrt((1 / n_folds + test_share) / ((n_folds - 1) / n_folds**2))
    tails = np.sqrt((n_folds - 1) / generator.chisquare(n_folds - 1, size=(n_samples, 1)))
    moved: Array = widening * tails * (values[drawn].mean(axis=1) - values.mean(axis=0))
    return moved


def repeats_used(folds: Sequence[FoldImportance], n_samples: int, work: float = WORK) -> int:
    """Return how many of the repeats the bootstrap of cells can take in without taking long.

    The first repeats are as good as any; at least 5 are used. What resampling cells does to the
    mean over 5 repeats and over 100 is nearly the same.
    """
    longest = max(fold.n_repeats for fold in folds)
    one = sum(2.0 * n_samples * fold.labels.size * fold.scores[0].size for fold in folds)
    return int(min(longest, max(5, work // max(one, 1.0))))


def cell_part(
    fold: FoldImportance,
    n_samples: int,
    n_repeats: int,
    generator: np.random.Generator,
    classes: Sequence[int] | None = None,
    *,
    by_cell: bool = False,
) -> Array:
    """Return (S, C): how other held-out cells would have moved one fold's channel values.

    ``classes``: those a channel's value is the mean of; None for all. ``by_cell``: attributions
    are means over the cells of these classes, whichever class a cell is of.
    """
    used = _used(fold, classes)
    all_once = np.ones((1, fold.labels.size), np.float32)
    observed = _values(fold, all_once, n_repeats, used, by_cell=by_cell)
    parts = [
        _values(fold, weights, n_repeats, used, by_cell=by_cell)
        for weights in _weights(fold, n_samples, generator)
    ]
    return _replaced(np.concatenate(parts) - observed)


def lacking(
    fold: FoldImportance,
    n_samples: int,
    generator: np.random.Generator,
    classes: Sequence[int] | None = None,
) -> int:
    """Return in how many samples of :func:`cell_part` a class of the fold has no cell.

    The arguments are the same, and so must be the state of ``generator``.
    """
    if not draws_donors(fold):
        return 0
    members = np.eye(fold.scores.shape[-1], dtype=np.float32)[fold.labels][:, _used(fold, classes)]
    members = members[:, members.any(axis=0)]  # (n, K')
    return sum(
        int((weights @ members == 0).any(axis=1).sum())
        for weights in _weights(fold, n_samples, generator)
    )


def draws_donors(fold: FoldImportance) -> bool:
    """Return True when whole donors are resampled: when the fold holds at least two."""
    return fold.groups is not None and len(np.unique(fold.groups)) > 1


def ranks(values: Array, generator: np.random.Generator) -> Array:
    """Return (S, C) ranks from 1 of (S, C) values, largest first; equal values fall by chance."""
    n_samples, n_channels = values.shape
    mixed = np.tile(np.arange(n_channels), (n_samples, 1))
    mixed = generator.permuted(mixed, axis=1)
    order = np.argsort(-np.take_along_axis(values, mixed, 1), axis=1, kind="stable")
    result = np.empty_like(mixed)
    places = np.broadcast_to(np.arange(1, n_channels + 1), result.shape)
    np.put_along_axis(result, np.take_along_axis(mixed, order, 1), places, 1)
    return result


def _used(fold: FoldImportance, classes: Sequence[int] | None) -> list[int]:
    return list(range(fold.scores.shape[-1]) if classes is None else classes)


def _replaced(moved: Array) -> Array:
    """Return (S, C) with others in place of the samples that are NaN; 0 where all are."""
    empty = np.isnan(moved).any(axis=1)
    if empty.all():
        return np.zeros_like(moved)
    result = moved.copy()
    # In turn, not by chance: starts of one fold must go on sharing their samples.
    result[empty] = moved[~empty][np.arange(empty.sum()) % (~empty).sum()]
    return result


def _weights(
    fold: FoldImportance, n_samples: int, generator: np.random.Generator
) -> Iterator[Array]:
    """Yield (S', n) float32: how often each cell was drawn, a bounded number of samples a time."""
    n_cells = fold.labels.size
    if fold.groups is not None and draws_donors(fold):
        donors, unit = np.unique(fold.groups, return_inverse=True)
        strata = [np.arange(len(donors))]
    else:
        strata = [np.flatnonzero(fold.labels == k) for k in np.unique(fold.labels)]
        unit = np.arange(n_cells)
    n_units = int(unit.max()) + 1
    step = max(1, _CHUNK_BYTES // (4 * n_cells))
    for start in range(0, n_samples, step):
        rows = min(step, n_samples - start)
        counts = np.zeros((rows, n_units), np.float32)
        for members in strata:
            drawn = generator.integers(len(members), size=(rows, len(members)))
            drawn += np.arange(rows)[:, None] * len(members)
            found = np.bincount(drawn.ravel(), minlength=rows * len(members))
            counts[:, members] = found.reshape(rows, len(members))
        yield counts[:, unit]


def _values(
    fold: FoldImportance, weights: Array, n_repeats: int, used: list[int], *, by_cell: bool
) -> Array:
    """Return (S, C): the channels' mean over repeats and classes with (S, n) weights of cells."""
    n_classes = fold.scores.shape[-1]
    by_class = np.argsort(fold.labels, kind="stable")
    labels, weights = fold.labels[by_class], weights[:, by_class]
    ends = np.searchsorted(labels, np.arange(n_classes + 1))
    if fold.predictions is None or fold.base_predictions is None:
        classes, cells = _class_means(fold, weights, by_class, ends)
        return channel_values(classes[..., used], cells[..., used] if by_cell else None)
    base = _f1(weights, fold.base_predictions[None, by_class], ends)  # (S, 1, K)
    drops = []
    for predicted in fold.predictions[:, :n_repeats]:
        spoilt = _f1(weights, predicted[:, by_class], ends)  # (S, R, K)
        # Differences before means: a channel that changes nothing stays exactly at 0.
        drops.append(channel_values((base - spoilt).mean(axis=1)[:, used]))  # (S,)
    return np.stack(drops, axis=1)


def _f1(weights: Array, predicted: Array, ends: Array) -> Array:
    """Return (S, R, K) F1 of (R, n) predictions with (S, n) weights, NaN without true cells.

    Cells stand in the order of their classes; class k has those from ends[k] to ends[k + 1].
    """
    n_repeats, n_cells = predicted.shape
    n_classes = len(ends) - 1
    called_as = predicted.T[:, :, None] == np.arange(n_classes)  # (n, R, K)
    flat = called_as.reshape(n_cells, -1).astype(np.float32)
    called = (weights @ flat).reshape(-1, n_repeats, n_classes)
    hits, true = np.empty_like(called), np.empty((len(weights), 1, n_classes), np.float32)
    for k, (first, last) in enumerate(pairwise(ends)):
        own = weights[:, first:last]
        hits[:, :, k] = own @ called_as[first:last, :, k].astype(np.float32)
        true[:, 0, k] = own.sum(axis=1)
    there = np.where(true > 0, true, np.nan)
    result: Array = 2.0 * hits.astype(np.float64) / (called + there)
    return result


def _class_means(
    fold: FoldImportance, weights: Array, by_class: Array, ends: Array
) -> tuple[Array, Array]:
    """Return class means (S, C, K) for methods without predictions, and their cells (S, 1, K)."""
    n_samples, n_classes = len(weights), len(ends) - 1
    means = np.zeros((n_samples, fold.scores.shape[1], n_classes))
    cells = np.zeros((n_samples, 1, n_classes))
    if fold.cell_drop is None:
        return means, cells + 1
    values = fold.cell_drop[:, by_class].T  # (n, C)
    for k, (first, last) in enumerate(pairwise(ends)):
        own = weights[:, first:last]
        cells[:, 0, k] = own.sum(axis=1, dtype=np.float64)
        there = np.where(cells[:, :, k] > 0, cells[:, :, k], np.nan)
        means[:, :, k] = (own @ values[first:last]) / there
    return means, cells
