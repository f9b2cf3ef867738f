"""Encoder and clusters as one network: cells -> how likely each cluster is.

So a clustering is asked like a classifier: every perturbation method ranks channels on it, with
the undisturbed clusters as labels, and no classifier is trained in between.
"""

from __future__ import annotations

import copy
from collections import OrderedDict

import numpy as np
import torch
from torch import nn

from pxcore.clustering.clusters import Clustering
from pxcore.clustering.mixture import Mixture
from pxcore.clustering.placing import Affine
from pxcore.clustering.subclusters import Subclusters
from pxcore.errors import ClusteringError


def cluster_network(autoencoder: nn.Module, clustering: Clustering) -> nn.Module:
    """Return (B, P, H, W) -> (B, K): the logarithm of each cluster's part, up to one number a cell.

    Softmax of it is the clustering's posterior; the largest is its cluster. Computed in float64
    after the encoder. For BIRCH it is minus the squared distance to the nearest group, whose
    softmax is a share but no posterior.

    Parameters
    ----------
    autoencoder
        With the part ``encoder``; it is copied, not changed. In evaluation mode afterwards.

    Raises
    ------
    ClusteringError
        For the variant umap, whose map has no formula.
    """
    placing, assigner = clustering.placing, clustering.assigner
    if not isinstance(placing, Affine):
        message = (
            f"clusters of the variant {clustering.variant} cannot be asked cell by cell fast "
            "enough to rank channels; cluster with the variant whitened, or train a classifier on "
            "the clusters"
        )
        raise ClusteringError(message)
    encoder = copy.deepcopy(autoencoder.get_submodule("encoder"))
    last = _Mixture(assigner) if isinstance(assigner, Mixture) else _Subclusters(assigner)
    parts = OrderedDict(encoder=encoder, placing=_Affine(placing), clusters=last)
    return nn.Sequential(parts).to(_device(encoder)).eval().requires_grad_(requires_grad=False)


class _Affine(nn.Module):
    """Codes (B, L) float32 -> points (B, d) float64."""

    def __init__(self, placing: Affine) -> None:
        super().__init__()
        self.shift: torch.Tensor
        self.matrix: torch.Tensor
        self.register_buffer("shift", torch.tensor(placing.shift))
        self.register_buffer("matrix", torch.tensor(placing.matrix))

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        return (codes.double() - self.shift) @ self.matrix


class _Mixture(nn.Module):
    """Points -> log parts (B, K), as ``Mixture.log_parts``."""

    def __init__(self, mixture: Mixture) -> None:
        super().__init__()
        self.means: torch.Tensor
        self.roots: torch.Tensor
        self.constant: torch.Tensor
        k = mixture.n_clusters
        roots = np.broadcast_to(mixture.roots, (k, *mixture.roots.shape[1:]))
        size = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
        self.register_buffer("means", torch.tensor(mixture.means))
        self.register_buffer("roots", torch.tensor(roots))
        self.register_buffer("constant", torch.tensor(np.log(mixture.weights) + size))

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        away = points[None] - self.means[:, None]  # (K, B, d)
        distance = torch.bmm(away, self.roots).square().sum(dim=2)  # (K, B)
        return (self.constant[:, None] - 0.5 * distance).T


class _Subclusters(nn.Module):
    """Points -> minus the squared distance to each cluster's nearest group (B, K)."""

    def __init__(self, found: Subclusters) -> None:
        super().__init__()
        self.centres: torch.Tensor
        self.register_buffer("centres", torch.tensor(found.centres))
        self._own = [np.flatnonzero(found.owner == k) for k in range(found.n_clusters)]

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        distance = torch.cdist(points, self.centres).square()  # (B, S)
        return torch.stack([-distance[:, own].amin(dim=1) for own in self._own], dim=1)


def _device(module: nn.Module) -> torch.device:
    return next(module.parameters()).device
