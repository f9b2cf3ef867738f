"""How far the classes' mean intensities lie apart: what plain numbers say of each channel."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from pxcore.types import Array

FLOOR = 1e-3
"""The first class's mean counts as at least this share of the channel's largest one."""


def class_spread(
    cell_means: Array, labels: Array, n_classes: int, counts: Array | None = None
) -> Array:
    """Return (C,) float64: the sum over pairs of classes of |μ_s − μ_t|, divided by μ_1.

    μ_t is the mean over the cells of class t of each cell's own mean intensity, μ_1 that of the
    first class. Where that is not above 0, or next to nothing, a thousandth of the channel's
    largest class mean takes its place: such a channel comes among the first, and no result is
    infinite. A channel that is 0 in every class gets 0. Classes without a cell are left out;
    with fewer than two of them every channel gets 0.

    Parameters
    ----------
    cell_means
        (N, C) mean intensity of each cell in each channel, camera counts.
    labels
        (N,) integers: class numbers, −1 for none.
    n_classes
        K, at least 2.
    counts
        (N,) cells that each row of ``cell_means`` is the mean of; by default one.

    Source: Abdel Magid et al., MICCAI 2020, section 4.2 (three grades, single cells by
    segmentation). For K classes all pairs are summed; the guard of μ_1 is ours.
    """
    weights = np.ones(len(labels)) if counts is None else counts.astype(np.float64)
    kept = [k for k in range(n_classes) if (weights[labels == k] > 0).any()]
    if len(kept) < 2:
        return np.zeros(cell_means.shape[1])
    means = np.stack(
        [np.average(cell_means[labels == k], axis=0, weights=weights[labels == k]) for k in kept]
    )
    apart = np.zeros(means.shape[1])
    for first, second in combinations(range(len(kept)), 2):
        apart += np.abs(means[first] - means[second])
    least = FLOOR * np.abs(means).max(axis=0)
    below = np.maximum(means[0], least)
    spread: Array = np.divide(apart, below, out=np.zeros_like(apart), where=below > 0)
    return spread
