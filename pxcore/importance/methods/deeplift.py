"""DeepLift: share the difference to a reference image among the pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.importance.attribution.settings import AGGREGATE, REFERENCE
from pxcore.importance.method import ATTRIBUTION, ExplainRequest, MapRequest, Method

if TYPE_CHECKING:
    import torch

    from pxcore.importance.fold import FoldImportance


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the attributions of each channel against the reference image.

    One pass forward and back. The attributions of a cell add up to the target's output minus that
    of the reference image, to rounding.

    Source: Shrikumar, Greenside and Kundaje, ICML 2017 (rescale rule); Shetab Boushehri et al.
    2024 (zero reference, signed median). We differ: re-used activations are separated, and the
    defaults are the training mean of each channel as reference and the mean absolute value in
    the cell.

    Raises
    ------
    MethodError
        For a network with activations that have no rule, or ``reference = mean`` without the
        training mean.
    """
    from pxcore.importance.attribution import gradients, scored  # noqa: PLC0415 - loads torch

    return scored.explained_against(METHOD, request, gradients.deeplift)


def maps(request: MapRequest) -> torch.Tensor:
    """Return the attribution of every pixel, (B, C, H, W) float32."""
    from pxcore.importance.attribution import gradients, scored  # noqa: PLC0415 - loads torch

    return scored.pictured_against(METHOD, request, gradients.deeplift)


METHOD = Method(
    id="deeplift",
    label="DeepLift",
    summary="Shares the difference between the outputs for the cell and for a reference image "
    "among the pixels.",
    unit=ATTRIBUTION,
    kind="attribution",
    repeated=False,
    gates=("completeness", "random_weights", "random_ranking", "constant_channel"),
    options=(AGGREGATE, REFERENCE),
    explain=explain,
    maps=maps,
)
