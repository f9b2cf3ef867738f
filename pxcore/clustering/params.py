"""What is asked of a clustering, and whether the codes allow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pxcore.errors import ClusteringError
from pxcore.types import Array

Covariance = Literal["tied", "diag", "full"]
LEAST = 4
"""Cells below which nothing is clustered."""
SHARE = 0.8
"""Of the cells that each seed clusters, to see whether clusters come again."""
LEAST_CLUSTERS, MOST_CLUSTERS = 2, 50
"""Clusters that can be asked for: one is no answer, and nobody can look at more."""
FEW = 200
"""Cells below which clusters are told with a warning."""


def drawn(n_cells: int) -> int:
    """Return how many of so many cells each seed clusters.

    >>> drawn(12)
    10
    """
    return round(SHARE * n_cells)


def most_clusters(n_cells: int) -> int:
    """Return how many clusters of so many cells can be asked for at most.

    >>> most_clusters(12), most_clusters(1000)
    (10, 50)
    """
    return min(MOST_CLUSTERS, drawn(n_cells))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterParams:
    """Settings of one clustering. Raises ClusteringError for numbers out of range."""

    variant: str = "whitened"
    """An entry of :data:`pxcore.clustering.fit.VARIANTS`."""
    n_clusters: int | None = None
    """None: as many as BIC likes best, from 1 to ``max_clusters``."""
    max_clusters: int = 10
    components: int = 10
    """Directions of largest spread that whitened codes keep, at most."""
    covariance: Covariance = "tied"
    """``tied``: all clusters have one shape; ``diag``: each its own along the axes; ``full``: each
    its own."""
    n_init: int = 10
    """Starts of the mixture, of which the best is kept."""
    regularise: float = 1e-3
    """Added to every variance, as a share of the mean variance of what is clustered."""
    seed: int = 0

    def __post_init__(self) -> None:
        allowed = {
            "n_clusters": (1 if self.n_clusters is None else self.n_clusters, 1, 1000),
            "max_clusters": (self.max_clusters, 1, 1000),
            "components": (self.components, 1, 4096),
            "n_init": (self.n_init, 1, 1000),
            "regularise": (self.regularise, 0.0, 1.0),
            "seed": (self.seed, 0, 2**32 - 1),
        }
        for name, (value, low, high) in allowed.items():
            if not low <= value <= high:
                message = f"clustering: {name} is {value}; give a number from {low} to {high}"
                raise ClusteringError(message)


def checked(codes: Array, params: ClusterParams) -> Array:
    """Return codes (n, L) as float64.

    Raises
    ------
    ClusteringError
        When they are not one finite row a cell, too few, all the same, or fewer than the clusters.
    """
    found: Array = np.asarray(codes, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] == 0:
        message = f"codes have shape {found.shape}; expected (cells, numbers of a code)"
        raise ClusteringError(message)
    n = len(found)
    if n < LEAST:
        message = f"{n} cells are given; expected at least {LEAST} to look for clusters"
        raise ClusteringError(message)
    if not np.isfinite(found).all():
        bad = int((~np.isfinite(found)).any(axis=1).sum())
        message = (
            f"the codes of {bad} of {n} cells are not numbers; the autoencoder's training has "
            "diverged: train it again with a lower learning rate"
        )
        raise ClusteringError(message)
    if params.n_clusters is not None and params.n_clusters > n:
        message = (
            f"{params.n_clusters} clusters were asked for and {n} cells are given; expected at "
            "most one cluster a cell, and far fewer to mean anything"
        )
        raise ClusteringError(message)
    if not np.ptp(found, axis=0).any():
        message = (
            f"all {n} cells have the same code, so nothing tells them apart: look at the channels "
            "chosen, or train the autoencoder longer"
        )
        raise ClusteringError(message)
    return found
