"""The same question about a model or cells that are known to have nothing to say."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.importance.method import ExplainRequest
from pxcore.models.channel_dropout import dropout_of
from pxcore.training.device_cells import DeviceCells
from pxcore.training.seeding import private_randomness

_PURPOSE = 0x6A7E
"""Apart from other uses of a seed."""


def randomised(model: nn.Module, draw: int) -> nn.Module:
    """Return a copy of a network with all its weights drawn anew.

    As each layer draws them when it is made; parameters of layers that cannot are drawn from a
    normal distribution with their own spread. What a hidden channel shows stays: it is no weight.
    """
    changed = copy.deepcopy(model)
    with private_randomness(torch.device("cpu"), draw, _PURPOSE), torch.no_grad():
        for part in changed.modules():
            reset = getattr(part, "reset_parameters", None)
            if callable(reset):
                device = next((weight.device for weight in part.parameters()), None)
                part.cpu()  # every device draws the same
                reset()
                part.to(device)
            else:
                for weight in part.parameters(recurse=False):
                    spread = float(weight.std()) if weight.numel() > 1 else 1.0
                    weight.copy_(torch.randn(weight.shape) * spread)
    return changed


def with_constant_channel(request: ExplainRequest, channel: int, value: float) -> ExplainRequest:
    """Return the question about cells in which one channel has one value everywhere.

    The channel's training mean is then this value too, and so is what a network shows where the
    channel is hidden. All cells come to lie in memory.
    """
    cells = request.cells
    everything = torch.arange(len(cells), device=cells.device)
    images = cells.batch(everything)  # (n, C, H, W), fresh
    images[:, channel] = value
    mean = request.train_mean
    if mean is not None:
        mean = np.where(np.arange(len(mean)) == channel, value, mean)
    model = request.model
    if dropout_of(model) is not None:
        model = copy.deepcopy(model)
        layer = dropout_of(model)
        if layer is not None:
            layer.fill[channel] = value
    return replace(request, cells=held(images), train_mean=mean, model=model)


def held(images: torch.Tensor) -> DeviceCells:
    """Return normalised images (n, C, H, W) float32 in [0, 1] as cells on their device."""
    n_cells, n_channels = images.shape[:2]
    as_they_are = Normaliser(np.zeros(n_channels, np.float32), np.ones(n_channels, np.float32))
    source = ArrayCells(images.cpu().numpy())
    return DeviceCells(source, np.arange(n_cells), as_they_are, images.device)
