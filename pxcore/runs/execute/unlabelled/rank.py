"""Rank channels on clusters without a classifier."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pxcore.clustering.network import cluster_network
from pxcore.evaluation.cluster_ranking import ClusterRankRequest, channel_means, rank_on_clusters
from pxcore.importance import bootstrap
from pxcore.importance.fold import FoldImportance
from pxcore.importance.repeats import channel_values
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.memory import with_smaller_batches
from pxcore.runs.execute.unlabelled.cells import encoding
from pxcore.runs.saved.cluster_ranks import StoredRanking, save_ranking
from pxcore.runs.saved.clusters import load_clustering
from pxcore.runs.unlabelled.tasks import RankClustersTask
from pxcore.types import Array

SAMPLES = 1000
"""Bootstrap samples of cells."""


def rank_clusters(context: Context, task: RankClustersTask) -> None:
    """Write the artifact of one ranking: cells that were clustered are asked, none held out.

    Raises ClusteringError for clusters that cannot be asked cell by cell, Cancelled when asked to
    stop.
    """
    work = context.work
    clustering = load_clustering(context.artifacts.folder(task.clusters))
    rng = np.random.default_rng([task.seed, 1])
    with encoding(context.artifacts, task.taken, task.encoder) as one:
        drawn = rng.permutation(one.opened.everyone)[: task.most_cells]
        cells = np.sort(drawn)
        request = ClusterRankRequest(
            network=cluster_network(one.network, clustering),
            cells=one.shown(cells),
            planes=task.taken.planes,
            n_clusters=clustering.n_clusters,
            perturbation=task.perturbation,
            seed=task.seed,
            max_repeats=task.max_repeats,
            tell=work.tell,
            stop=work.stop,
        )
        found, _ = with_smaller_batches(
            lambda size: rank_on_clusters(replace(request, batch_size=size)),
            request.batch_size,
            work,
        )
    work.log(f"{found.n_repeats} repeats of {len(found.labels)} cells")
    save_ranking(context.folder, ranked(found, rng))


def ranked(found: FoldImportance, rng: np.random.Generator) -> StoredRanking:
    """Return channels with value, interval and rank.

    Intervals come from resampled cells (bootstrap within clusters): they say how far the value
    rests on which cells were asked, not what another encoder would say.
    """
    value = channel_means(found)  # (C,)
    present = [int(k) for k in np.flatnonzero(~np.isnan(found.base_score))]
    n_repeats = bootstrap.repeats_used([found], SAMPLES)
    moved = value + bootstrap.cell_part(found, SAMPLES, n_repeats, rng, present)
    low, high = np.percentile(moved, (2.5, 97.5), axis=0)
    ranks = bootstrap.ranks(moved, rng)
    first, last = np.percentile(ranks, (2.5, 97.5), axis=0, method="nearest")
    order = np.argsort(-value, kind="stable")
    rank = np.empty(len(value), dtype=np.int64)
    rank[order] = np.arange(1, len(value) + 1)
    drop = channel_values(found.probability_drop.mean(axis=0)[None][..., present])[0]
    return StoredRanking(
        value=_numbers(value),
        low=_numbers(low),
        high=_numbers(high),
        rank=tuple(int(r) for r in rank),
        rank_low=tuple(int(r) for r in np.minimum(first, rank)),
        rank_high=tuple(int(r) for r in np.maximum(last, rank)),
        posterior_drop=_numbers(drop),
        per_cluster=tuple(_numbers(row) for row in found.scores.mean(axis=0)),
        n_cells=len(found.labels),
        repeats=found.n_repeats,
    )


def _numbers(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
