"""Cells before and after they went through their code, for people to look at."""

from __future__ import annotations

import torch
from torch import nn

from pxcore.training.device_cells import DeviceCells
from pxcore.training.predict import evaluating
from pxcore.types import Array

_PIXELS, _FEWEST, _MOST = 1_500_000, 2, 8
"""Of all pictures together; and cells."""


def n_shown(cells: DeviceCells, n_planes: int) -> int:
    """Return how many cells are shown: fewer of large ones."""
    height, width = cells.image_size
    fitting = _PIXELS // max(1, n_planes * height * width)
    return min(len(cells), max(_FEWEST, min(_MOST, fitting)))


def redraw(model: nn.Module, cells: DeviceCells, n: int) -> tuple[Array, Array]:
    """Return the first ``n`` cells before and after, (n, P, H, W) float32 each.

    ``model``: with the parts ``encoder`` and ``decoder``; its modes are put back.
    """
    with evaluating(model):
        images = cells.batch(torch.arange(n, device=cells.device))
        drawn = model.get_submodule("decoder")(model.get_submodule("encoder")(images))
    return images.float().cpu().numpy(), drawn.float().cpu().numpy()
