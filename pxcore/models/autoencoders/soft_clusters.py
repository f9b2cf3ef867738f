"""An autoencoder whose codes also say, softly, which cluster a cell belongs to."""

from __future__ import annotations

import torch
from torch import nn

from pxcore.types import Array


class SoftClusters(nn.Module):
    """Codes (B, L) -> log q (B, K): how near each cell is to each centre, as shares.

    ::

        z = (code - shift) · matrix          q_k proportional to 1 / (1 + |z - centre_k|²)

    ``shift`` (L,) and ``matrix`` (L, d) stay as given, and put codes where distances mean
    something: whitened codes, of which none rules by its spread alone. ``centres`` (K, d) are
    learned.

    Source: Xie, Girshick and Farhadi, Unsupervised deep embedding, ICML 2016, equation 1, there on
    the codes themselves.
    """

    def __init__(self, shift: Array, matrix: Array, centres: Array) -> None:
        super().__init__()
        self.shift: torch.Tensor
        self.matrix: torch.Tensor
        self.register_buffer("shift", torch.tensor(shift, dtype=torch.float32))
        self.register_buffer("matrix", torch.tensor(matrix, dtype=torch.float32))
        self.centres = nn.Parameter(torch.tensor(centres, dtype=torch.float32))

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the logarithms of the shares of each cell."""
        placed = (codes - self.shift) @ self.matrix  # (B, d)
        distance = (placed[:, None] - self.centres[None]).square().sum(dim=2)  # (B, K)
        return (-torch.log1p(distance)).log_softmax(dim=1)


class RefinedAutoencoder(nn.Module):
    """``encoder`` and ``decoder`` of an autoencoder, with ``clusters`` beside them."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, clusters: SoftClusters) -> None:
        super().__init__()
        self.encoder, self.decoder, self.clusters = encoder, decoder, clusters

    def forward(self, planes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the cells drawn again, and log q (B, K)."""
        codes = self.encoder(planes)
        return self.decoder(codes), self.clusters(codes)
