"""A small made-up clustering, for figures and pages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import tests.example_values as ex
from pxcore.types import Dataset, Panel, RunRow, RunState
from pxcore.types.unlabelled import Planes
from pxcore.types.unlabelled_ask import ClusterAsk
from pxcore.types.unlabelled_views import (
    ClassMatch,
    ClusterCalls,
    ClusterMaps,
    ClusterRanking,
    ClusterResult,
    ClusterTrust,
    EncoderLive,
    MaskFold,
    Redrawn,
)

N = 150
SIZES = (75, 45, 30)
ASK = ClusterAsk(dataset_id="d1", title="Clusters of Jurkat cells", rank=True, maps=True)
STABLE = ClusterTrust(
    verdict="stable",
    said=("the clusters come again: seeds agree by 0.93", "clusters with fewer than 30 cells: 3"),
    agreement=0.93,
    by_chance=0.2,
    per_cluster=(0.95, 0.9, 0.5),
    nuisance=(("row", 0.41), ("size", 0.35)),
    nuisance_together=0.44,
    guess=0.33,
)
CHANCE = replace(STABLE, verdict="chance", said=("the clusters are no better than chance",))


CALLS = ClusterCalls(
    balanced_accuracy=0.9, f1=0.9, recall=(0.9,) * 3, guess=0.33, n_cells=30,
    said="On 30 cells left out the classifier behind the maps is right.",
)  # fmt: skip


def row(state: RunState = RunState.FINISHED) -> RunRow:
    made = ex.run_row(state, "Clusters of Jurkat cells")
    return replace(made, preset="clusters", model="dcae_2d", methods=())


def live(panel: Panel = ex.PANEL, epochs: int = 2) -> EncoderLive:
    shape = (4, len(panel), 12, 10)
    before = np.random.default_rng(5).random(shape).astype(np.float32)
    redrawn = Redrawn(epoch=epochs, positions=np.arange(4), before=before, after=before / 2)
    losses = tuple((0.5 / (n + 1), 0.6 / (n + 1)) for n in range(epochs))
    return EncoderLive(epochs=40, losses=losses, redrawn=redrawn if epochs else None)


def ranking(panel: Panel = ex.PANEL, warning: str = "") -> ClusterRanking:
    n = len(panel)
    value = tuple((0.02, 0.61, 0.1, 0.0)[c % 4] for c in range(n))
    low = tuple(v - 0.03 for v in value)
    return ClusterRanking(
        method="permute_cells",
        label="Across cells",
        channels=panel.names,
        value=value,
        low=low,
        high=tuple(v + 0.03 for v in value),
        rank=tuple(1 + sum(other > own for other in value) for own in value),
        rank_low=(1,) * n,
        rank_high=(n,) * n,
        posterior_drop=value,
        per_cluster=tuple((v, v, float("nan")) for v in value),
        n_cells=50,
        repeats=7,
        warning=warning,
    )


def match(classes: tuple[str, ...] = ex.CLASSES) -> ClassMatch:
    return ClassMatch(
        classes=classes,
        counterpart=(0, 1, 2),
        confusion=np.array([[50, 10, 0], [20, 30, 10], [5, 5, 10]]),
        balanced_accuracy=0.61,
        ari=0.4,
        f1=0.6,
        precision_per_class=(0.7, 0.6, 0.5),
        recall_per_class=(0.8, 0.5, 0.5),
        f1_per_class=(0.7, 0.5, float("nan")),
        n_cells=140,
    )


def folds(value: float) -> tuple[MaskFold, ...]:
    one = MaskFold(balanced_accuracy=value, precision=value, recall=value, f1=value, auc=value)
    return (one,) * 3


def maps(positions: np.ndarray, panel: Panel = ex.PANEL) -> ClusterMaps:
    n = len(positions)
    drawn = np.random.default_rng(6).random((n, 12, 10)).astype(np.float32)
    return ClusterMaps(
        positions=positions,
        images=ex.cells(n, panel).images,
        maps=drawn,
        masks=drawn > 0.5,
        called=np.arange(n) % 3,
        cluster=np.zeros(n, dtype=np.int64),
    )


def result(
    panel: Panel = ex.PANEL,
    classes: tuple[str, ...] = ex.CLASSES,
    dataset: Dataset | None = None,
) -> ClusterResult:
    generator = np.random.default_rng(4)
    cluster = np.repeat(np.arange(3), SIZES)
    labels = np.full(N, -1)
    labels[:140] = np.repeat(np.arange(3), (60, 60, 20))
    placed = np.arange(0, N, 2)
    return ClusterResult(
        run=row(),
        ask=ASK,
        dataset=dataset or ex.dataset(panel, classes),
        panel=panel,
        planes=Planes(pictures=len(panel)),
        centred=True,
        cells=np.arange(N),
        cluster=cluster,
        posterior=np.full(N, 0.9, np.float32),
        sizes=SIZES,
        places=generator.normal(0, 1, (len(placed), 2)).astype(np.float32),
        place_rows=placed,
        brightness=generator.random((N, len(panel))).astype(np.float32),
        labels=labels,
        groups=np.arange(N) % 2,
        bic=((1, 900.0), (2, 700.0), (3, 650.0), (4, 660.0)),
        galleries=tuple(tuple(np.flatnonzero(cluster == k)[:24].tolist()) for k in range(3)),
        trust=STABLE,
        against=match(classes),
        live=live(panel),
        history=(),
        rankings=(ranking(panel),),
        has_maps=True,
        calls=CALLS,
        mask_folds=folds(0.9),
        mask_control=folds(0.35),
        mask_dealt="Whole donors were left out.",
        details=(("Autoencoder", "dcae_2d (width 8)"),),
    )
