"""From the pixel attributions of held-out cells to one number a channel.

::

    mean_abs        mean of |a| over the pixels of the cell        how much the channel matters
    signed_median   median of a over all pixels of the tile        as published

per cell and channel, then the mean over the cells of a class. Both are stored for every cell;
the chosen one makes the scores. The target is each cell's true class.

The median of a picture that is mostly background is close to 0 whatever the cell shows: that is
the published way, kept for comparison.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from pxcore.importance.attribution.cell_values import (
    Looked,
    cells_at_once,
    check_logits,
    explained_by_cell,
    true_classes,
)
from pxcore.importance.attribution.gradients import PixelMaps
from pxcore.importance.attribution.reference import reference_of
from pxcore.importance.fold import FoldImportance
from pxcore.importance.masks import CellMasks, cell_masks
from pxcore.importance.method import ExplainRequest, MapRequest, Method, choices
from pxcore.types import Array, MaskKind

OpenMaps = Callable[[nn.Module], PixelMaps]
"""A trained network -> what draws pixel attributions with it."""
OpenAgainst = Callable[[nn.Module, Array | None], PixelMaps]
"""The same, with each channel's reference value; None for 0."""


def explained(
    method: Method, request: ExplainRequest, open_maps: OpenMaps, aggregate: str
) -> FoldImportance:
    """Return the scores (1, C, K) of one attribution method, with both aggregates of every cell.

    Raises
    ------
    MethodError
        When there are no cells, or the output or an attribution is not a number.
    Cancelled
        When ``request.stop()`` says so.
    """
    outlines, notes = _outlines(request)
    maps = open_maps(request.model)

    def look(images: torch.Tensor, positions: torch.Tensor) -> Looked:
        logits: torch.Tensor = request.model(images).float()
        check_logits(request, logits)
        targets, few = true_classes(request, positions), cells_at_once(request.model, images)
        found = drawn(maps, images, targets, few)
        inside = None if outlines is None else outlines.inside(positions)
        values = {"mean_abs": mean_inside(found, inside), "signed_median": median_over_tile(found)}
        return logits, values

    notes = notes if aggregate == "mean_abs" else ()
    return explained_by_cell(method, request, look, aggregate, notes)


def pictured(request: MapRequest, open_maps: OpenMaps) -> torch.Tensor:
    """Return the pixel attributions (B, C, H, W) float32 of some cells, a few cells a pass."""
    images = request.images
    if not len(images):
        return torch.zeros_like(images)
    few = min(request.batch_size, cells_at_once(request.model, images))
    return drawn(open_maps(request.model), images, request.targets, few)


def drawn(maps: PixelMaps, images: torch.Tensor, targets: torch.Tensor, few: int) -> torch.Tensor:
    """Return what ``maps`` gives for images (B, C, H, W) and targets (B,), ``few`` a pass."""
    pairs = zip(torch.split(images, few), torch.split(targets, few), strict=True)
    return torch.cat([maps(some, wanted) for some, wanted in pairs])


def explained_against(
    method: Method, request: ExplainRequest, open_maps: OpenAgainst
) -> FoldImportance:
    """Return :func:`explained` of a method that compares cells with its reference image."""
    aggregate = choices(method.options, request.options)["aggregate"]
    reference = reference_of(method, request)
    return explained(method, request, lambda model: open_maps(model, reference), aggregate)


def pictured_against(method: Method, request: MapRequest, open_maps: OpenAgainst) -> torch.Tensor:
    """Return :func:`pictured` of a method that compares cells with its reference image."""
    reference = reference_of(method, request)
    return pictured(request, lambda model: open_maps(model, reference))


def mean_inside(maps: torch.Tensor, inside: torch.Tensor | None) -> torch.Tensor:
    """Return (B, C) float32: the mean of |a| over each cell's pixels.

    Parameters
    ----------
    maps
        (B, C, H, W) float32
    inside
        (B, H·W) bool; a cell without a pixel inside counts as its whole tile. None for all tiles.
    """
    values = maps.flatten(2).abs().double()  # (B, C, P)
    if inside is None:
        return values.mean(dim=2).float()
    used = (inside | ~inside.any(dim=1, keepdim=True))[:, None]  # (B, 1, P)
    return ((values * used).sum(dim=2) / used.sum(dim=2)).float()


def median_over_tile(maps: torch.Tensor) -> torch.Tensor:
    """Return (B, C) float32: the signed median of (B, C, H, W), of two middle ones their mean."""
    ranked = maps.flatten(2).sort(dim=2).values
    n_pixels = ranked.shape[2]
    return (ranked[:, :, (n_pixels - 1) // 2] + ranked[:, :, n_pixels // 2]) / 2


def _outlines(request: ExplainRequest) -> tuple[CellMasks | None, tuple[str, ...]]:
    """Return the stored outlines, if there are any, and where attributions are averaged."""
    if request.mask_kind is not MaskKind.CELL or request.read_masks is None:
        words = "the cells came without outlines: attributions were averaged over the whole tile"
        return None, (words,)
    masks = cell_masks(request.cells, request.mask_kind, request.read_masks, request.roles)
    notes = ["attributions were averaged inside the stored outlines"]
    empty = int((~masks.packed.any(axis=-1)).sum())
    if empty:
        notes.append(f"{empty} held-out cells have an empty outline: their whole tile was taken")
    return masks, tuple(notes)
