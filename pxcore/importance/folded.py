"""A network for looking only: BatchNorm folded into the convolutions before it.

In evaluation mode BatchNorm is a fixed scale and shift of each map, so it can be part of the
convolution's weights. A ranking runs the same network a thousand times, and on processors and
graphics cards alike a BatchNorm costs memory traffic, which folding saves.
"""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

TOLERANCE = 1e-4
"""Largest difference in a class probability that folding may make: the order of roundings."""
_CONVOLUTIONS = (nn.Conv2d, nn.Conv3d)
_NORMS = (nn.BatchNorm2d, nn.BatchNorm3d)


def folded(model: nn.Module, images: torch.Tensor) -> nn.Module:
    """Return a copy of ``model`` without the BatchNorms that directly follow a convolution.

    Which follow is seen on ``images`` (B, C, H, W), not guessed from names. ``model`` is not
    changed. It is returned itself when nothing can be folded, or when the copy's probabilities on
    ``images`` are further off than rounding: a network may use a convolution's output twice.

    Parameters
    ----------
    model
        In evaluation mode, without gradients wanted.
    """
    pairs, expected = _pairs(model, images)
    if not pairs:
        return model
    changed = copy.deepcopy(model)
    for convolution, norm in pairs:
        conv, bn = changed.get_submodule(convolution), changed.get_submodule(norm)
        if isinstance(conv, _CONVOLUTIONS) and isinstance(bn, _NORMS):
            _put(changed, convolution, fuse_conv_bn_eval(conv, bn))
            _put(changed, norm, nn.Identity())
    found = changed(images).float()
    if found.shape != expected.shape or not torch.isfinite(found).all():
        return model
    difference = (found.softmax(dim=-1) - expected.softmax(dim=-1)).abs().max()
    return changed if float(difference) <= TOLERANCE else model


def _pairs(model: nn.Module, images: torch.Tensor) -> tuple[list[tuple[str, str]], torch.Tensor]:
    """Return names of convolutions and the BatchNorms fed by them, and the network's output."""
    made: dict[int, str] = {}
    kept: list[torch.Tensor] = []  # alive until the end, so that no address is used twice
    pairs: list[tuple[str, str]] = []
    calls: dict[str, int] = {}
    hooks = []

    def watch(name: str, module: nn.Module) -> None:
        def seen(_module: nn.Module, given: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
            calls[name] = calls.get(name, 0) + 1
            if isinstance(module, _CONVOLUTIONS):
                kept.append(out)
                made[id(out)] = name
            elif id(given[0]) in made:
                pairs.append((made[id(given[0])], name))

        hooks.append(module.register_forward_hook(seen))

    for name, module in model.named_modules():
        fixed = isinstance(module, _NORMS) and module.running_var is not None
        if isinstance(module, _CONVOLUTIONS) or fixed:
            watch(name, module)
    try:
        expected = model(images).float()
    finally:
        for hook in hooks:
            hook.remove()
    once = [pair for pair in pairs if calls[pair[0]] == calls[pair[1]] == 1]
    return once, expected


def _put(model: nn.Module, name: str, module: nn.Module) -> None:
    """Replace the submodule of this dotted name."""
    parent, _, own = name.rpartition(".")
    model.get_submodule(parent).add_module(own, module)
