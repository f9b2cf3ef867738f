"""The parts of a channel-embedding network: from a channel's maps to one number, and on to a class.

Planes of all channels pass together, folded into the batch: one BatchNorm over all of them, and
one large convolution in place of C small ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from pxcore.models.embedding import Embedding

HIDDEN = 200
"""Features of each layer of the classifier."""


class ChannelEmbedding(Embedding):
    """Backbone and encoder make one number of each channel; the classifier sees those alone.

    Parameters
    ----------
    backbone
        (N, 1, H, W) -> (N, F, h, w) of single planes where channels are seen ``alone``; else
        (B, 1, C, H, W) -> (B, F, C, h, w) of all of them as a stack.
    encoders
        One for all channels, or one for each: (N, F, h, w) -> (N, 1).
    """

    def __init__(
        self,
        backbone: nn.Module,
        encoders: Sequence[nn.Module],
        shape: tuple[int, int],
        *,
        alone: bool,
    ) -> None:
        n_channels, n_classes = shape
        super().__init__(n_channels, alone=alone)
        self.backbone = backbone
        self.encoders = nn.ModuleList(encoders)
        self.classifier = nn.Sequential(
            nn.Linear(n_channels, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Linear(HIDDEN, n_classes),
        )

    def look(self, planes: torch.Tensor, channels: Sequence[int]) -> torch.Tensor:
        """Return (B, C'): one number of each of these planes (B, C', H, W)."""
        size = (-1, len(channels))
        if self.alone:
            maps = self.backbone(planes.flatten(0, 1).unsqueeze(1))  # (B·C', F, h, w)
        else:
            maps = self.backbone(planes.unsqueeze(1)).transpose(1, 2).flatten(0, 1)
        if len(self.encoders) == 1:
            numbers: torch.Tensor = self.encoders[0](maps).unflatten(0, size)
            return numbers.flatten(1)
        own = maps.unflatten(0, size)  # (B, C', F, h, w)
        encoded = [self.encoders[c](own[:, place]) for place, c in enumerate(channels)]
        return torch.cat(encoded, dim=1)

    def conclude(self, embedding: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, K) of r (B, C)."""
        logits: torch.Tensor = self.classifier(embedding)
        return logits


def flat_encoder(n_in: int, width: int, kernel: tuple[int, int]) -> nn.Sequential:
    """Return (N, n_in, h, w) -> (N, 1) for maps of just the size (h, w) of the last kernel.

    3 x (convolution 3x3 with bias, BatchNorm, ReLU) to ``width`` maps, then one convolution over
    the whole map to one number: no BatchNorm or ReLU follows, so it may be negative.
    """
    parts: list[nn.Module] = []
    for given in (n_in, width, width):
        parts += _convolution(given, width)
    return nn.Sequential(*parts, *_whole_map(width, kernel))


def pooled_encoder(width: int, kernel: tuple[int, int]) -> nn.Sequential:
    """Return (N, width, h, w) -> (N, 1) that halves the maps four times on its way.

    4 x (the larger of 2x2, 2 x (convolution 3x3 with bias, BatchNorm, ReLU)), then as
    :func:`flat_encoder` ends.
    """
    parts: list[nn.Module] = []
    for _ in range(4):
        parts += [nn.MaxPool2d(2), *_convolution(width, width), *_convolution(width, width)]
    return nn.Sequential(*parts, *_whole_map(width, kernel))


def _convolution(n_in: int, n_out: int) -> list[nn.Module]:
    return [nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)]


def _whole_map(n_in: int, kernel: tuple[int, int]) -> list[nn.Module]:
    """Return a convolution over the whole map, which is a linear layer, and is treated as one."""
    return [nn.Flatten(), nn.Linear(n_in * kernel[0] * kernel[1], 1)]
