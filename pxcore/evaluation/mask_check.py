"""Whether the regions an explanation points at tell the clusters apart, with every leak closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import nn

from pxcore.data import folds
from pxcore.data.dealing import Folds, deal
from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells, CellSource
from pxcore.errors import ClusteringError
from pxcore.importance.attribution.grad_cam import even_maps, masks_of
from pxcore.models.cluster_classifier import mask_network
from pxcore.training import metrics
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit import TrainingData, fit
from pxcore.training.loop import Control
from pxcore.training.predict import restore
from pxcore.training.seeding import derive
from pxcore.types import Array, Fold, TrainingParams
from pxcore.types.unlabelled_views import Dealing

_MAPS, _MASKS = 11, 12
"""Purposes of random numbers."""
_INNER = 5
"""One of so many parts of the training cells is validated on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskCheckParams:
    """How the check is made."""

    n_folds: int = 5
    batch_size: int = 64
    """Cells of which maps are made at once."""
    width: int = 32
    """Of the network of masks; 32 is the published one."""
    maps: TrainingParams = field(default_factory=lambda: _training(30))
    """Training of the classifier whose maps are looked at."""
    masks: TrainingParams = field(default_factory=lambda: _training(30))
    """Training of the network of masks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskScores:
    """What one fold's network of masks does on cells of which nothing was seen in training."""

    balanced_accuracy: float
    precision: float
    recall: float
    f1: float
    """Macro means over the clusters that have cells."""
    auc: float
    """One cluster against the rest, macro mean; 0.5 = chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskCheck:
    """Scores of every fold, and of the same procedure with clusters dealt at random."""

    folds: tuple[MaskScores, ...]
    control: tuple[MaskScores, ...]
    """Everything again with the cluster labels permuted, cells left out in the same way: what the
    procedure gives for nothing."""
    dealing: Dealing
    """How cells came into folds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MaskCase:
    """Cells, their clusters' explanation, and how the check is steered."""

    source: CellSource
    limits: Normaliser
    """What normalises cells as the encoder wants."""
    build: Callable[[], nn.Module]
    """Makes the classifier of cells (``ClusterClassifier``)."""
    part: Callable[[nn.Module], nn.Module]
    """Finds the layer whose maps are taken."""
    control: Control
    donors: Array | None = None
    """(N,) donor of every cell, -1 where unknown; None where no two donors are known."""
    params: MaskCheckParams = field(default_factory=MaskCheckParams)


def check_masks(case: MaskCase, clusters: Array) -> MaskCheck:
    """Return whether masks of Grad-CAM tell the clusters apart.

    For each fold, half of the cells outside it trains the classifier (with a validation part of
    its own). It then draws the masks of the other half and of the fold: of no cell that it was
    trained on. The network of masks learns from that half, with a validation part, and is judged
    once on the fold. A mask is the mean of every cluster's map, so that it is not told which
    cluster was called. Folds and halves are of whole donors where donors allow it; the validation
    parts, which choose an epoch, are dealt cell by cell within a half.

    Source: Zhang et al., Scientific Reports 13, 2023, with its leaks closed: there the epoch is
    picked on the test fold, one network draws all masks, and each is that of the called cluster.

    Parameters
    ----------
    clusters
        (N,) cluster of every cell.

    Raises
    ------
    ClusteringError
        When a cluster has too few cells for the folds.
    """
    params, control = case.params, case.control
    n_clusters = int(clusters.max()) + 1
    smallest = int(np.bincount(clusters, minlength=n_clusters).min())
    if n_clusters < 2 or smallest < 4 * params.n_folds:
        message = (
            f"there are {n_clusters} clusters, the smallest of {smallest} cells; checking masks in "
            f"{params.n_folds} folds needs at least 2, each of {4 * params.n_folds} cells or more"
        )
        raise ClusteringError(message)
    seed = control.seed % 2**32
    parts, dealing = deal(clusters, case.donors, params.n_folds, seed, 0.5, _INNER)
    permuted, control_parts = _for_nothing(case, clusters, parts, dealing)
    return MaskCheck(
        folds=_scores(case, clusters, parts),
        control=_scores(case, permuted, control_parts),
        dealing=dealing,
    )


def _for_nothing(
    case: MaskCase, clusters: Array, parts: Folds, dealing: Dealing
) -> tuple[Array, Folds]:
    """Return permuted clusters (N,) and their folds, dealt as those of the clusters were.

    Of whole donors it is the same folds, with clusters permuted within each donor: every part then
    holds as many cells of a cluster as before.
    """
    seed = case.control.seed % 2**32
    rng = np.random.default_rng([seed, len(clusters)])
    if dealing.by == "cell" or case.donors is None:
        permuted: Array = rng.permutation(clusters)
        return permuted, deal(permuted, None, dealing.n_folds, seed, 0.5)[0]
    permuted = clusters.copy()
    for donor in np.unique(case.donors):
        own = np.flatnonzero(case.donors == donor)
        permuted[own] = rng.permutation(clusters[own])
    return permuted, parts


def _scores(case: MaskCase, clusters: Array, parts: Folds) -> tuple[MaskScores, ...]:
    """Return the scores of every fold."""
    return tuple(_fold(case, clusters, fold, number) for number, fold in enumerate(parts))


def _fold(case: MaskCase, clusters: Array, fold: Fold, number: int) -> MaskScores:
    """Return the scores of one fold; its ``train`` and ``valid`` are the two halves."""
    n_clusters = int(clusters.max()) + 1
    data = TrainingData(
        source=case.source,
        labels=clusters,
        n_classes=n_clusters,
        fold=_with_inner(clusters, fold.train, None),
        limits=case.limits,
    )
    maps = fit(data, case.params.maps, case.build, _controlled(case, _MAPS, number))
    model = restore(case.build, maps.weights, case.control.device)
    seen = np.concatenate([fold.valid, fold.test])
    place = np.arange(len(seen))
    labels = clusters[seen]
    data = TrainingData(
        source=ArrayCells(_masks(case, model, seen, n_clusters)),
        labels=labels,
        n_classes=n_clusters,
        fold=_with_inner(labels, place[: len(fold.valid)], place[len(fold.valid) :]),
        limits=Normaliser(np.zeros(1, np.float32), np.ones(1, np.float32)),
    )
    size = case.source.image_shape[1:]
    found = fit(
        data,
        case.params.masks,
        lambda: mask_network(size, n_clusters, case.params.width),
        _controlled(case, _MASKS, number),
    )
    return scores_of(found.test_labels, found.test_probability)


def _with_inner(labels: Array, cells: Array, test: Array | None) -> Fold:
    """Return ``cells`` parted into training and validation, with a test part.

    Without one the validation cells stand there: nobody looks at what is said of them.
    """
    inner = folds.split(labels[cells], None, _INNER, 0, 0.5)[0]
    valid = cells[inner.test]
    train = cells[np.sort(np.concatenate([inner.train, inner.valid]))]
    return Fold(train, valid, valid if test is None else test)


def _masks(case: MaskCase, model: nn.Module, cells: Array, n_clusters: int) -> Array:
    """Return (n, 1, H, W) uint8: 1 inside the mask of each of these cells."""
    shown = DeviceCells(case.source, cells, case.limits, case.control.device)
    found = []
    for positions in torch.split(torch.arange(len(cells)), case.params.batch_size):
        images = shown.batch(positions.to(shown.device))
        maps = even_maps(model, images, case.part, n_clusters)
        found.append(masks_of(maps).cpu().numpy().astype(np.uint8))
    return np.concatenate(found)[:, None]


def _controlled(case: MaskCase, purpose: int, number: int) -> Control:
    """Return the control of one training: a seed of its own, and no checkpoints."""
    seed = derive(case.control.seed, purpose, number)
    return replace(case.control, seed=seed, folder=None, tell=lambda _epoch: None)


def scores_of(labels: Array, probability: Array) -> MaskScores:
    """Return macro scores of predicted probabilities (n, K) of clusters (n,)."""
    counts = metrics.confusion(labels, probability.argmax(axis=1), probability.shape[1])
    there = counts.sum(axis=1) > 0
    recall = metrics.recall_per_class(counts)[there]
    return MaskScores(
        balanced_accuracy=float(recall.mean()),
        precision=float(metrics.precision_per_class(counts)[there].mean()),
        recall=float(recall.mean()),
        f1=float(metrics.f1_per_class(counts)[there].mean()),
        auc=float(np.mean([_auc(labels == k, probability[:, k]) for k in np.flatnonzero(there)])),
    )


def _auc(own: Array, value: Array) -> float:
    """Return the share of pairs (own, other) in which own has the larger value; ties count half."""
    from scipy.stats import rankdata  # noqa: PLC0415 - only this needs it

    n_own, n_other = int(own.sum()), int((~own).sum())
    if not n_own * n_other:
        return 0.5
    ranks = rankdata(value)[own].sum()
    return float((ranks - n_own * (n_own + 1) / 2) / (n_own * n_other))


def _training(epochs: int) -> TrainingParams:
    """Return settings without random changes: a mask has no noise and no other side."""
    return TrainingParams(
        max_epochs=epochs, batch_size=64, balance="oversample", flips=False, noise=0.0
    )
