"""DeepLift: share the difference to an empty image among the pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.importance.attribution.settings import AGGREGATE
from pxcore.importance.method import ATTRIBUTION, ExplainRequest, MapRequest, Method, choices

if TYPE_CHECKING:
    import torch

    from pxcore.importance.fold import FoldImportance


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the attributions of each channel against the reference image 0.

    One pass forward and back. The attributions of a cell add up to the target's output minus that
    of the empty image, to rounding.

    Source: Shrikumar, Greenside and Kundaje, ICML 2017 (rescale rule); Shetab Boushehri et al.
    2024 (zero reference, signed median). We differ: re-used activations are separated, and the
    default is the mean absolute value in the cell.

    Raises
    ------
    MethodError
        For a network with activations that have no rule.
    """
    from pxcore.importance.attribution import gradients, scored  # noqa: PLC0415 - loads torch

    aggregate = choices(METHOD.options, request.options)["aggregate"]
    return scored.explained(METHOD, request, gradients.deeplift, aggregate)


def maps(request: MapRequest) -> torch.Tensor:
    """Return the attribution of every pixel, (B, C, H, W) float32."""
    from pxcore.importance.attribution import gradients, scored  # noqa: PLC0415 - loads torch

    choices(METHOD.options, request.options)
    return scored.pictured(request, gradients.deeplift)


METHOD = Method(
    id="deeplift",
    label="DeepLift",
    summary="Shares the difference between the outputs for the cell and for an empty image among "
    "the pixels.",
    unit=ATTRIBUTION,
    kind="attribution",
    repeated=False,
    gates=("completeness", "random_weights", "constant_channel"),
    options=(AGGREGATE,),
    explain=explain,
    maps=maps,
)
