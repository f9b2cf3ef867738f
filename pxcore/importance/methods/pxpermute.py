"""PXPermute: permute the pixels of a channel within each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.importance.method import DROP_IN_F1, ExplainRequest, Method, choices

if TYPE_CHECKING:
    from pxcore.importance.fold import FoldImportance


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the drops when a channel's pixels are rearranged over the whole tile.

    The channel keeps its histogram in every cell and loses its picture, so a model that only sees
    channel means loses nothing. The tile includes the background: rearranging spreads the signal
    over it and blurs the outline, which is why a bright stain without any pattern still scores
    (``pxpermute_mask`` does not have this).

    Source: Shetab Boushehri et al., Cell Reports Methods 4, 2024, "PXPermute"; in each cell and
    repeat a fresh order. We differ: one draw serves all channels of a repeat.
    """
    from pxcore.importance.engine import measure  # noqa: PLC0415 - loads torch
    from pxcore.importance.perturbations import PERMUTE_PIXELS, Context  # noqa: PLC0415 - loads torch

    choices(METHOD.options, request.options)
    context = Context(cells=request.cells, seed=request.seed)
    return measure(METHOD.id, PERMUTE_PIXELS, request, context)


METHOD = Method(
    id="pxpermute",
    label="PXPermute",
    summary="Scatters a channel's pixels over each cell's whole picture, background included: its "
    "pattern is lost, and a bright stain without any pattern scores too.",
    unit=DROP_IN_F1,
    kind="perturbation",
    repeated=True,
    explain=explain,
)
