"""Every cell in one frame: the side chosen, cells centre-cropped or padded, pixels checked.

A cell smaller than the frame is padded with the median of its own pixels in each channel, so that
the padding looks like background and carries no edge; the mask there is 0, which is how padding
stays known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pxcore.data.importers.importer import RawCell
from pxcore.errors import DatasetError
from pxcore.types import Array

LARGEST_CHOSEN = 256
"""A side chosen from the cells is never larger; doublets and debris are cropped."""


@dataclass(frozen=True, slots=True)
class Framed:
    """One cell in the frame."""

    images: Array
    """(C, H, W) of the stored dtype."""
    masks: Array | None
    """(M, H, W) uint8, 0 in the padding; None when the cell came without."""
    cropped: bool
    padded: bool


def choose_shape(sizes: Array, side: int) -> tuple[int, int]:
    """Return height and width of the frame for cells of ``sizes``, (N, 2) pixels.

    A given ``side`` makes a square. With 0, cells that all share one size keep it; otherwise
    the side is the multiple of 8 that holds the 95th percentile of max(height, width), at most
    256.

    Raises
    ------
    DatasetError
        When ``side`` is negative or beyond 1024.
    """
    if not 0 <= side <= 1024:
        message = f"size {side} is not usable; give a side of 8 to 1024 pixels, or 0 to choose"
        raise DatasetError(message)
    if side:
        return side, side
    first = sizes[0]
    if (sizes == first).all():
        return int(first[0]), int(first[1])
    wanted = np.percentile(sizes.max(axis=1), 95, method="higher")
    chosen = min(LARGEST_CHOSEN, int(-(-wanted // 8)) * 8)
    return chosen, chosen


def to_frame(cell: RawCell, shape: tuple[int, int], dtype: np.dtype[np.generic]) -> Framed:
    """Return the cell cropped or padded about its centre to ``shape``.

    The window starts at (H - h) // 2, or (h - H) // 2 when cropped, and likewise for widths.

    Raises
    ------
    DatasetError
        When an integer pixel does not fit the stored ``dtype``, or the mask's shape is not the
        cell's.
    """
    images = _converted(cell, dtype)
    c, h, w = images.shape
    if cell.masks is not None and cell.masks.shape not in {(1, h, w), (c, h, w)}:
        message = (
            f"{cell.name}: the mask has shape {cell.masks.shape}; an image of shape {(c, h, w)} "
            f"needs a mask of shape {(1, h, w)} or {(c, h, w)}"
        )
        raise DatasetError(message)
    if (h, w) == shape:
        return Framed(images, cell.masks, cropped=False, padded=False)
    (into_h, from_h), (into_w, from_w) = _overlap(h, shape[0]), _overlap(w, shape[1])
    fill = np.median(images, axis=(1, 2)).astype(dtype)  # (C,)
    framed = np.empty((c, *shape), dtype)
    framed[:] = fill[:, None, None]
    framed[:, into_h, into_w] = images[:, from_h, from_w]
    masks = None
    if cell.masks is not None:
        masks = np.zeros((len(cell.masks), *shape), np.uint8)
        masks[:, into_h, into_w] = cell.masks[:, from_h, from_w]
    return Framed(
        framed,
        masks,
        cropped=h > shape[0] or w > shape[1],
        padded=h < shape[0] or w < shape[1],
    )


def frame_mask(size: tuple[int, int], shape: tuple[int, int]) -> Array:
    """Return (1, H, W) uint8: 1 on the true pixels of a cell of ``size``, 0 on its padding."""
    mask = np.zeros((1, *shape), np.uint8)
    mask[:, _overlap(size[0], shape[0])[0], _overlap(size[1], shape[1])[0]] = 1
    return mask


def _overlap(length: int, side: int) -> tuple[slice, slice]:
    """Return where a row of ``length`` pixels goes in a frame of ``side``, and what of it."""
    if length <= side:
        start = (side - length) // 2
        return slice(start, start + length), slice(0, length)
    start = (length - side) // 2
    return slice(0, side), slice(start, start + side)


def _converted(cell: RawCell, dtype: np.dtype[np.generic]) -> Array:
    images = cell.images
    if images.dtype == dtype:
        return images
    if dtype.kind in "iu" and images.dtype.kind in "iu":
        low, high = int(images.min()), int(images.max())
        bounds = np.iinfo(dtype.name)
        if low < bounds.min or high > bounds.max:
            message = (
                f"{cell.name}: pixels reach from {low} to {high}; {bounds.min} to {bounds.max} "
                f"can be stored ({dtype.name}): scale them or convert them to float32"
            )
            raise DatasetError(message)
    with np.errstate(over="ignore"):  # beyond float32 becomes infinite, which is refused later
        return images.astype(dtype)
