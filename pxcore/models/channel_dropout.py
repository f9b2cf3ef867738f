"""A first layer that hides channels: one network that can be asked about every subset of them.

Training with random subsets makes a missing channel an ordinary picture to the network, so that
its answer to *what would you say without CD19?* is no guess about pictures it never saw.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from pxcore.errors import TrainingError


class ChannelDropout(nn.Module):
    """Shows a subset of the channels and fills the others with their training mean.

    In training mode each cell of each batch sees a subset of its own: its size is drawn uniformly
    from 0 to C, then its members. (Dropping each channel by a coin would hardly ever show one
    channel alone, or all but one.) In evaluation mode cells pass unchanged, except inside
    :func:`present`. Random numbers come from torch's own generator, which the training loop seeds
    anew for each epoch.

    Parameters
    ----------
    n_channels
        C, the channels of what comes in: (B, C, H, W) float32, normalised.
    always
        Positions of channels that training never hides; sizes are drawn among the others.

    Raises
    ------
    TrainingError
        When ``always`` names a channel that is not there.

    Source: ``docs/models.md``. The idea of training with random subsets of the inputs is that of
    Covert, Lundberg and Lee, Explaining by removing, JMLR 22, 2021 (section 4).
    """

    fill: torch.Tensor
    """(C,) float32: what a hidden channel shows. Part of the state dict."""

    def __init__(self, n_channels: int, always: tuple[int, ...] = ()) -> None:
        super().__init__()
        outside = [channel for channel in always if not 0 <= channel < n_channels]
        if outside:
            message = (
                f"channel number {outside[0]} is to be shown always; expected numbers from 0 to "
                f"{n_channels - 1}"
            )
            raise TrainingError(message)
        self.always = tuple(sorted(set(always)))
        self.shown: torch.Tensor | None = None
        self.register_buffer("fill", torch.zeros(n_channels))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the cells (B, C, H, W) with hidden channels filled; fresh memory, or the input."""
        if self.training:
            return self.hide(images, self.drawn(len(images)))
        return images if self.shown is None else self.hide(images, self.shown)

    def hide(self, images: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
        """Return (B, C, H, W): ``images`` where ``shown``, (C,) or (B, C) bool, else ``fill``."""
        fill = self.fill.to(images.dtype)[:, None, None]
        return torch.where(shown[..., None, None], images, fill)

    def drawn(self, n_cells: int) -> torch.Tensor:
        """Return (B, C) bool: a random subset for each of ``n_cells`` cells."""
        n_channels, device = len(self.fill), self.fill.device
        order = torch.rand(n_cells, n_channels, device=device)
        order[:, list(self.always)] = -1.0  # before all others
        place = order.argsort(dim=1).argsort(dim=1)  # (B, C) each channel's place in the order
        n_free = n_channels - len(self.always)
        size = torch.randint(n_free + 1, (n_cells, 1), device=device)
        return place < size + len(self.always)


def dropout_of(network: nn.Module) -> ChannelDropout | None:
    """Return the network's channel dropout, or None: it was not trained with missing channels."""
    return next((part for part in network.modules() if isinstance(part, ChannelDropout)), None)


@contextmanager
def present(network: nn.Module, shown: torch.Tensor) -> Iterator[nn.Module]:
    """Yield ``network`` seeing only the channels ``shown``, (C,) bool on its device.

    For evaluation mode; in training mode the layer goes on drawing. Afterwards it sees all again.

    Raises
    ------
    TrainingError
        When the network has no channel dropout, or ``shown`` is not one truth value a channel.
    """
    layer = dropout_of(network)
    if layer is None:
        message = (
            "this network cannot leave channels out: it was trained with all of them; train one "
            "with channel_dropout = true"
        )
        raise TrainingError(message)
    if shown.shape != layer.fill.shape or shown.dtype is not torch.bool:
        message = (
            f"the channels to show are {tuple(shown.shape)} {shown.dtype}; expected one bool for "
            f"each of {len(layer.fill)} channels"
        )
        raise TrainingError(message)
    before, layer.shown = layer.shown, shown
    try:
        yield network
    finally:
        layer.shown = before
