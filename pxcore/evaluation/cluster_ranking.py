"""Channels ranked on clusters without a classifier: spoil a channel, encode again, ask again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from pxcore.importance import engine
from pxcore.importance.fold import FoldImportance
from pxcore.importance.masks import CellMasks
from pxcore.importance.method import ExplainRequest
from pxcore.importance.perturbations import PERTURBATIONS, Context
from pxcore.training.device import Layout
from pxcore.training.device_cells import DeviceCells
from pxcore.training.predict import outputs
from pxcore.types import Array
from pxcore.types.unlabelled import Planes


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRankRequest:
    """Clusters as a network, and cells to ask it about: those clustered, or others held out."""

    network: nn.Module
    """As :func:`pxcore.clustering.network.cluster_network` makes it, on the cells' device."""
    cells: DeviceCells
    planes: Planes
    n_clusters: int
    perturbation: str = "permute_cells"
    """An entry of ``PERTURBATIONS``. Across cells it destroys everything a channel says of a cell;
    pixels permuted within it leave the amount of light, and so may miss a channel."""
    groups: Array | None = None
    """(n,) donors: partners are of the same one."""
    masks: CellMasks | None = None
    fill: Array | None = None
    """(P,) what replaces a plane, for the perturbation ``mean``."""
    seed: int = 0
    repeats: int | None = None
    """None: until the order is settled, at most ``max_repeats``."""
    max_repeats: int = 100
    batch_size: int = 256
    """Cells a forward pass."""
    tell: Callable[[str, float], None] = lambda _step, _share: None
    stop: Callable[[], bool] = lambda: False


def rank_on_clusters(request: ClusterRankRequest) -> FoldImportance:
    """Return what each channel means to the clusters: a row a channel, a volume being one channel.

    ::

        scores            1 - F1 of the clusters found again         (R, channels, K)
        probability_drop  drop in the posterior of a cell's cluster  (R, channels, K)

    Labels are the undisturbed clusters, so that F1 without perturbation is 1. Clusters without a
    cell among those asked are NaN. All planes of a volume are spoilt with one draw.

    Raises
    ------
    MethodError
        For an unknown perturbation, or one that lacks what it needs.
    Cancelled
        When ``request.stop()`` says so.
    """
    perturbation = PERTURBATIONS[request.perturbation]
    labels = clusters_of(request.network, request.cells, request.stop, request.batch_size)
    return engine.measure(
        f"clusters:{perturbation.id}",
        perturbation,
        ExplainRequest(
            model=request.network,
            cells=request.cells,
            labels=labels,
            n_classes=request.n_clusters,
            groups=request.groups,
            seed=request.seed,
            repeats=request.repeats,
            max_repeats=request.max_repeats,
            layout=Layout(batch_size=request.batch_size),
            tell=request.tell,
            stop=request.stop,
        ),
        Context(
            cells=request.cells,
            seed=request.seed,
            groups=request.groups,
            masks=request.masks,
            fill=request.fill,
        ),
        units=request.planes.units,
    )


def clusters_of(
    network: nn.Module,
    cells: DeviceCells,
    stop: Callable[[], bool] | None = None,
    batch_size: int = 256,
) -> Array:
    """Return (n,) int64 the cluster of each cell as the network sees it."""
    found: torch.Tensor = outputs(network, cells, batch_size, stop).argmax(dim=1)
    labels: Array = found.cpu().numpy()
    return labels


def channel_means(importance: FoldImportance) -> Array:
    """Return (channels,) 1 - macro F1 of each: the mean over repeats and clusters with cells."""
    present = ~np.isnan(importance.base_score)
    found: Array = importance.scores[:, :, present].mean(axis=(0, 2))
    return found


def named(values: Array, names: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Return (channel, value), the most important first."""
    order = np.argsort(-values, kind="stable")
    return tuple((names[i], float(values[i])) for i in order)
