"""Where the cell is in its tile: outlines as given, or found by Otsu's threshold and said so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional

from pxcore.data.source import CellSource
from pxcore.errors import MethodError
from pxcore.training.device_cells import Cells
from pxcore.types import Array, MaskKind, Role

MaskReader = Callable[[Array], Array]
"""Positions (n,) of held-out cells -> their masks (n, M, H, W) uint8, > 0 inside; M is 1 or the
number of channels of the source."""

MOST_NUMBERED = 8
_BLOCK = 512
_BINS = 128
_EVEN = 1e-4
"""A tile whose normalised pixels differ by less is even; averaging alone rounds by 1e-7."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellMasks:
    """Outlines of n cells, packed to bits; one outline serves all channels of a cell."""

    packed: Array
    """(n, ceil(H·W / 8)) uint8"""
    n_pixels: int
    device: torch.device
    notes: tuple[str, ...] = ()

    def inside(self, positions: torch.Tensor) -> torch.Tensor:
        """Return (B, H·W) bool on the cells' device, True inside the cell."""
        rows = self.packed[positions.cpu().numpy()]
        bits = np.unpackbits(rows, axis=-1, count=self.n_pixels)
        return torch.from_numpy(bits.view(np.bool_)).to(self.device)


def mask_reader(source: CellSource, cells: Array) -> MaskReader | None:
    """Return what reads the masks of ``cells`` of a source, or None when it has none."""
    if source.mask_kind is MaskKind.NONE:
        return None

    def read(positions: Array) -> Array:
        masks = source.masks(np.asarray(cells)[positions])
        if masks is None:
            message = f"the cells should have masks ({source.mask_kind}) but gave none"
            raise MethodError(message)
        return masks

    return read


def cell_masks(
    cells: Cells, kind: MaskKind, read: MaskReader | None, roles: Sequence[Role]
) -> CellMasks:
    """Return the outlines of all cells: the given ones, else found by :func:`otsu_outline`.

    Where the instrument gives a mask a channel, the outline is their union: a channel that a cell
    does not light up in has an empty mask, and the cell is there all the same. Notes in the
    result say how the outlines came about and how many cells have none.

    Parameters
    ----------
    kind, read
        What the stored masks mean and how they are read. FRAME masks hold no outline; they only
        keep the padding out of one that is found.
    roles
        (C,): the first brightfield channel is used to find outlines, else the sum of the stains.

    Raises
    ------
    MethodError
        When outlines must be found and no channel can show them.
    """
    height, width = cells.image_size
    outline, notes = _stored_or_found(cells, kind, read, roles)
    packed = [np.zeros((0, (height * width + 7) // 8), np.uint8)]
    for positions in torch.split(torch.arange(len(cells), device=cells.device), _BLOCK):
        inside = outline(positions)  # (B, H, W)
        packed.append(np.packbits(inside.reshape(len(inside), -1), axis=-1))
    every = np.concatenate(packed[1:] or packed)
    empty = int((~every.any(axis=-1)).sum())
    if empty:
        notes = (*notes, f"{empty} of {len(cells)} held-out cells have an empty outline; "
                 "there is nothing inside to rearrange in them")  # fmt: skip
    return CellMasks(packed=every, n_pixels=height * width, device=cells.device, notes=notes)


def otsu_outline(signal: torch.Tensor, frame: torch.Tensor) -> Array:
    """Return (B, H, W) bool: where a cell's signal exceeds its own Otsu threshold, holes filled.

    The threshold maximises the variance between the pixels below and above it. A tile of one
    value has no outline.

    Parameters
    ----------
    signal
        (B, H, W) float32, bright where the cell is.
    frame
        (B, H, W) bool: true pixels; padding takes no part.

    Notes
    -----
    Source: Otsu, IEEE Transactions on Systems, Man, and Cybernetics 9, 1979. The signal is
    averaged over 3 x 3 pixels first, which keeps single noisy pixels out of the outline.
    """
    share = _averaged(frame.float()).clamp_min(1e-6)
    smooth = _averaged(signal * frame) / share  # padding does not bleed into the frame
    values, used = smooth.flatten(1), frame.flatten(1)
    low = values.masked_fill(~used, torch.inf).amin(dim=1, keepdim=True)
    high = values.masked_fill(~used, -torch.inf).amax(dim=1, keepdim=True)
    spread = (high - low).clamp_min(torch.finfo(torch.float32).tiny)
    place = ((values - low) / spread * _BINS).clamp(0, _BINS - 1).nan_to_num(0.0).long()
    counts = torch.zeros(len(values), _BINS, device=values.device)
    counts.scatter_add_(1, place, used.float())
    inside = used & (place > _otsu_bin(counts)) & (high - low > _EVEN)
    planes = inside.view_as(frame).cpu().numpy()
    return np.stack([ndimage.binary_fill_holes(plane) for plane in planes])


def _averaged(planes: torch.Tensor) -> torch.Tensor:
    """Return (B, H, W) averaged over 3 x 3 pixels, beyond the tile taken as 0."""
    return functional.avg_pool2d(planes[:, None], 3, 1, 1)[:, 0]


def _otsu_bin(counts: torch.Tensor) -> torch.Tensor:
    """Return (B, 1): the last bin of the darker class that Otsu's criterion makes of (B, bins)."""
    levels = torch.arange(counts.shape[1], device=counts.device, dtype=counts.dtype)
    below, sum_below = counts.cumsum(1), (counts * levels).cumsum(1)
    total, sum_total = below[:, -1:], sum_below[:, -1:]
    product = (below * (total - below)).clamp_min(1.0)
    between = (sum_total * below - sum_below * total) ** 2 / product
    return between[:, :-1].argmax(dim=1, keepdim=True)


def _stored_or_found(
    cells: Cells, kind: MaskKind, read: MaskReader | None, roles: Sequence[Role]
) -> tuple[Callable[[torch.Tensor], Array], tuple[str, ...]]:
    """Return what gives the outlines (B, H, W) of some cells, and what to say about it."""
    if kind is MaskKind.CELL and read is not None:
        stored = read

        def union(positions: torch.Tensor) -> Array:
            inside: Array = np.any(stored(positions.cpu().numpy()) > 0, axis=1)
            return inside

        return union, ()
    channels, words = _telling_channels(len(cells.channels), roles)

    def find(positions: torch.Tensor) -> Array:
        planes = [cells.channel(channel, positions) for channel in channels]
        frame = torch.ones_like(planes[0], dtype=torch.bool)
        if read is not None:
            true_pixels = torch.from_numpy(read(positions.cpu().numpy()) > 0)
            frame = true_pixels.all(dim=1).to(frame.device)
        signal = torch.stack(planes).sum(dim=0)
        if words == _BRIGHTFIELD:
            signal = (signal - _background(signal, frame)).abs()
        return otsu_outline(signal, frame)

    note = (
        "the cells came without outlines: they were found by Otsu's threshold on "
        f"{words} ({_numbered(channels)}); in pictures of many cells, or drawn ones, that is "
        "whatever is bright, not one cell"
    )
    return find, (note,)


_BRIGHTFIELD = "the deviation of the brightfield from its background"


def _numbered(channels: Sequence[int]) -> str:
    """Return which channels these are, as people count them.

    >>> _numbered([0]), _numbered([0, 2]), _numbered(range(30))
    ('channel 1', 'channels 1, 3', '30 channels')
    """
    if len(channels) > MOST_NUMBERED:
        return f"{len(channels)} channels"
    numbers = ", ".join(str(channel + 1) for channel in channels)
    return f"channel{'s' if len(channels) > 1 else ''} {numbers}"


def _telling_channels(n_channels: int, roles: Sequence[Role]) -> tuple[list[int], str]:
    """Return the channels that show where the cell is, and in words what is looked at."""
    known = list(roles) or [Role.STAIN] * n_channels
    bright = [i for i, role in enumerate(known) if role is Role.BRIGHTFIELD]
    if bright:
        return bright[:1], _BRIGHTFIELD
    stains = [i for i, role in enumerate(known) if role in (Role.STAIN, Role.VIABILITY)]
    if stains:
        return stains, "the sum of the stains"
    message = (
        "cells without outlines need a brightfield channel or a stain to find them in; the roles "
        f"are {', '.join(known)}. Import the cells with masks, or correct the roles"
    )
    raise MethodError(message)


def _background(plane: torch.Tensor, frame: torch.Tensor) -> torch.Tensor:
    """Return (B, 1, 1): the median over the outermost two pixels of the frame."""
    outside = functional.pad((~frame).float(), (2, 2, 2, 2), value=1.0)[:, None]
    edge = functional.max_pool2d(outside, 5, 1)[:, 0] > 0
    ring = plane.masked_fill(~(edge & frame), torch.nan)
    return ring.flatten(1).nanmedian(dim=1).values[:, None, None]
