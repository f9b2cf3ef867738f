"""Clusters against classes that are known: only ever to judge, never to fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pxcore.clustering.agreement import adjusted_rand, contingency, matched
from pxcore.errors import ClusteringError
from pxcore.training import metrics
from pxcore.types import Array, frozen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgainstClasses:
    """How well clusters are classes, once each cluster goes with the class that suits it best."""

    counterpart: tuple[int, ...]
    """(clusters,): the class of each cluster; -1 for a cluster too many."""
    confusion: Array
    """(K, clusters) int64: class by row, cluster by column, as they are numbered."""
    balanced_accuracy: float
    """Mean recall over the classes that have cells."""
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    """(K,) each; NaN for a class without cells, and precision 0 for one that no cluster is."""
    macro_precision: float
    macro_f1: float
    """Means over the classes that have cells."""
    adjusted_rand: float
    """Needs no matching: 1 = the same division, 0 = as chance."""
    n_cells: int
    """Cells that have a class."""

    def __post_init__(self) -> None:
        frozen(self, "confusion")

    @property
    def macro_recall(self) -> float:
        """The balanced accuracy by its other name."""
        return self.balanced_accuracy


def against_classes(
    clusters: Array, labels: Array, n_clusters: int, n_classes: int
) -> AgainstClasses:
    """Return how well clusters (n,) are the classes (n,); cells with -1 have no class.

    Each cluster goes with at most one class and each class with at most one cluster, so that most
    cells agree (Hungarian method). Cells of a cluster too many are in no class: they cost recall.
    A class without a cluster has recall 0. With few cells this matching flatters: chance is more
    than 1 / classes.

    Source: Zhang et al., Scientific Reports 13, 2023 (there clusters are matched by hand).

    Raises
    ------
    ClusteringError
        When no cell has a class, or a number is out of range.
    """
    known = labels >= 0
    clusters, labels = clusters[known], labels[known]
    if not len(labels):
        message = "no cell has a known class; clusters can only be judged against labelled cells"
        raise ClusteringError(message)
    if clusters.min() < 0 or clusters.max() >= n_clusters or labels.max() >= n_classes:
        message = (
            f"clusters go from {clusters.min()} to {clusters.max()} and classes to "
            f"{labels.max()}; expected at most {n_clusters - 1} and {n_classes - 1}"
        )
        raise ClusteringError(message)
    table = contingency(labels, clusters, n_classes, n_clusters)
    counterpart = matched(table.T)  # (clusters,)
    called = np.where(counterpart < 0, n_classes, counterpart)[clusters]
    counts = metrics.confusion(labels, called, n_classes + 1)  # the last: no class
    there = table.sum(axis=1) > 0

    def per_class(values: Array) -> Array:
        return np.where(there, values[:n_classes], np.nan)

    precision = per_class(metrics.precision_per_class(counts))
    recall = per_class(metrics.recall_per_class(counts))
    f1 = per_class(metrics.f1_per_class(counts))
    return AgainstClasses(
        counterpart=tuple(int(k) for k in counterpart),
        confusion=table,
        balanced_accuracy=float(recall[there].mean()),
        precision=tuple(float(v) for v in precision),
        recall=tuple(float(v) for v in recall),
        f1=tuple(float(v) for v in f1),
        macro_precision=float(precision[there].mean()),
        macro_f1=float(f1[there].mean()),
        adjusted_rand=adjusted_rand(labels, clusters),
        n_cells=len(labels),
    )
