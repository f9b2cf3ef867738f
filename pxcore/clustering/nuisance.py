"""What of each cell is chance, where it lies and how large it is, and whether clusters are that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pxcore.clustering.params import ClusterParams
from pxcore.data.source import CellSource
from pxcore.types import Array, MaskKind
from pxcore.types.unlabelled import Nuisance

_NEIGHBOURS = 15
_FOLDS = 5
_BLOCK_BYTES = 16 * 2**20
LIGHT = "brightness"
"""Told, and no nuisance: it may be what was asked."""
NAMES = ("row", "column", "size", LIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceReport:
    """How well chance alone tells the clusters apart: balanced accuracy of cells left out."""

    alone: tuple[tuple[str, float], ...]
    """(name, balanced accuracy) of each nuisance, the best first."""
    together: float
    """Of place and size together; brightness is not among them, as it may be what was asked."""
    guess: float
    """1 / clusters: what chance gives."""

    @property
    def first(self) -> str:
        """Name of what tells the clusters apart best, of what ``together`` rests on."""
        return next((name for name, _ in self.alone if name != LIGHT), "")

    @property
    def share(self) -> float:
        """Where ``together`` lies between guessing (0) and certainty (1); at least 0."""
        return max(0.0, (self.together - self.guess) / (1.0 - self.guess))


def nuisances(source: CellSource, cells: Array, block: int | None = None) -> Nuisance:
    """Return where each cell lies in its frame, how large and how bright it is.

    By its mask where there is one (a cell with an empty mask is taken by its light). Without, by
    its light: how far each pixel is from its plane's median, each plane scaled to its largest;
    what is less than a quarter of the largest left out. Size is the root of the mean squared
    distance from the cell's own middle. Rows and columns are pixels from the middle of the frame;
    brightness is the mean of all pixels after scaling each plane by its mean over these cells.
    ``block``: cells held at once as float64; None for as many as take 16 MiB, at most 256.
    """
    if block is None:
        cell_bytes = 8 * int(np.prod(source.image_shape))
        block = min(256, max(1, _BLOCK_BYTES // cell_bytes))
    parts = []
    for start in range(0, len(cells), block):
        here = cells[start : start + block]
        images = source.images(here).astype(np.float64)  # (b, P, H, W)
        masks = source.masks(here) if source.mask_kind is MaskKind.CELL else None
        parts.append(np.column_stack([_placed(_weights(images, masks)), images.mean(axis=(2, 3))]))
    found = np.concatenate(parts)  # (n, 3 + P)
    light = found[:, 3:]
    mean = np.abs(light).mean(axis=0)
    bright = (light / np.where(mean > 0, mean, 1.0)).mean(axis=1)
    return Nuisance(names=NAMES, values=np.column_stack([found[:, :3], bright]))


def explained(clusters: Array, nuisance: Nuisance, params: ClusterParams) -> NuisanceReport:
    """Return how well nuisance predicts the clusters (n,) of cells left out.

    By the 15 nearest cells in standardised nuisance, each of five parts of the cells from the
    others: no shape is assumed, so that corners of the frame count as well as left and right.
    """
    n_clusters = int(clusters.max()) + 1
    values = nuisance.values
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    rng = np.random.default_rng([params.seed, len(clusters)])
    part = rng.permutation(len(clusters)) % _FOLDS
    alone = [
        (name, _by_neighbours(scaled[:, [i]], clusters, part))
        for i, name in enumerate(nuisance.names)
    ]
    geometry = [i for i, name in enumerate(nuisance.names) if name != LIGHT]
    return NuisanceReport(
        alone=tuple(sorted(alone, key=lambda one: -one[1])),
        together=_by_neighbours(scaled[:, geometry], clusters, part),
        guess=1.0 / n_clusters,
    )


def _by_neighbours(values: Array, clusters: Array, part: Array) -> float:
    """Return the balanced accuracy of the most frequent cluster among the nearest others."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - only this needs it

    called = np.zeros_like(clusters)
    sizes = np.bincount(clusters)
    for fold in range(_FOLDS):
        known, asked = np.flatnonzero(part != fold), np.flatnonzero(part == fold)
        if not (len(known) and len(asked)):
            continue
        k = min(_NEIGHBOURS, len(known))
        _, near = cKDTree(values[known]).query(values[asked], k=np.arange(1, k + 1))
        votes = np.stack(
            [(clusters[known][near] == c).sum(axis=1) for c in range(len(sizes))], axis=1
        )
        # Divided by size: a large cluster would win everywhere, and balanced accuracy not see it.
        called[asked] = (votes / np.maximum(sizes, 1)).argmax(axis=1)
    right = np.bincount(clusters[called == clusters], minlength=len(sizes))
    there = sizes > 0
    return float((right[there] / sizes[there]).mean())


def _weights(images: Array, masks: Array | None) -> Array:
    """Return (b, H, W) how much of each pixel is cell."""
    light = np.abs(images - np.median(images, axis=(2, 3), keepdims=True))
    top = light.max(axis=(2, 3), keepdims=True)
    light = (light / np.where(top > 0, top, 1.0)).mean(axis=1)  # (b, H, W)
    most = light.max(axis=(1, 2), keepdims=True)
    light = np.where(light >= 0.25 * most, light, 0.0)
    if masks is None:
        return light
    inside = (masks > 0).max(axis=1)
    empty = ~inside.max(axis=(1, 2))
    return np.where(empty[:, None, None], light, inside)


def _placed(weights: Array) -> Array:
    """Return (b, 3): row and column from the middle, and size, of weights (b, H, W)."""
    _, height, width = weights.shape
    total = weights.sum(axis=(1, 2))
    safe = np.where(total > 0, total, 1.0)
    rows = np.arange(height) - (height - 1) / 2
    columns = np.arange(width) - (width - 1) / 2
    row = weights.sum(axis=2) @ rows / safe
    column = weights.sum(axis=1) @ columns / safe
    away = weights.sum(axis=2) @ rows**2 + weights.sum(axis=1) @ columns**2
    size = np.sqrt(np.maximum(away / safe - row**2 - column**2, 0.0))
    return np.column_stack([row, column, size])
