"""Residual blocks of r3d_18 for layer-wise relevance propagation, as zennit has them for pictures.

To be imported once torchvision is importable: see :mod:`pxcore.models.vision`.
"""

from __future__ import annotations

import torch
from torch import nn
from torchvision.models.video.resnet import BasicBlock
from zennit.canonizers import AttributeCanonizer
from zennit.layer import Sum


class StackBlockCanonizer(AttributeCanonizer):  # type: ignore[misc]  # zennit is untyped
    """Gives the sum of a block a module of its own, at which relevance is shared."""

    def __init__(self) -> None:
        super().__init__(_attributes)


def _attributes(_name: str, module: nn.Module) -> dict[str, object] | None:
    """Return what replaces attributes of a block, None for other modules."""
    if not isinstance(module, BasicBlock):
        return None
    return {"forward": _forward.__get__(module), "canonizer_sum": Sum()}


def _forward(block: nn.Module, maps: torch.Tensor) -> torch.Tensor:
    """Return what the block gives for maps (B, F, D, H, W); the sum is a step of its own."""
    own = block.get_submodule("conv2")(block.get_submodule("conv1")(maps))
    shortcut = block.downsample
    other = shortcut(maps) if isinstance(shortcut, nn.Module) else maps
    summed = block.get_submodule("canonizer_sum")(torch.stack([other, own], dim=-1))
    result: torch.Tensor = block.get_submodule("relu")(summed)
    return result
