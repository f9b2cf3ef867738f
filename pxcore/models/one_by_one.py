"""A classifier of single planes, asked about every channel of a cell."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from pxcore.models.embedding import Embedding


class OneByOne(Embedding):
    """The mean over channels of what one network says about each.

    Parameters
    ----------
    single
        (N, 1, H, W) -> logits (N, K).
    n_channels
        C.
    """

    def __init__(self, single: nn.Module, n_channels: int) -> None:
        super().__init__(n_channels)
        self.single = single
        self.mean = nn.AdaptiveAvgPool1d(1)  # a layer, so that LRP shares among what is averaged

    def look(self, planes: torch.Tensor, channels: Sequence[int]) -> torch.Tensor:
        """Return the logits (B, C', K) of each of these planes (B, C', H, W)."""
        logits: torch.Tensor = self.single(planes.flatten(0, 1).unsqueeze(1))  # (B·C', K)
        return logits.reshape(-1, len(channels), logits.shape[1])

    def conclude(self, embedding: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, K) of those of every channel (B, C, K)."""
        averaged: torch.Tensor = self.mean(embedding.transpose(1, 2))  # (B, K, 1)
        return averaged.flatten(1)
