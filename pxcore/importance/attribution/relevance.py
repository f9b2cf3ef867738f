"""Layer-wise relevance propagation, by zennit."""

from __future__ import annotations

import copy
import operator

import torch
from torch import fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from pxcore.errors import MethodError
from pxcore.importance.attribution.gradients import PixelMaps
from pxcore.models.vision import torchvision_models

_SAMPLE = 8
"""Cells of each block on which the canonised copy is compared with the network."""
_ROUNDING = 1e-3
"""Largest difference between their outputs, relative to the largest output."""
_SUMS = (operator.add, operator.iadd, torch.add, "add", "add_")


def lrp(model: nn.Module) -> PixelMaps:
    """Return what hands the target's output back, layer by layer, in shares of what came in.

    ::

        R_j = Σ_k  a_j w+_jk / Σ_j' a_j' w+_j'k  · R_k       convolutions (z+, without biases)
        R_j = Σ_k  a_j w_jk  / (output k ± 1e-6) · R_k       linear layers (epsilon)

    BatchNorm is merged into the convolution before it and a residual sum shares like a layer.
    A bias belongs to no pixel: convolutions share without theirs, so that little is lost; the
    last layer's bias is kept out of what is shared.

    Source: Bach et al., PLOS ONE 10, 2015; Montavon et al., 2019, "EpsilonPlus"; the canonisers
    after Anders et al., 2021 (zennit).

    Raises
    ------
    MethodError
        For BatchNorm that follows no convolution, for sums outside residual blocks of
        torchvision (no rule is known for them, and raw relevance explodes), and when the
        canonised copy is another network: zennit goes by the order in which layers were made.
    """
    torchvision_models()  # makes torchvision importable, which zennit imports
    from zennit.composites import EpsilonPlus  # noqa: PLC0415 - see above
    from zennit.rules import Epsilon  # noqa: PLC0415
    from zennit.torchvision import ResNetCanonizer  # noqa: PLC0415

    from pxcore.importance.attribution.stack_blocks import StackBlockCanonizer  # noqa: PLC0415

    plain = copy.deepcopy(model).eval().requires_grad_(requires_grad=False)
    own = copy.deepcopy(plain)
    _check_sums(own)
    composite = EpsilonPlus(
        layer_map=[((nn.Linear,), Epsilon(epsilon=1e-6))],
        zero_params=["bias"],
        canonizers=[ResNetCanonizer(), StackBlockCanonizer()],
    )
    with composite.context(own):
        _check_merged(own)

    def maps(images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        given = images.detach().requires_grad_()
        with torch.enable_grad(), composite.context(own) as changed:
            logits = changed(given)  # (B, K)
            _check_same(logits[:_SAMPLE].detach(), plain(images[:_SAMPLE]).detach())
            chosen = nn.functional.one_hot(targets, logits.shape[1]) * logits.detach()
            (found,) = torch.autograd.grad(logits, given, chosen)
        return found.detach().float()

    return maps


class _Blocks(fx.Tracer):
    """Follow a network through, residual blocks as one step."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Tell whether to look into a module."""
        from torchvision.models.resnet import BasicBlock, Bottleneck  # noqa: PLC0415
        from torchvision.models.video import resnet as stacks  # noqa: PLC0415

        known = isinstance(m, BasicBlock | Bottleneck | stacks.BasicBlock)
        return known or super().is_leaf_module(m, module_qualified_name)


def _check_sums(network: nn.Module) -> None:
    """Refuse sums of maps that the canonisers do not know."""
    try:
        with torch.enable_grad():  # as it will be used
            graph = _Blocks().trace(network)
    except (fx.proxy.TraceError, TypeError, RuntimeError) as error:
        message = (
            f"the network {type(network).__name__} cannot be written as one graph ({error}), so "
            "LRP cannot know its sums. Choose integrated_gradients or a permutation"
        )
        raise MethodError(message) from error
    for node in graph.nodes:
        if node.target in _SUMS and sum(isinstance(arg, fx.Node) for arg in node.args) > 1:
            message = (
                f"LRP has no rule for the sum {node.name!r} of this network; it knows those of "
                "torchvision's residual blocks. Choose integrated_gradients or a permutation"
            )
            raise MethodError(message)


def _check_merged(network: nn.Module) -> None:
    """Refuse BatchNorm that could not be merged into a convolution."""
    for name, module in network.named_modules():
        if not isinstance(module, _BatchNorm):
            continue
        mean, bias = module.running_mean, module.bias
        if mean is None or bias is None or bool(mean.any()) or bool(bias.any()):
            message = (
                f"LRP has no rule for BatchNorm {name!r}, which does not directly follow a "
                "convolution or linear layer. Choose integrated_gradients or a permutation"
            )
            raise MethodError(message)


def _check_same(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Refuse a canonised copy whose outputs (B, K) are others: layers were merged wrongly."""
    difference = float((found - expected).abs().max())
    scale = float(expected.abs().max())
    if difference > _ROUNDING * scale:
        message = (
            f"LRP's copy of the network, BatchNorm merged, gives outputs that are {difference:.3g} "
            f"off (largest output {scale:.3g}); expected the same. Layers must be made in the "
            "order in which they are used. Choose integrated_gradients or a permutation"
        )
        raise MethodError(message)
