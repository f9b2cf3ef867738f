"""Networks in two steps: what each channel shows, and what all of that together says.

Everything that asks such a network about one channel goes through here: the gradient at the
embedding, permutations that look at a spoilt channel only, and columns of embeddings exchanged
among cells.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from pxcore.models.channel_dropout import dropout_of
from pxcore.models.model import NETWORK

PIECE = 2**22
"""Pixels that pass a network at once while it is only looked at: 83 planes of 224 x 224, whose
first maps take 0.3 GB at the published width."""


class Embedding(nn.Module):
    """A network that makes something of every channel and tells the class from that alone.

    ::

        e_c    = embed(picture of channel c)          (...), the same shape for every channel
        logits = conclude(e_1, ..., e_C)

    Architectures say how planes are looked at (``look``) and what is concluded.

    Parameters
    ----------
    n_channels
        C, the channels of what comes in: (B, C, H, W) float32, normalised.
    alone
        True when e_c is made of channel c's picture and nothing else. Otherwise ``embed`` is asked
        for all channels at once.
    """

    def __init__(self, n_channels: int, *, alone: bool = True) -> None:
        super().__init__()
        self.n_channels = n_channels
        self.alone = alone

    def look(self, planes: torch.Tensor, channels: Sequence[int]) -> torch.Tensor:
        """Return (B, C', ...) of planes (B, C', H, W), all of them at once."""
        raise NotImplementedError

    def conclude(self, embedding: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, K) of embeddings (B, C, ...) of all channels."""
        raise NotImplementedError

    def embed(self, planes: torch.Tensor, channels: Sequence[int]) -> torch.Tensor:
        """Return (B, C', ...) of planes (B, C', H, W), the pictures of these C' channels.

        In evaluation mode without gradients planes pass in pieces of ``PIECE`` pixels: they have
        nothing to do with one another then, and a hundred channels of a few hundred large cells
        would not fit. Training needs them all at once, for BatchNorm and for the way back.
        """
        if self.training or torch.is_grad_enabled() or not self.alone:
            return self.look(planes, channels)
        pixels, columns = planes[0, 0].numel(), []
        for places in groups(range(len(channels)), len(planes) * pixels):
            own = [channels[place] for place in places]
            some = planes[:, places[0] : places[-1] + 1]
            few = torch.split(some, max(1, PIECE // (len(own) * pixels)))
            columns.append(torch.cat([self.look(cells, own) for cells in few]))
        return torch.cat(columns, dim=1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, K) of images (B, C, H, W)."""
        return self.conclude(self.embed(images, range(self.n_channels)))


class Conclusion(nn.Module):
    """The second step of a network alone: embeddings (B, C, ...) -> logits (B, K)."""

    def __init__(self, network: Embedding) -> None:
        super().__init__()
        self.network = network

    def forward(self, embedding: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.network.conclude(embedding)


def embedding_of(network: nn.Module) -> Embedding | None:
    """Return what embeds the channels of a network, or None: they are seen together.

    Also behind channel dropout, whose layer passes every picture on unless it is told to hide some
    (then None: what comes in is not what is embedded).
    """
    dropout = dropout_of(network)
    if dropout is not None and dropout.shown is not None:
        return None
    inner = network if dropout is None else dict(network.named_children()).get(NETWORK, network)
    return inner if isinstance(inner, Embedding) else None


def groups(channels: Sequence[int], pixels: int) -> tuple[tuple[int, ...], ...]:
    """Return channels in groups whose planes, of ``pixels`` each, pass at once; at least one."""
    size = max(1, PIECE // pixels)
    return tuple(tuple(channels[i : i + size]) for i in range(0, len(channels), size))
