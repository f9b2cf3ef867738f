"""The one way to read cells, wherever they lie: in a container on disk or in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import numpy as np

from pxcore.errors import DatasetError
from pxcore.types import Array, MaskKind, read_only


class CellSource(Protocol):
    """Cells by position, 0 to ``n_cells - 1``; the same call always gives the same pixels."""

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        ...

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W), the same for every cell."""
        ...

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Of the stored pixels."""
        ...

    @property
    def mask_kind(self) -> MaskKind:
        """What the masks mean; NONE when there are none."""
        ...

    def images(self, cells: Array, channels: Sequence[int] | None = None) -> Array:
        """Return the pixels of ``cells`` as a new (n, C', H, W) array of the stored dtype.

        ``cells``: (n,) integers in any order, repeats allowed; the rows follow that order.
        ``channels``: positions, in the order wanted; None for all.
        """
        ...

    def masks(self, cells: Array) -> Array | None:
        """Return (n, M, H, W) uint8 with M = 1 or C, > 0 inside; None without masks."""
        ...


class ArrayCells:
    """Cells in memory.

    Parameters
    ----------
    images
        (N, C, H, W) of any real dtype.
    masks
        (N, M, H, W) uint8 with M = 1 or C, or None.
    mask_kind
        What the masks mean; by default CELL with masks, NONE without.

    Raises
    ------
    DatasetError
        When the shapes do not belong together.
    """

    def __init__(
        self, images: Array, masks: Array | None = None, mask_kind: MaskKind | None = None
    ) -> None:
        if images.ndim != 4:
            message = (
                f"images have shape {images.shape}; expected four axes: cells, channels, "
                "height, width"
            )
            raise DatasetError(message)
        n, c, h, w = images.shape
        if masks is not None and masks.shape not in {(n, 1, h, w), (n, c, h, w)}:
            message = (
                f"masks have shape {masks.shape}; images of shape {images.shape} need masks of "
                f"shape {(n, 1, h, w)} or {(n, c, h, w)}"
            )
            raise DatasetError(message)
        if mask_kind is None:
            mask_kind = MaskKind.NONE if masks is None else MaskKind.CELL
        if (masks is None) != (mask_kind is MaskKind.NONE):
            message = f"masks are {'absent' if masks is None else 'given'} but called {mask_kind}"
            raise DatasetError(message)
        self.n_cells: Final = n
        self.image_shape: Final = (c, h, w)
        self.dtype: Final = images.dtype
        self.mask_kind: Final = mask_kind
        self._images = read_only(images)
        self._masks = None if masks is None else read_only(masks.astype(np.uint8, copy=False))

    def images(self, cells: Array, channels: Sequence[int] | None = None) -> Array:
        """Return a new (n, C', H, W) array, rows and channels in the order asked."""
        taken = self._images[positions(cells, self.n_cells)]
        return taken if channels is None else taken[:, list(channels)]

    def masks(self, cells: Array) -> Array | None:
        """Return a new (n, M, H, W) uint8 array, or None."""
        return None if self._masks is None else self._masks[positions(cells, self.n_cells)]


def positions(cells: Array, n_cells: int) -> Array:
    """Return ``cells`` as (n,) int64 positions.

    Raises
    ------
    DatasetError
        When one of them is not the position of a cell.
    """
    wanted = np.asarray(cells)
    if wanted.size == 0:
        return np.zeros(0, dtype=np.int64)
    if wanted.ndim != 1 or not np.issubdtype(wanted.dtype, np.integer):
        message = (
            f"cell positions are {wanted.dtype} of shape {wanted.shape}; expected a row of integers"
        )
        raise DatasetError(message)
    low, high = int(wanted.min()), int(wanted.max())
    if low < 0 or high >= n_cells:
        message = (
            f"cell {low if low < 0 else high} does not exist; there are {n_cells} cells, from 0"
        )
        raise DatasetError(message)
    return wanted.astype(np.int64, copy=False)


def blocks(source: CellSource, block_bytes: int = 64 * 1024**2) -> Iterator[Array]:
    """Yield runs of consecutive positions whose images take about ``block_bytes`` each."""
    cell_bytes = int(np.prod(source.image_shape)) * source.dtype.itemsize
    step = max(1, block_bytes // max(1, cell_bytes))
    for start in range(0, source.n_cells, step):
        yield np.arange(start, min(start + step, source.n_cells), dtype=np.int64)


def spaced_sample(source: CellSource, cells: Array, most: int, most_bytes: int) -> Array:
    """Return evenly spaced ones of ``cells``: at most so many, and about so many bytes of images.

    Four are taken however large they are.
    """
    cell_bytes = int(np.prod(source.image_shape)) * source.dtype.itemsize
    n = min(len(cells), max(4, min(most, most_bytes // max(1, cell_bytes))))
    return np.asarray(cells)[np.linspace(0, len(cells) - 1, n).round().astype(np.int64)]
