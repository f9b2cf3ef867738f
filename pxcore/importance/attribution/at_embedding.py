"""Attributions at the embedding: what each channel's one number had to do with a class's output.

A channel-embedding network tells the class from r = (r_1, ..., r_C) alone, so whatever explains a
small network explains it, a number a channel, with no pixels to sum up::

    gradient               d f_target / d r
    gradient_x_input       r · d f_target / d r
    integrated_gradients   (r - r') · mean over the way from r' to r of  d f_target / d r
    deeplift               the difference f(r) - f(r'), shared by the rescale rule

r' is the embedding of the reference image, an even picture of every channel.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import DeepLift, IntegratedGradients
from torch import nn

from pxcore.errors import MethodError
from pxcore.importance.attribution.cell_values import Look, Looked, check_logits, true_classes
from pxcore.importance.attribution.separated import separated
from pxcore.importance.attribution.settings import STEPS
from pxcore.importance.method import ExplainRequest
from pxcore.models.embedding import Conclusion, Embedding, embedding_of
from pxcore.types import Array

_LEAST = 1e-12
"""Range of a cell's values below which all its channels count the same."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an attribution of r is asked."""

    conclusion: Conclusion
    """In evaluation mode; its weights want no gradients."""
    r: torch.Tensor
    """(B, C) float32"""
    reference: torch.Tensor
    """(1, C) float32: r'"""
    targets: torch.Tensor
    """(B,) int64: the class whose output is explained."""


Attribution = Callable[[Asked], torch.Tensor]
"""-> (B, C) float32."""


def looking(request: ExplainRequest, reference: Array | None, how: str, target: str) -> Look:
    """Return what sees the attributions of some cells, under the names of their scalings.

    ``none``: |a|; ``per_image``: |a| of each cell from 0, its smallest, to 1, its largest (0 for
    all where they are alike).

    Parameters
    ----------
    reference
        (C,) the even value of each channel in the reference image; None for 0.
    how
        One of :data:`ATTRIBUTIONS`.
    target
        ``predicted`` or ``true``: the class whose output is explained.

    Raises
    ------
    MethodError
        For a network that does not make one number of each channel.
    """
    own = _network(copy.deepcopy(request.model).eval().requires_grad_(requires_grad=False))
    channels, conclusion = range(own.n_channels), Conclusion(own)
    even = torch.zeros(1, own.n_channels, *request.cells.image_size, device=request.cells.device)
    if reference is not None:
        even += torch.tensor(np.asarray(reference), dtype=even.dtype).to(even)[:, None, None]
    with torch.no_grad():
        start = own.embed(even, channels).float()  # (1, C)
    if start.dim() != 2:
        raise MethodError(_MANY_NUMBERS)

    def look(images: torch.Tensor, positions: torch.Tensor) -> Looked:
        r = own.embed(images, channels).float()
        logits = own.conclude(r).float()
        check_logits(request, logits)
        true = target == "true"
        targets = true_classes(request, positions) if true else logits.argmax(dim=1)
        found = ATTRIBUTIONS[how](Asked(conclusion, r.detach(), start, targets)).abs()
        return logits, {"none": found, "per_image": scaled(found)}

    return look


def scaled(values: torch.Tensor) -> torch.Tensor:
    """Return (B, C) moved and stretched so that each row's smallest is 0 and its largest 1."""
    low = values.amin(dim=1, keepdim=True)
    width = values.amax(dim=1, keepdim=True) - low
    return torch.where(width > _LEAST, (values - low) / width.clamp_min(_LEAST), 0.0)


def _gradient(asked: Asked) -> torch.Tensor:
    with torch.enable_grad():
        r = asked.r.requires_grad_()
        chosen = asked.conclusion(r).gather(1, asked.targets[:, None])
        (found,) = torch.autograd.grad(chosen.sum(), r)
    return found.detach()


def _gradient_x_input(asked: Asked) -> torch.Tensor:
    return asked.r.detach() * _gradient(asked)


def _integrated_gradients(asked: Asked) -> torch.Tensor:
    found: torch.Tensor = IntegratedGradients(asked.conclusion).attribute(
        asked.r.requires_grad_(),
        baselines=asked.reference,
        target=asked.targets,
        n_steps=STEPS,
    )
    return found.detach().float()


def _deeplift(asked: Asked) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Setting (forward, )?backward hooks")
        found: torch.Tensor = DeepLift(separated(asked.conclusion)).attribute(
            asked.r.requires_grad_(),
            baselines=asked.reference.expand_as(asked.r),
            target=asked.targets,
        )
    return found.detach().float()


ATTRIBUTIONS: dict[str, Attribution] = {
    "gradient": _gradient,
    "gradient_x_input": _gradient_x_input,
    "integrated_gradients": _integrated_gradients,
    "deeplift": _deeplift,
}


def _network(model: nn.Module) -> Embedding:
    """Return what embeds the channels of a network. Raises MethodError where nothing does."""
    found = embedding_of(model)
    if found is None:
        message = (
            "this network sees its channels together: it makes no number of each; expected a "
            "channel_embedding network. Choose input_gradient, which any network allows"
        )
        raise MethodError(message)
    return found


_MANY_NUMBERS = (
    "this network makes more than one number of a channel; expected one, as a channel_embedding "
    "network does. Choose input_gradient or a permutation"
)
