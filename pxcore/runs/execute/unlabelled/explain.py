"""A classifier of clusters on the frozen encoder, and whether its masks tell clusters apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np
import torch
from torch import nn

from pxcore.data.annotation import Annotation
from pxcore.data.dealing import deal, fullest
from pxcore.errors import ClusteringError
from pxcore.evaluation.cluster_calls import calls_of
from pxcore.evaluation.mask_check import MaskCase, MaskCheckParams, MaskScores, check_masks
from pxcore.models.autoencoders import AUTOENCODERS
from pxcore.models.cluster_classifier import ClusterClassifier
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.memory import smaller_notes, with_smaller_batches
from pxcore.runs.execute.unlabelled.cells import Encoding, encoding
from pxcore.runs.saved.cluster_ranks import (
    StoredMaskCheck,
    save_calls,
    save_mask_check,
    save_refusal,
)
from pxcore.runs.saved.clusters import load_clustered
from pxcore.runs.saved.encoder import save_weights
from pxcore.runs.unlabelled.tasks import ExplainClustersTask, MaskCheckTask
from pxcore.settings import Settings
from pxcore.training.device import choose_device
from pxcore.training.fit import Control, TrainingData, fit
from pxcore.types import Array, Epoch, TrainingParams
from pxcore.types.unlabelled_views import MaskFold

PARTS = 5
"""One of so many parts of the cells is kept for the test: 80/20, as published."""
VALID, BATCH = 0.2, 64
FROZEN = "encoder."
"""How names of weights begin that are the encoder's own, and are not written twice."""


def explain_clusters(context: Context, task: ExplainClustersTask) -> None:
    """Write the head of a classifier of clusters; the encoder's weights are its own artifact's.

    Where fewer than two clusters have cells enough, why is written in its place.
    """
    clusters = load_clustered(context.artifacts.folder(task.clusters)).cluster
    try:
        labels = learnable(clusters)
    except ClusteringError as error:
        save_refusal(context.folder, str(error))
        return
    donors = _donors(context, task.donors)
    parts, dealing = deal(labels, donors, PARTS, task.seed % 2**32, VALID)
    with encoding(context.artifacts, task.taken, task.encoder) as one:
        data = TrainingData(
            source=one.opened.source,
            labels=labels,
            n_classes=int(clusters.max()) + 1,
            fold=fullest(labels, parts),
            limits=one.limits,
        )
        build, control = classifier(one, data.n_classes), _control(context, task.seed, task.epochs)
        found, size = with_smaller_batches(
            lambda size: fit(data, _training(task.epochs, size), build, control),
            BATCH,
            context.work,
        )
    calls = calls_of(found.test_labels, found.test_probability, dealing)
    context.work.log(
        f"balanced accuracy {calls.balanced_accuracy:.2f} on {calls.n_cells} held-out cells"
    )
    save_calls(context.folder, replace(calls, notes=smaller_notes(size, BATCH)))
    own = {name: w for name, w in found.weights.items() if not name.startswith(FROZEN)}
    save_weights(context.folder, own)


def check_maps(context: Context, task: MaskCheckTask) -> None:
    """Write whether masks of maps tell clusters apart, beside the same with dealt clusters.

    Where a cluster has too few cells for the folds, why is written in its place.
    """
    clusters = load_clustered(context.artifacts.folder(task.clusters)).cluster
    with encoding(context.artifacts, task.taken, task.encoder) as one:
        case = MaskCase(
            source=one.opened.source,
            limits=one.limits,
            build=classifier(one, int(clusters.max()) + 1),
            part=layer(AUTOENCODERS[one.story.spec.id].last_map),
            control=_control(context, task.seed, task.epochs),
            donors=_donors(context, task.donors),
        )
        try:
            found, size = with_smaller_batches(
                lambda size: check_masks(
                    replace(case, params=_check_params(task.epochs, size)), clusters
                ),
                BATCH,
                context.work,
            )
        except ClusteringError as error:
            save_mask_check(context.folder, StoredMaskCheck(refused=str(error)))
            return
    stored = StoredMaskCheck(
        folds=_told(found.folds),
        control=_told(found.control),
        dealing=found.dealing,
        notes=smaller_notes(size, BATCH),
    )
    save_mask_check(context.folder, stored)


def classifier(one: Encoding, n_clusters: int) -> Callable[[], nn.Module]:
    """Return what builds the published classifier on an encoder."""
    with torch.no_grad():
        codes = one.network.get_submodule("encoder")(one.shown(np.arange(1)).batch(_first(one)))

    def build() -> nn.Module:
        return ClusterClassifier(one.network, codes.shape[1], n_clusters)

    return build


def layer(name: str) -> Callable[[nn.Module], nn.Module]:
    """Return what finds a layer by its name."""
    return lambda model: model.get_submodule(name)


def learnable(clusters: Array) -> Array:
    """Return clusters (N,) with -1 for the cells of clusters that are too small to deal out.

    Raises ClusteringError where fewer than two are left.
    """
    sizes = np.bincount(clusters)
    labels: Array = np.where(sizes[clusters] >= PARTS, clusters, -1)
    if (sizes >= PARTS).sum() < 2:
        message = (
            f"clusters have {', '.join(map(str, sizes))} cells; explaining them needs at least two "
            f"with {PARTS} cells or more: ask for other clusters, or leave the maps out"
        )
        raise ClusteringError(message)
    return labels


def _first(one: Encoding) -> torch.Tensor:
    """Return the position of the first cell, on the network's device."""
    return torch.zeros(1, dtype=torch.int64, device=next(one.network.parameters()).device)


def _training(epochs: int, batch_size: int) -> TrainingParams:
    """Return how the classifier is trained: cells as they are, as its maps see them."""
    return TrainingParams(
        max_epochs=epochs, batch_size=batch_size, balance="oversample", flips=False, noise=0.0
    )


def _check_params(epochs: int, batch_size: int) -> MaskCheckParams:
    """Return the settings of a check that takes at most so many cells at once."""
    usual = MaskCheckParams()
    return replace(
        usual,
        batch_size=batch_size,
        maps=replace(usual.maps, max_epochs=epochs, batch_size=batch_size),
        masks=replace(usual.masks, max_epochs=epochs, batch_size=batch_size),
    )


def _donors(context: Context, annotation: str) -> Array | None:
    """Return (N,) the donor of every cell; None where no two are known."""
    if not annotation:
        return None
    return Annotation.load(context.artifacts.folder(annotation)).known_groups


def _control(context: Context, seed: int, epochs: int) -> Control:
    work = context.work

    def tell(epoch: Epoch) -> None:
        work.tell(f"epoch {epoch.number} of {epochs}", epoch.number / epochs)

    device = choose_device(Settings().device)
    return Control(seed=seed, device=device, folder=work.checkpoint, tell=tell, stop=work.stop)


def _told(found: tuple[MaskScores, ...]) -> tuple[MaskFold, ...]:
    return tuple(MaskFold(**asdict(one)) for one in found)
