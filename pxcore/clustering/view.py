"""Codes as a picture: a point a cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pxcore.clustering.params import ClusterParams, checked
from pxcore.clustering.placing import whitening
from pxcore.types import Array, frozen

MOST = 10_000
"""Cells drawn at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodeView:
    """Places of some cells."""

    cells: Array
    """(m,) int64: rows of the codes that were placed, ascending."""
    places: Array
    """(m, 2) float64; only who is near whom means something."""

    def __post_init__(self) -> None:
        frozen(self, "cells", "places")


def tsne_view(points: Array, seed: int = 0, most: int = MOST, perplexity: float = 30.0) -> CodeView:
    """Return a t-SNE of points (n, d), of ``most`` random ones where there are more.

    Points are those that were clustered (``Clustering.points``). The perplexity is lowered where
    there are few cells. It starts from the two main directions and repeats for a seed.

    Source: van der Maaten and Hinton, JMLR 9, 2008.

    Raises
    ------
    ClusteringError
        For fewer than four cells, or cells that are all the same.
    """
    from sklearn.manifold import TSNE  # noqa: PLC0415 - half a second to load

    cells = np.arange(len(points))
    if len(points) > most:
        drawn = np.random.default_rng([seed, len(points)]).permutation(len(points))[:most]
        cells = np.sort(drawn)
    taken = checked(points[cells], ClusterParams())
    start = whitening(taken, 2).points(taken)
    if start.shape[1] < 2:
        start = np.column_stack([start, np.zeros(len(taken))])
    model = TSNE(
        n_components=2,
        perplexity=min(perplexity, (len(taken) - 1) / 3),
        init=np.asarray(start * 1e-4, dtype=np.float32),
        random_state=seed,
    )
    return CodeView(cells=cells, places=np.asarray(model.fit_transform(taken), dtype=np.float64))
