"""Whether the same clusters come again: other starts, other cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from pxcore.clustering.agreement import adjusted_rand, contingency
from pxcore.clustering.clusters import Clustering
from pxcore.clustering.fit import cluster
from pxcore.clustering.params import ClusterParams, drawn
from pxcore.errors import ClusteringError
from pxcore.types import Array

_NULL = 1_000_003
"""Added to a seed for draws without clusters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterStability:
    """What several seeds say of the same cells."""

    agreement: tuple[float, ...]
    """Adjusted Rand index of every pair of seeds, over all cells."""
    per_cluster: tuple[float, ...]
    """(K,): overlap (Jaccard) of each cluster with the most alike of every seed, mean."""

    @property
    def mean(self) -> float:
        """Mean agreement; 1 = always the same clusters, 0 = as chance."""
        return float(np.mean(self.agreement))


def stability(
    codes: Array, clustering: Clustering, params: ClusterParams, seeds: Sequence[int] = range(5)
) -> ClusterStability:
    """Return how alike the clusters of several seeds are.

    Each seed draws 80 % of the cells, clusters them with its own starts into as many clusters as
    ``clustering`` has, and says of all cells where they belong.

    Source: Hennig, Cluster-wise assessment of cluster stability, CSDA 52, 2007 (there with
    bootstrap samples).

    Raises
    ------
    ClusteringError
        With fewer than two seeds, or cells of which 80 % cannot be clustered.
    """
    if len(seeds) < 2:
        message = f"{len(seeds)} seeds were given; at least 2 are needed to compare clusters"
        raise ClusteringError(message)
    own, n = clustering.predict(codes), clustering.n_clusters
    params = replace(params, n_clusters=n)
    found = [_said(codes, params, seed) for seed in seeds]
    overlaps = np.stack([_overlap(own, labels, n) for labels in found])  # (S, K)
    return ClusterStability(
        agreement=tuple(adjusted_rand(a, b) for a, b in combinations(found, 2)),
        per_cluster=tuple(float(value) for value in overlaps.mean(axis=0)),
    )


def chance(
    codes: Array, clustering: Clustering, params: ClusterParams, seeds: Sequence[int] = range(5)
) -> ClusterStability:
    """Return the same for codes without clusters: one Gaussian with the spread of these points.

    Parting what has no parts is not wholly unstable either; this says how stable it is.
    """
    points = clustering.points(codes)
    rng = np.random.default_rng([params.seed, _NULL])
    spread = np.cov(points, rowvar=False, ddof=0).reshape(points.shape[1], points.shape[1])
    cloud = rng.multivariate_normal(np.zeros(len(spread)), spread, len(points), method="eigh")
    params = replace(params, n_clusters=clustering.n_clusters, variant=_of_points(params.variant))
    return stability(cloud, cluster(cloud, params), params, seeds)


def _of_points(variant: str) -> str:
    """Return the variant that clusters points as this one does, without placing them again."""
    return "birch" if variant == "birch" else "raw"


def _said(codes: Array, params: ClusterParams, seed: int) -> Array:
    """Return (n,) where all cells belong, from a part of them."""
    rng = np.random.default_rng([params.seed, seed])
    taken = np.sort(rng.permutation(len(codes))[: drawn(len(codes))])
    again = cluster(codes[taken], replace(params, seed=(params.seed + seed) % 2**32))
    return again.predict(codes)


def _overlap(own: Array, other: Array, n: int) -> Array:
    """Return (K,) the largest |A ∩ B| / |A ∪ B| of each own cluster A with any other B."""
    table = contingency(own, other, n, max(n, int(other.max()) + 1))
    union = table.sum(axis=1)[:, None] + table.sum(axis=0)[None] - table
    found: Array = (table / np.maximum(union, 1)).max(axis=1)
    return found
