"""Mean intensities of single cells in whole images, summed over the cells of each image.

With these a class's mean counts every cell once, however many of them an image holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pxcore.types import Array, frozen

_BLOCK = 4 * 1024**2
"""Pixels of all channels taken at once."""


@dataclass(frozen=True, slots=True, eq=False)
class CellMeans:
    """Of the single cells in one image."""

    count: int
    """Cells that were large enough."""
    sums: Array
    """(C,) float64: the sum over them of each one's mean pixel"""

    def __post_init__(self) -> None:
        frozen(self, "sums")


@dataclass(frozen=True, slots=True, eq=False)
class SingleCells:
    """The same of every image of a data set."""

    counts: Array
    """(N,) int64"""
    sums: Array
    """(N, C) float64"""

    def __post_init__(self) -> None:
        frozen(self, "counts", "sums")

    @classmethod
    def of(cls, images: Sequence[CellMeans | None]) -> SingleCells | None:
        """Return them in one, None unless every image has them."""
        known = [one for one in images if one is not None]
        if not known or len(known) < len(images):
            return None
        counts = np.array([one.count for one in known], dtype=np.int64)
        return cls(counts, np.stack([one.sums for one in known]))

    @property
    def means(self) -> Array:
        """(N, C) float64: the mean over an image's cells, 0 where there is none."""
        means: Array = self.sums / np.maximum(self.counts, 1)[:, None]
        return means

    @property
    def content_hash(self) -> str:
        """sha256 over the values."""
        digest = hashlib.sha256(np.ascontiguousarray(self.counts, dtype="<i8").tobytes())
        digest.update(np.ascontiguousarray(self.sums, dtype="<f8").tobytes())
        return digest.hexdigest()


def cell_means(images: Array, labels: Array, least: int) -> CellMeans:
    """Return the sums over an image's cells of each one's mean pixel.

    Parameters
    ----------
    images
        (C, h, w) of any real dtype.
    labels
        (h, w) whole numbers: 0 outside, else the cell's.
    least
        Pixels below which an outline is no cell.
    """
    places, outside = labels, 0
    if labels.max() >= labels.size:  # numbers with large gaps
        numbers, places = np.unique(labels, return_inverse=True)
        places, outside = places.reshape(labels.shape), 0 if numbers[0] == 0 else -1
    sizes = np.bincount(places.ravel())
    taken = sizes >= least
    if outside == 0:
        taken[0] = False
    share = np.where(taken, 1.0 / np.maximum(sizes, 1), 0.0)  # of its cell's mean, by place
    n_channels, height, width = images.shape
    sums = np.zeros(n_channels)
    step = max(1, _BLOCK // (n_channels * width))
    for top in range(0, height, step):
        rows = images[:, top : top + step].reshape(n_channels, -1)
        with np.errstate(invalid="ignore", over="ignore"):  # the intake refuses such an image
            sums += rows @ share[places[top : top + step].ravel()]
    return CellMeans(int(taken.sum()), sums)
