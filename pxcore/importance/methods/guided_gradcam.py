"""Guided Grad-CAM: guided backpropagation where the last maps light up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pxcore.errors import MethodError
from pxcore.importance.attribution.settings import AGGREGATE
from pxcore.importance.method import (
    ATTRIBUTION,
    ExplainRequest,
    Fault,
    MapRequest,
    Method,
    MethodOption,
    choices,
)
from pxcore.types.runs import Option

if TYPE_CHECKING:
    import torch

    from pxcore.importance.fold import FoldImportance
    from pxcore.models.model import Model


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the attributions of each channel, seen from the last convolution or ``layer1``.

    Gradients are not multiplied by pixels: a channel without any light can score, and the gate
    ``constant_channel`` says when it does.

    Source: Selvaraju et al., ICCV 2017; Shetab Boushehri et al. 2024, whose text has the last
    convolution and whose code has ``layer1`` of ResNet18. We differ: the default is the mean
    absolute value in the cell.

    Raises
    ------
    MethodError
        For a network without the layer, or with activations other than ReLU.
    """
    from pxcore.importance.attribution import gradients, scored  # noqa: PLC0415 - loads torch

    aggregate = choices(METHOD.options, request.options)["aggregate"]
    part = _part(request)
    return scored.explained(
        METHOD, request, lambda model: gradients.guided_gradcam(model, part), aggregate
    )


def maps(request: MapRequest) -> torch.Tensor:
    """Return the attribution of every pixel, (B, C, H, W) float32."""
    from pxcore.importance.attribution import gradients, scored  # noqa: PLC0415 - loads torch

    part = _part(request)
    return scored.pictured(request, lambda model: gradients.guided_gradcam(model, part))


def refusal(model: Model, options: tuple[Option, ...]) -> str:
    """Return why the layer asked for cannot be looked at; empty when it can."""
    if model.channels != "together":
        return (
            f"{model.label} has no maps that all channels share; choose Layer-wise relevance "
            "propagation"
        )
    layer = choices(METHOD.options, options)["layer"]
    if layer == "last" or layer in model.stages:
        return ""
    return f"{model.label} has no part called {layer}; choose layer = last"


def _part(
    request: ExplainRequest | MapRequest,
) -> Callable[[torch.nn.Module], torch.nn.Module]:
    """Return what finds the layer in a network."""
    from pxcore.importance.attribution.gradients import named_part  # noqa: PLC0415 - loads torch

    layer = choices(METHOD.options, request.options)["layer"]
    if layer != "last":
        return named_part(layer)
    if request.last_convolution is None:
        message = (
            "Guided Grad-CAM was not told which part of the network is its last convolution; "
            "expected the architecture's `last_convolution`"
        )
        raise MethodError(message)
    return request.last_convolution


METHOD = Method(
    id="guided_gradcam",
    label="Guided Grad-CAM",
    summary="Follows positive gradients back from the region that the model's last maps point at.",
    unit=ATTRIBUTION,
    kind="attribution",
    repeated=False,
    options=(
        AGGREGATE,
        MethodOption(
            name="layer",
            choices=("last", "layer1"),
            summary="the maps looked at: of the last convolution, or of ResNet's first stage as "
            "in the published code",
        ),
    ),
    gates=("random_weights", "random_ranking", "constant_channel"),
    explain=explain,
    maps=maps,
    refusal=refusal,
    faults=(
        Fault(
            what="dead_channel",
            reason="Gradients are not multiplied by pixels, so what the network would do with "
            "light in a channel is scored where there is none.",
        ),
    ),
)
