"""The plain gradient: how much the class's output moves with each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.importance.attribution.settings import AGGREGATE
from pxcore.importance.method import ExplainRequest, Fault, MapRequest, Method, choices

if TYPE_CHECKING:
    import torch

    from pxcore.importance.fold import FoldImportance


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the gradient of the true class's output at each pixel, in absolute value.

    One pass forward and back, no reference image. It tells what the output would do if a pixel
    changed a little, not what the output is made of: a channel without any light can score.

    Source: Simonyan, Vedaldi and Zisserman, Deep inside convolutional networks, 2013, section 3;
    the baselines of Abdel Magid et al., MICCAI 2020 (mean over pixels). We differ: the true class,
    and the mean inside the cell where outlines are stored.
    """
    from pxcore.importance.attribution import gradients, scored  # noqa: PLC0415 - loads torch

    aggregate = choices(METHOD.options, request.options)["aggregate"]
    return scored.explained(METHOD, request, gradients.input_gradient, aggregate)


def maps(request: MapRequest) -> torch.Tensor:
    """Return the gradient at every pixel, (B, C, H, W) float32."""
    from pxcore.importance.attribution import gradients, scored  # noqa: PLC0415 - loads torch

    choices(METHOD.options, request.options)
    return scored.pictured(request, gradients.input_gradient)


METHOD = Method(
    id="input_gradient",
    label="Input gradient",
    summary="Asks how much the class's output would move with each pixel: the plainest "
    "attribution, and a common baseline.",
    unit="gradient",
    kind="attribution",
    repeated=False,
    gates=("random_weights", "random_ranking", "constant_channel"),
    options=(AGGREGATE,),
    explain=explain,
    maps=maps,
    faults=(
        Fault(
            what="dead_channel",
            reason="A gradient is not multiplied by pixels, so what the network would do with "
            "light in a channel is scored where there is none.",
        ),
    ),
)
