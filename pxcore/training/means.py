"""The mean of each channel over training cells: what fills a channel that is left out."""

from __future__ import annotations

import torch

from pxcore.training.device_cells import DeviceCells
from pxcore.types import Array


def channel_means(cells: DeviceCells, batch_size: int = 1024) -> Array:
    """Return (C,) float64: the mean normalised pixel of each channel.

    ``cells`` must be **training** cells: what fills a channel is a choice, and no choice may
    look at the cells that judge it.
    """
    total = torch.zeros(len(cells.channels), dtype=torch.float64, device=cells.device)
    for positions in torch.split(torch.arange(len(cells), device=cells.device), batch_size):
        total += cells.batch(positions).mean(dim=(2, 3), dtype=torch.float64).sum(dim=0)
    result: Array = (total / max(1, len(cells))).cpu().numpy()
    return result
