"""Random changes of training images on the device they are on."""

from __future__ import annotations

import torch


def augment(
    images: torch.Tensor, *, flips: bool, noise: float, generator: torch.Generator
) -> torch.Tensor:
    """Return images (B, C, H, W) with flips and Gaussian noise; the given ones are not changed.

    Each cell is mirrored left-right with probability 1/2, then top-bottom with probability 1/2,
    all its channels together. ``noise`` is the standard deviation of what is added to each pixel,
    in normalised units; the sum is not clipped. ``generator`` is on the images' device.

    Source: Shetab Boushehri et al. 2024 (noise 0.01).
    """
    if flips:
        for axis in (-1, -2):
            chosen = torch.rand(len(images), generator=generator, device=images.device) < 0.5
            images = torch.where(chosen[:, None, None, None], images.flip(axis), images)
    if noise > 0:
        drawn = torch.randn(images.shape, generator=generator, device=images.device)
        images = drawn.mul_(noise).add_(images)  # (B, C, H, W)
    return images
