"""The maps that one layer puts out, and where they point at a class: what every Grad-CAM asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def watched(part: nn.Module) -> Iterator[list[torch.Tensor]]:
    """Yield what a layer puts out meanwhile, one tensor a pass; nothing is followed beyond it."""
    kept: list[torch.Tensor] = []

    def keep(_module: nn.Module, _given: object, out: torch.Tensor) -> torch.Tensor:
        kept.append(out.detach().requires_grad_())
        return kept[-1]

    handle = part.register_forward_hook(keep)
    try:
        yield kept
    finally:
        handle.remove()


def pointing(chosen: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """Return (N, h, w): where maps (N, F, h, w) that were watched speak for a number made of them.

    ::

        ReLU(Σ_k w_k A_k)        w_k = mean over places of  d chosen / d A_k

    Source: Selvaraju et al., ICCV 2017, equations 1 and 2.
    """
    (gradient,) = torch.autograd.grad(chosen, maps)
    weights = gradient.mean(dim=(2, 3), keepdim=True)  # (N, F, 1, 1)
    return (weights * maps.detach()).sum(dim=1).relu()
