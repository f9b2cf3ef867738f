"""Integrated gradients: gradients along the way from a reference image to the cell."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pxcore.importance.attribution.settings import AGGREGATE, REFERENCE
from pxcore.importance.method import (
    ATTRIBUTION,
    ExplainRequest,
    MapRequest,
    Method,
    look_for_stop,
)

if TYPE_CHECKING:
    import torch

    from pxcore.importance.fold import FoldImportance


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the attributions of each channel, 50 steps from the reference image.

    The attributions of a cell add up to the target's output minus that of the reference image,
    as far as 50 steps can tell. A channel at its reference value everywhere gets exactly 0; one
    that is constant at another value need not.

    Source: Sundararajan, Taly and Yan, ICML 2017; Shetab Boushehri et al. 2024 (50 steps, zero
    reference, signed median). We differ: the defaults are the training mean of each channel as
    reference and the mean absolute value in the cell.

    Raises
    ------
    MethodError
        For ``reference = mean`` without the training mean.
    """
    from pxcore.importance.attribution import cell_values, gradients, scored  # noqa: PLC0415 - loads torch

    look = partial(look_for_stop, request, cell_values.BETWEEN)
    open_maps = partial(gradients.integrated_gradients, before_pass=look)
    return scored.explained_against(METHOD, request, open_maps)


def maps(request: MapRequest) -> torch.Tensor:
    """Return the attribution of every pixel, (B, C, H, W) float32."""
    from pxcore.importance.attribution import gradients, scored  # noqa: PLC0415 - loads torch

    return scored.pictured_against(METHOD, request, gradients.integrated_gradients)


METHOD = Method(
    id="integrated_gradients",
    label="Integrated gradients",
    summary="Adds up the model's gradients on the way from a reference image to the cell: "
    "which pixels made the output what it is.",
    unit=ATTRIBUTION,
    kind="attribution",
    repeated=False,
    gates=("completeness", "random_weights", "random_ranking", "constant_channel"),
    options=(AGGREGATE, REFERENCE),
    explain=explain,
    maps=maps,
)
