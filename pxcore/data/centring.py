"""Cells moved to the middle of their frame, so that where they lie is no longer in the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from pxcore.data.source import CellSource
from pxcore.errors import DatasetError
from pxcore.types import Array, MaskKind


class CentredCells:
    """A source whose cells are moved by whole pixels until their mask lies in the middle.

    What comes in from outside the frame is the median of the cell's plane, as padding is
    everywhere. A cell with an empty mask stays where it is. Masks move along.

    Raises
    ------
    DatasetError
        When the cells have no outlines, or every mask is empty.
    """

    def __init__(self, source: CellSource, block: int = 1024) -> None:
        if source.mask_kind is not MaskKind.CELL:
            message = (
                f"the cells have no outlines to centre them by (masks: {source.mask_kind}); "
                "expected the mask of each cell: import them with masks, or do not centre them"
            )
            raise DatasetError(message)
        self._source = source
        self.n_cells: Final = source.n_cells
        self.image_shape: Final = source.image_shape
        self.dtype: Final = source.dtype
        self.mask_kind: Final = source.mask_kind
        parts = [
            _moves(source.masks(np.arange(start, min(start + block, source.n_cells))))
            for start in range(0, source.n_cells, block)
        ]
        self._moves = np.concatenate([moves for moves, _ in parts])  # (N, 2)
        self.n_left: Final = int(sum(left for _, left in parts))
        """Cells that stay, because their mask is empty."""
        if self.n_left == source.n_cells:
            message = "every mask is empty, so no cell can be centred; expected pixels inside"
            raise DatasetError(message)

    def images(self, cells: Array, channels: Sequence[int] | None = None) -> Array:
        """Return (n, C', H, W), centred, in the order asked."""
        pixels = self._source.images(cells, channels)
        fill = np.median(pixels, axis=(2, 3)).astype(self.dtype)  # (n, C')
        return _moved(pixels, self._moves[cells], fill)

    def masks(self, cells: Array) -> Array | None:
        """Return (n, M, H, W), centred like the images."""
        masks = self._source.masks(cells)
        if masks is None:
            return None
        return _moved(masks, self._moves[cells], np.zeros(masks.shape[:2], masks.dtype))


def _moves(masks: Array | None) -> tuple[Array, int]:
    """Return (n, 2) whole rows and columns to move each cell by, and how many masks are empty."""
    assert masks is not None  # the source said what its masks mean
    inside = (masks > 0).max(axis=1)  # (n, H, W)
    weight = inside.sum(axis=(1, 2))
    moves = np.zeros((len(inside), 2), dtype=np.int64)
    for axis in (0, 1):
        length = inside.shape[1 + axis]
        along = inside.sum(axis=2 - axis)  # (n, length)
        centre = (along @ np.arange(length)) / np.maximum(weight, 1)
        moves[:, axis] = np.where(weight > 0, np.rint((length - 1) / 2 - centre), 0)
    return moves, int((weight == 0).sum())


def _moved(pixels: Array, moves: Array, fill: Array) -> Array:
    """Return the planes (n, C, H, W) moved, ``fill`` (n, C) where nothing comes in."""
    result = np.empty_like(pixels)
    result[:] = fill[:, :, None, None]
    for cell, (down, right) in enumerate(moves.tolist()):
        into_h, from_h = _overlap(pixels.shape[2], down)
        into_w, from_w = _overlap(pixels.shape[3], right)
        result[cell][:, into_h, into_w] = pixels[cell][:, from_h, from_w]
    return result


def _overlap(length: int, by: int) -> tuple[slice, slice]:
    """Return where a row lands and what of it, moved by so many pixels.

    >>> _overlap(5, 2)
    (slice(2, 5, None), slice(0, 3, None))
    """
    return slice(max(by, 0), length + min(by, 0)), slice(max(-by, 0), length - max(by, 0))
