"""Networks that explain clusters: one on a frozen encoder, one that sees only masks."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Self

import torch
from torch import nn

from pxcore.errors import TrainingError

_HIDDEN = 1024
_DROPOUT = 0.1
SMALLEST_MASK = 16
"""Three strides of 2 leave two pixels of it."""


class ClusterClassifier(nn.Module):
    """The published classifier N: cells -> logits of clusters, through an encoder that is fixed.

    Encoder, ReLU, linear to 1,024, BatchNorm, ReLU, dropout 0.1, linear to the clusters. The
    encoder gets no gradients and always is in evaluation mode: its BatchNorm would otherwise go
    on changing with the cells it sees.

    Parameters
    ----------
    autoencoder
        With the part ``encoder``; it is copied.
    n_codes, n_clusters
        Numbers in a code, and clusters.

    Source: Zhang et al., Scientific Reports 13, 2023. We differ: BatchNorm of the frozen encoder
    stays as it was trained.
    """

    def __init__(
        self, autoencoder: nn.Module, n_codes: int, n_clusters: int, hidden: int = _HIDDEN
    ) -> None:
        super().__init__()
        encoder = copy.deepcopy(autoencoder.get_submodule("encoder"))
        self.encoder = encoder.requires_grad_(requires_grad=False)
        self.head = nn.Sequential(
            OrderedDict(
                relu=nn.ReLU(),
                linear=nn.Linear(n_codes, hidden),
                norm=nn.BatchNorm1d(hidden),
                relu2=nn.ReLU(),
                dropout=nn.Dropout(_DROPOUT),
                last=nn.Linear(hidden, n_clusters),
            )
        )

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002 - torch's own signature
        """Set the mode of everything but the encoder, which stays as in evaluation."""
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """Return logits (B, K) of cells (B, P, H, W)."""
        logits: torch.Tensor = self.head(self.encoder(planes))
        return logits


def mask_network(image_size: tuple[int, int], n_clusters: int, width: int = 32) -> nn.Module:
    """Return the published network of masks: (B, 1, H, W) -> logits (B, K).

    5x5 stride 2 to 32, 64 and 128 maps with ReLU, then linear layers of 1,024 and 512.

    Raises
    ------
    TrainingError
        For masks of fewer than 16 pixels.

    Source: Zhang et al., Scientific Reports 13, 2023, and its notebooks. ``width`` scales every
    layer; 32 is the published one.
    """
    if min(image_size) < SMALLEST_MASK:
        height, columns = image_size
        message = (
            f"masks of {height} x {columns} pixels are too small for the network of masks; "
            f"expected at least {SMALLEST_MASK} x {SMALLEST_MASK}"
        )
        raise TrainingError(message)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    n_in, rows, columns = 1, *image_size
    for number, times in enumerate((1, 2, 4), start=1):
        n_out = width * times
        layers[f"conv{number}"] = nn.Conv2d(n_in, n_out, 5, stride=2, padding=2)
        layers[f"relu{number}"] = nn.ReLU()
        n_in, rows, columns = n_out, -(-rows // 2), -(-columns // 2)
    layers["flatten"] = nn.Flatten()
    layers["linear1"] = nn.Linear(n_in * rows * columns, 32 * width)
    layers["relu4"] = nn.ReLU()
    layers["linear2"] = nn.Linear(32 * width, 16 * width)
    layers["relu5"] = nn.ReLU()
    layers["last"] = nn.Linear(16 * width, n_clusters)
    return nn.Sequential(layers)
