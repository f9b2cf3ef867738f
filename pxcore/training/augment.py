"""Random changes of training images on the device they are on."""

from __future__ import annotations

import torch
from torch.nn import functional


def augment(
    images: torch.Tensor,
    *,
    flips: bool,
    noise: float,
    generator: torch.Generator,
    crop: int = 0,
) -> torch.Tensor:
    """Return images (B, C, H, W) with flips, shifts and noise; the given ones are not changed.

    Each cell is mirrored left-right with probability 1/2, then top-bottom with probability 1/2,
    then moved by up to ``crop`` pixels along rows and along columns (a random crop of the cell in
    a frame of zeros), all its channels together. ``noise`` is the standard deviation of what is
    added to each pixel, in normalised units; the sum is not clipped. ``generator`` is on the
    images' device.

    Source: Shetab Boushehri et al. 2024 (noise 0.01); Abdel Magid et al., MICCAI 2020 (crops).
    """
    if flips:
        for axis in (-1, -2):
            chosen = torch.rand(len(images), generator=generator, device=images.device) < 0.5
            images = torch.where(chosen[:, None, None, None], images.flip(axis), images)
    if crop > 0:
        images = _shifted(images, crop, generator)
    if noise > 0:
        drawn = torch.randn(images.shape, generator=generator, device=images.device)
        images = drawn.mul_(noise).add_(images)  # (B, C, H, W)
    return images


def _shifted(images: torch.Tensor, most: int, generator: torch.Generator) -> torch.Tensor:
    """Return every cell of (B, C, H, W) moved by a shift of its own; zeros come in."""
    n_cells, _, height, width = images.shape
    device = images.device
    drawn = torch.randint(2 * most + 1, (2, n_cells), generator=generator, device=device)
    rows = drawn[0, :, None] + torch.arange(height, device=device)  # (B, H) in the frame
    columns = drawn[1, :, None] + torch.arange(width, device=device)  # (B, W)
    framed = functional.pad(images, (most, most, most, most))
    cells = torch.arange(n_cells, device=device)[:, None, None]
    taken = framed[cells, :, rows[:, :, None], columns[:, None, :]]  # (B, H, W, C)
    return taken.permute(0, 3, 1, 2).contiguous()
