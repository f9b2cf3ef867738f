"""Find clusters of codes and say how far to trust them. Needs no torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pxcore.clustering.chance import chance
from pxcore.clustering.clusters import Clustering
from pxcore.clustering.fit import cluster
from pxcore.clustering.nuisance import explained
from pxcore.clustering.params import ClusterParams
from pxcore.clustering.stability import stability
from pxcore.clustering.transfer import counterparts
from pxcore.clustering.verdict import judge
from pxcore.clustering.view import tsne_view
from pxcore.runs.execute.context import Context
from pxcore.runs.saved.clusters import (
    ClusteredCells,
    ClusterStory,
    StoredCodes,
    load_clustering,
    load_codes,
    save_clusters,
)
from pxcore.runs.unlabelled.tasks import ClusterTask
from pxcore.types import Array
from pxcore.types.unlabelled_views import ClusterTrust

SHOWN = 24
"""Cells of a cluster's gallery."""
STARTS = 3
"""Of the mixtures that only ask how stable clusters are."""


def find_clusters(context: Context, task: ClusterTask) -> None:
    """Write the artifact of a clustering.

    Raises ClusteringError for codes that cannot be clustered, Cancelled when asked to stop.
    """
    work, find = context.work, context.artifacts.folder
    stored = load_codes(find(task.codes))
    work.tell("finding clusters", 0.05, at_once=True)
    found = cluster(stored.codes, task.params)
    labels = found.predict(stored.codes)
    work.check()
    work.tell("asking whether they come again", 0.4, at_once=True)
    trust = _trust(stored, found, labels, task.params)
    work.check()
    work.tell("drawing the map", 0.7, at_once=True)
    points = found.points(stored.codes)
    view = tsne_view(points, task.params.seed % 2**32)
    cells = ClusteredCells(
        cluster=labels,
        posterior=found.probabilities(stored.codes).max(axis=1).astype(np.float32),
        places=view.places.astype(np.float32),
        place_rows=view.cells,
    )
    first = load_clustering(find(task.first)) if task.first else None
    story = ClusterStory(
        sizes=found.sizes(stored.codes),
        bic=found.bic,
        trust=trust,
        galleries=_galleries(points, labels, found.n_clusters),
        counterpart=counterparts(first, found, stored.codes) if first else (),
    )
    save_clusters(context.folder, found, cells, story)


def _trust(
    stored: StoredCodes, found: Clustering, labels: Array, params: ClusterParams
) -> ClusterTrust:
    """Return the verdict on clusters with what it rests on."""
    asked = replace(params, n_clusters=found.n_clusters, n_init=min(STARTS, params.n_init))
    again = stability(stored.codes, found, asked)
    by_chance = chance(stored.codes, found, asked)
    several = len(np.unique(labels)) > 1
    nuisance = explained(labels, stored.nuisance, asked) if several else None
    sizes = found.sizes(stored.codes)
    judged = judge(found, sizes, again, by_chance, nuisance, may_centre=stored.may_centre)
    return ClusterTrust(
        verdict=judged.verdict,
        said=(*judged.said, *edge_words(found.bic)),
        agreement=again.mean,
        by_chance=by_chance.most,
        per_cluster=again.per_cluster,
        nuisance=nuisance.alone if nuisance else (),
        nuisance_together=nuisance.together if nuisance else None,
        guess=nuisance.guess if nuisance else 0.0,
    )


def edge_words(bic: tuple[tuple[int, float], ...]) -> tuple[str, ...]:
    """Return a sentence where BIC is smallest at the largest number that was tried.

    Codes are never wholly Gaussian, and BIC pays for that with further clusters.

    >>> edge_words(((1, 9.0), (2, 5.0), (3, 7.0)))
    ()
    """
    if len(bic) < 2 or min(bic, key=lambda one: one[1])[0] != bic[-1][0]:
        return ()
    most = bic[-1][0]
    return (
        f"BIC still falls at {most} clusters, the most that were tried: it does not say how many "
        "kinds there are. Look where its curve bends and whether galleries differ, and ask for "
        "that number",
    )


def _galleries(points: Array, labels: Array, n_clusters: int) -> tuple[tuple[int, ...], ...]:
    """Return for each cluster its cells that lie nearest to its mean point."""
    found = []
    for k in range(n_clusters):
        own = np.flatnonzero(labels == k)
        centre = points[own].mean(axis=0) if len(own) else 0.0
        away = np.square(points[own] - centre).sum(axis=1)
        found.append(tuple(int(c) for c in own[np.argsort(away, kind="stable")[:SHOWN]]))
    return tuple(found)
