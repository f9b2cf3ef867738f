"""Clusters found with an encoder of another data set, beside the clusters of that set."""

from __future__ import annotations

from pxcore.clustering.agreement import contingency
from pxcore.clustering.clusters import Clustering
from pxcore.types import Array


def counterparts(first: Clustering, second: Clustering, codes: Array) -> tuple[int, ...]:
    """Return for each cluster of ``second`` the cluster of ``first`` most of its cells would be in.

    Several may go with the same one: a set with fewer kinds has no cells for every cluster of the
    other. -1 for a cluster without cells.

    Parameters
    ----------
    first
        Of the data set that the encoder was trained on.
    second
        Found anew on the second set.
    codes
        (n, L) of the second set, by the same encoder.
    """
    own, old = second.predict(codes), first.predict(codes)
    table = contingency(own, old, second.n_clusters, first.n_clusters)
    return tuple(int(row.argmax()) if row.any() else -1 for row in table)
