"""Integrated gradients: gradients along the way from an empty image to the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.importance.attribution.settings import AGGREGATE
from pxcore.importance.method import ATTRIBUTION, ExplainRequest, MapRequest, Method, choices

if TYPE_CHECKING:
    import torch

    from pxcore.importance.fold import FoldImportance


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the attributions of each channel, 50 steps from the reference image 0.

    The attributions of a cell add up to the target's output minus that of the empty image, as
    far as 50 steps can tell. A channel at 0 everywhere gets exactly 0; one that is constant at
    another value need not.

    Source: Sundararajan, Taly and Yan, ICML 2017; Shetab Boushehri et al. 2024 (50 steps, zero
    reference, signed median). We differ: the default is the mean absolute value in the cell.
    """
    from pxcore.importance.attribution import gradients, scored  # noqa: PLC0415 - loads torch

    aggregate = choices(METHOD.options, request.options)["aggregate"]

    def opened(model: torch.nn.Module) -> gradients.PixelMaps:
        return gradients.integrated_gradients(model, lambda: scored.look_for_stop(request))

    return scored.explained(METHOD, request, opened, aggregate)


def maps(request: MapRequest) -> torch.Tensor:
    """Return the attribution of every pixel, (B, C, H, W) float32."""
    from pxcore.importance.attribution import gradients, scored  # noqa: PLC0415 - loads torch

    choices(METHOD.options, request.options)
    return scored.pictured(request, gradients.integrated_gradients)


METHOD = Method(
    id="integrated_gradients",
    label="Integrated gradients",
    summary="Adds up the model's gradients on the way from an empty image to the cell: which "
    "pixels made the output what it is.",
    unit=ATTRIBUTION,
    kind="attribution",
    repeated=False,
    gates=("completeness", "random_weights", "constant_channel"),
    options=(AGGREGATE,),
    explain=explain,
    maps=maps,
)
