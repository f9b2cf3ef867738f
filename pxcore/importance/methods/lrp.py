"""Layer-wise relevance propagation: hand the output back through the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.importance.attribution.settings import AGGREGATE
from pxcore.importance.method import ExplainRequest, MapRequest, Method, choices

if TYPE_CHECKING:
    import torch

    from pxcore.importance.fold import FoldImportance


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the relevance of each channel: EpsilonPlus on a canonised copy of the network.

    The relevance of a cell adds up to the target's output, but for what biases and dark
    surroundings keep. The z+ rule looks at positive weights only: it tells where evidence for the
    class can come from, less well which evidence speaks against it.

    Source: Bach et al., PLOS ONE 10, 2015 (zennit's EpsilonPlus); Shetab Boushehri et al. 2024
    (signed median). We differ: BatchNorm is merged and residual sums share, without which
    relevance explodes, and the default is the mean absolute value in the cell.

    Raises
    ------
    MethodError
        For a network with BatchNorm or sums that no rule is known for.
    """
    from pxcore.importance.attribution import relevance, scored  # noqa: PLC0415 - loads torch

    aggregate = choices(METHOD.options, request.options)["aggregate"]
    return scored.explained(METHOD, request, relevance.lrp, aggregate)


def maps(request: MapRequest) -> torch.Tensor:
    """Return the relevance of every pixel, (B, C, H, W) float32."""
    from pxcore.importance.attribution import relevance, scored  # noqa: PLC0415 - loads torch

    choices(METHOD.options, request.options)
    return scored.pictured(request, relevance.lrp)


METHOD = Method(
    id="lrp",
    label="Layer-wise relevance propagation",
    summary="Hands the model's output back through its layers: which pixels the evidence for the "
    "class comes from.",
    unit="relevance",
    kind="attribution",
    repeated=False,
    gates=("conservation", "random_weights", "random_ranking", "constant_channel"),
    options=(AGGREGATE,),
    explain=explain,
    maps=maps,
)
