"""An encoder of one data set used on a second: new clusters there, numbered like the first ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pxcore.clustering.agreement import adjusted_rand, contingency, matched
from pxcore.clustering.clusters import Clustering
from pxcore.clustering.fit import cluster
from pxcore.clustering.params import ClusterParams
from pxcore.types import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transfer:
    """Clusters of a second data set beside what the first data set's clusters say of it."""

    clustering: Clustering
    """Fitted on the second set."""
    counterpart: tuple[int, ...]
    """(K,): the cluster of the first set that most of the same cells would belong to; -1 for
    none."""
    agreement: float
    """Adjusted Rand index of both on the second set."""


def transfer(first: Clustering, codes: Array, params: ClusterParams | None = None) -> Transfer:
    """Return new clusters of ``codes`` (n, L) of a second set, by the first set's frozen encoder.

    Everything is fitted anew, scaling too. ``params`` None: the first clustering's variant, seed
    and number of clusters.

    Source: Zhang et al., Scientific Reports 13, 2023.

    Raises
    ------
    ClusteringError
        When the codes cannot be clustered.
    """
    if params is None:
        params = ClusterParams(variant=first.variant, n_clusters=first.n_clusters, seed=first.seed)
    second = cluster(codes, params)
    new, old = second.predict(codes), first.predict(np.asarray(codes, dtype=np.float64))
    table = contingency(new, old, second.n_clusters, first.n_clusters)
    return Transfer(
        clustering=second,
        counterpart=tuple(int(k) for k in matched(table)),
        agreement=adjusted_rand(new, old),
    )
