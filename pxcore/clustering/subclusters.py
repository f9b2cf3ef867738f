"""BIRCH as plain arrays: many small groups, each of which belongs to a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pxcore.clustering.params import ClusterParams
from pxcore.types import Array, frozen

_BLOCK = 4096
"""Points whose distances to all groups are held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Subclusters:
    """The nearest group's cluster. There is no posterior: a cell belongs wholly or not at all."""

    centres: Array
    """(S, d) float64"""
    owner: Array
    """(S,) int64: the cluster of each group."""
    n_clusters: int
    kind: ClassVar[str] = "subclusters"

    def __post_init__(self) -> None:
        frozen(self, "centres", "owner")

    def log_parts(self, points: Array) -> Array:
        """Return (n, K) float64: minus the squared distance to each cluster's nearest group."""
        parts = np.empty((len(points), self.n_clusters))
        own = [self.centres[self.owner == k] for k in range(self.n_clusters)]
        for start in range(0, len(points), _BLOCK):
            here = points[start : start + _BLOCK]
            for k, centres in enumerate(own):
                parts[start : start + _BLOCK, k] = -_apart(here, centres).min(axis=1)
        return parts

    def probabilities(self, points: Array) -> Array:
        """Return (n, K) float64: 1 for the cluster of each point."""
        found: Array = np.eye(self.n_clusters)[self.log_parts(points).argmax(axis=1)]
        return found

    def arrays(self) -> dict[str, Array]:
        """Return what makes it again, as plain arrays."""
        return {
            "centres": self.centres,
            "owner": self.owner,
            "n_clusters": np.asarray(self.n_clusters, dtype=np.int64),
        }


def _apart(points: Array, centres: Array) -> Array:
    """Return (b, S) squared distances, with no array of (b, S, d) between."""
    middle = centres.mean(axis=0)  # large equal parts would cancel with few digits left
    points, centres = points - middle, centres - middle
    squares = np.square(points).sum(axis=1)[:, None] + np.square(centres).sum(axis=1)[None]
    found: Array = np.maximum(squares - 2 * points @ centres.T, 0.0)
    return found


def fit_birch(points: Array, n_clusters: int, params: ClusterParams) -> Subclusters:
    """Return groups no wider than half the spread of the points, joined to ``n_clusters``.

    Groups are made smaller until there are at least as many as clusters. BIRCH draws nothing: the
    seed plays no part.

    Source: Zhang, Ramakrishnan and Livny, BIRCH, SIGMOD 1996, in scikit-learn's form.
    """
    del params
    from sklearn.cluster import Birch  # noqa: PLC0415 - half a second to load

    width = 0.5 * float(np.sqrt(points.var(axis=0).sum()))
    while True:
        # Without a final step first: joining fewer groups than clusters would warn.
        found = Birch(threshold=max(width, 1e-12), n_clusters=None).fit(points)
        if len(found.subcluster_centers_) >= n_clusters or width < 1e-9:
            break
        width /= 2
    found.set_params(n_clusters=n_clusters).partial_fit()
    labels = found.subcluster_labels_
    names, sizes = np.unique(found.predict(points), return_counts=True)
    order = names[np.argsort(-sizes, kind="stable")]  # the largest cluster is the first
    number = {int(name): k for k, name in enumerate(order)}
    kept = np.isin(labels, order)  # a group that no cell is nearest to owns nothing
    return Subclusters(
        centres=np.asarray(found.subcluster_centers_, dtype=np.float64)[kept],
        owner=np.array([number[int(name)] for name in labels[kept]], dtype=np.int64),
        n_clusters=len(order),
    )
