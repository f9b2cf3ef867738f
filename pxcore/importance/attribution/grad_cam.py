"""Grad-CAM of a cell: where one layer's maps speak for a class, as a picture from 0 to 1."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from pxcore.errors import MethodError
from pxcore.importance.attribution.watched import pointing, watched
from pxcore.training.predict import evaluating

MASK_FROM = 0.15
"""Of a map's maximum: what is at least that is inside the mask (Zhang et al. 2023, their code)."""


def grad_cam(
    model: nn.Module,
    images: torch.Tensor,
    part: Callable[[nn.Module], nn.Module],
    targets: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return maps (B, H, W) float32 in [0, 1] as large as the images.

    ::

        map = ReLU(Σ_k w_k A_k) / its maximum      w_k = mean over places of  d logit_target / d A_k

    with ``A_k`` what ``part`` puts out: take a convolution, before its ReLU. A cell of which the
    layer says nothing has a map of zeros. Enlarged bilinearly: a map of 4 x 4 stays coarse, an
    earlier layer is finer.

    Parameters
    ----------
    model
        (B, C, H, W) -> logits (B, K). In evaluation mode meanwhile; otherwise not changed.
    images
        (B, C, H, W) float32.
    part
        Finds the layer in the model.
    targets
        (B,) int64 the class each map is of; None: the one called.

    Raises
    ------
    MethodError
        When the layer puts out no maps of rows and columns.

    Source: Selvaraju et al., ICCV 2017, equations 1 and 2; scaled as in Zhang et al. 2023.
    """
    with watched(part(model)) as kept, evaluating(model), torch.enable_grad():
        logits = model(images)
        if len(kept) != 1 or kept[0].dim() != 4:
            shapes = [tuple(one.shape) for one in kept]
            message = (
                f"the layer that Grad-CAM was told to look at gives {shapes}; expected one "
                "(cells, maps, height, width): choose a convolution of the encoder"
            )
            raise MethodError(message)
        wanted = logits.argmax(dim=1) if targets is None else targets
        maps = pointing(logits.gather(1, wanted[:, None]).sum(), kept[0])
    large = functional.interpolate(
        maps[:, None], size=images.shape[2:], mode="bilinear", align_corners=False
    )
    top = large.amax(dim=(1, 2, 3), keepdim=True)
    return (large / torch.where(top > 0, top, torch.ones_like(top)))[:, 0].float()


def even_maps(
    model: nn.Module,
    images: torch.Tensor,
    part: Callable[[nn.Module], nn.Module],
    n_classes: int,
) -> torch.Tensor:
    """Return (B, H, W) the mean of every class's map, scaled to [0, 1].

    The map of the class that is called tells the class by being its map. This one is drawn the
    same way for every cell, so what differs between cells is where they differ.
    """
    total = torch.zeros(len(images), *images.shape[2:], device=images.device)
    for number in range(n_classes):
        targets = torch.full((len(images),), number, dtype=torch.int64, device=images.device)
        total += grad_cam(model, images, part, targets)
    top = total.amax(dim=(1, 2), keepdim=True)
    return total / torch.where(top > 0, top, torch.ones_like(top))


def masks_of(maps: torch.Tensor, share: float = MASK_FROM) -> torch.Tensor:
    """Return (B, H, W) bool: where a map is at least ``share`` of its maximum, and above 0."""
    top = maps.amax(dim=(1, 2), keepdim=True)
    return (maps >= share * top) & (maps > 0)
