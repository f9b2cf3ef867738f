"""PXPermute inside the cell: the background and the outline stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.importance.method import DROP_IN_F1, ExplainRequest, Method, choices

if TYPE_CHECKING:
    from pxcore.importance.fold import FoldImportance


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the drops when a channel's pixels are rearranged inside the cell's mask only.

    What is lost is *where in the cell* the signal lies; its amount, its background and the
    outline of the cell stay. Without given outlines they are found by Otsu's threshold, from the
    held-out cells' own pixels and never their labels, and the result's notes say so.

    Source: our own, after Shetab Boushehri et al. 2024, who rearrange the whole tile.
    """
    from pxcore.importance.engine import measure  # noqa: PLC0415 - loads torch
    from pxcore.importance.masks import cell_masks  # noqa: PLC0415 - loads torch
    from pxcore.importance.perturbations import PERMUTE_PIXELS_IN_MASK, Context  # noqa: PLC0415 - loads torch

    choices(METHOD.options, request.options)
    masks = cell_masks(request.cells, request.mask_kind, request.read_masks, request.roles)
    context = Context(cells=request.cells, seed=request.seed, masks=masks)
    return measure(METHOD.id, PERMUTE_PIXELS_IN_MASK, request, context, masks.notes)


METHOD = Method(
    id="pxpermute_mask",
    label="PXPermute in the cell",
    summary="Rearranges a channel's pixels inside the cell's outline only: what the place of the "
    "signal in the cell is worth.",
    unit=DROP_IN_F1,
    kind="perturbation",
    repeated=True,
    uses_roles=True,
    explain=explain,
)
