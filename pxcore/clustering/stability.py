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
    own, n = clustering.predict(codes), clustering.n_clusters
    found = _by_seed(codes, replace(params, n_clusters=n), seeds)
    overlaps = np.stack([_overlap(own, labels, n) for labels in found])  # (S, K)
    return ClusterStability(
        agreement=_pairs(found), per_cluster=tuple(float(value) for value in overlaps.mean(axis=0))
    )


def agreement(codes: Array, params: ClusterParams, seeds: Sequence[int]) -> float:
    """Return how alike the clusters of several seeds are, without asking which ones come again.

    ``params`` says how many clusters. Raises what :func:`stability` raises.
    """
    return float(np.mean(_pairs(_by_seed(codes, params, seeds))))


def _by_seed(codes: Array, params: ClusterParams, seeds: Sequence[int]) -> list[Array]:
    """Return for each seed where all cells belong, (n,) each."""
    if len(seeds) < 2:
        message = f"{len(seeds)} seeds were given; at least 2 are needed to compare clusters"
        raise ClusteringError(message)
    return [_said(codes, params, seed) for seed in seeds]


def _pairs(found: list[Array]) -> tuple[float, ...]:
    """Return the adjusted Rand index of every pair."""
    return tuple(adjusted_rand(a, b) for a, b in combinations(found, 2))


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
