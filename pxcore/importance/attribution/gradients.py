"""Attributions that follow gradients, all by captum: what each makes of some cells.

Each function takes a trained network and returns what draws the pixel attributions of its target
classes. A reference image is one value a channel (C,), or 0 (None), the value of a channel's
darkest percentile. The network is copied first and stays as it was.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from captum.attr import DeepLift, GuidedGradCam, IntegratedGradients
from torch import nn

from pxcore.errors import MethodError
from pxcore.importance.attribution.reference import reference_image
from pxcore.importance.attribution.separated import MARKED, NON_LINEAR, separated
from pxcore.importance.attribution.settings import STEPS
from pxcore.types import Array

PixelMaps = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""images (B, C, H, W) float32, targets (B,) int64 -> attributions (B, C, H, W) float32."""

_WITH_RULE = (
    nn.ReLU,
    nn.ELU,
    nn.LeakyReLU,
    nn.Sigmoid,
    nn.Tanh,
    nn.Softplus,
    nn.MaxPool2d,
    nn.Softmax,
)
"""Activations captum's DeepLift knows, by exact type."""


def input_gradient(model: nn.Module) -> PixelMaps:
    """Return what takes the gradient of the target's output at every pixel.

    Source: Simonyan, Vedaldi and Zisserman, Deep inside convolutional networks, 2013, section 3.
    """
    own = _copied(model)

    def maps(images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        given = images.detach().requires_grad_()
        with torch.enable_grad():
            chosen = own(given).gather(1, targets[:, None])
            (found,) = torch.autograd.grad(chosen.sum(), given)
        return found.float()

    return maps


def integrated_gradients(
    model: nn.Module,
    reference: Array | None = None,
    before_pass: Callable[[], None] = lambda: None,
) -> PixelMaps:
    """Return what integrates gradients on the straight way from the reference image x'.

    ::

        a = (x - x') · mean over the way of  d f_target / d x

    In 50 steps of the Gauss-Legendre rule. ``before_pass`` is called before each of them.

    Source: Sundararajan, Taly and Yan, ICML 2017, equation 1.
    """
    own = _copied(model)

    def forward(images: torch.Tensor) -> torch.Tensor:
        before_pass()
        logits: torch.Tensor = own(images)
        return logits

    oracle = IntegratedGradients(forward)

    def maps(images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        given = images.detach().requires_grad_()
        found: torch.Tensor = oracle.attribute(
            given,
            baselines=reference_image(reference, images),
            target=targets,
            n_steps=STEPS,
            internal_batch_size=len(images),
        )
        return found.detach().float()

    return maps


def deeplift(model: nn.Module, reference: Array | None = None) -> PixelMaps:
    """Return what shares the difference to the reference image by the rescale rule.

    Source: Shrikumar, Greenside and Kundaje, ICML 2017, section 3.5.1. We differ from plain
    captum: every activation is separate and poolings do not overlap (``separated``), without
    which the shares do not add up.

    Raises
    ------
    MethodError
        For an activation captum has no rule for, or a network that is not one graph.
    """
    own = separated(model)
    for part in own.modules():
        if isinstance(part, NON_LINEAR) and type(part) not in _WITH_RULE:
            known = ", ".join(kind.__name__ for kind in _WITH_RULE)
            message = (
                f"DeepLift has no rule for {type(part).__name__}, which this network uses; it has "
                f"rules for {known}. Choose integrated_gradients, which needs none"
            )
            raise MethodError(message)
    oracle = DeepLift(own)

    def maps(images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        given = images.detach().requires_grad_()
        with _quiet():
            found: torch.Tensor = oracle.attribute(
                given, baselines=reference_image(reference, images), target=targets
            )
        return found.detach().float()

    return maps


def guided_gradcam(model: nn.Module, part: Callable[[nn.Module], nn.Module]) -> PixelMaps:
    """Return guided backpropagation times the Grad-CAM of one part of the network.

    ::

        a = (gradient, negative parts cut at every ReLU) · enlarged ReLU(Σ_k w_k A_k)

    with A_k the maps that ``part`` puts out and w_k the mean of their gradient. No reference
    image: a channel without any light can get attribution, since gradients are not multiplied by
    pixels.

    Source: Selvaraju et al., ICCV 2017, section 3.3 (each map enlarged by its nearest pixel).

    Raises
    ------
    MethodError
        For activations other than ReLU, a network that is not one graph, or a part that puts out
        no maps.
    """
    own = separated(model, part)
    kinds = {type(m) for m in own.modules() if isinstance(m, NON_LINEAR)}
    strange = sorted(kind.__name__ for kind in kinds - {nn.ReLU, nn.MaxPool2d})
    if strange:
        message = (
            f"guided backpropagation is defined at ReLU only; this network uses "
            f"{', '.join(strange)}. Choose integrated_gradients, which asks nothing of activations"
        )
        raise MethodError(message)
    oracle = GuidedGradCam(own, own.get_submodule(MARKED))

    def maps(images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        given = images.detach().requires_grad_()
        with _quiet():
            found: torch.Tensor = oracle.attribute(given, target=targets)
        if found.shape != images.shape:
            message = (
                "the part of the network that Guided Grad-CAM was told to look at puts out no "
                "maps; expected (cells, features, height, width). Choose another layer"
            )
            raise MethodError(message)
        return found.detach().float()

    return maps


def named_part(name: str) -> Callable[[nn.Module], nn.Module]:
    """Return what finds the part of a network called ``name``, also inside another network.

    It raises MethodError where no part, or more than one, is called so.
    """

    def find(network: nn.Module) -> nn.Module:
        found: list[nn.Module] = [
            part for path, part in network.named_modules() if path.rpartition(".")[2] == name
        ]
        if len(found) != 1:
            message = (
                f"the network has {len(found)} parts called {name!r}; expected one. Choose the "
                "last convolution (layer = last), which every network here has"
            )
            raise MethodError(message)
        return found[0]

    return find


def _copied(model: nn.Module) -> nn.Module:
    """Return a copy to look at: in evaluation mode, without gradients for its parameters."""
    return copy.deepcopy(model).eval().requires_grad_(requires_grad=False)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep captum from telling of its hooks, and of parts without maps (we say that ourselves)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Couldn't appropriately interpolate")
        warnings.filterwarnings("ignore", message="Setting (forward, )?backward hooks")
        yield
