"""Single cells out of a tissue image: one window around each outline of a label mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pxcore.types import Array


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One cell's window."""

    number: int
    """In the label mask."""
    rows: slice
    columns: slice
    mask: Array
    """(1, h, w) uint8: 1 inside this cell, 0 also inside its neighbours."""
    n_pixels: int
    larger: bool
    """The cell reaches beyond the window."""


def cell_numbers(labels: Array) -> tuple[Array, Array]:
    """Return the numbers of all cells of a label mask, ascending, and how many pixels each has.

    ``labels``: (h, w) whole numbers, 0 outside.
    """
    numbers, counts = np.unique(labels, return_counts=True)
    inside = numbers > 0
    return numbers[inside], counts[inside]


def crops(labels: Array, window: int) -> Iterator[Crop]:
    """Yield a window for each cell of a label mask, by ascending number.

    Windows are centred at the middle of the cell's bounding box and moved inside the image, so
    that all are ``window`` x ``window`` pixels, or the image's own side where that is smaller:
    what surrounds a cell are real pixels, not padding.
    """
    from scipy import ndimage  # noqa: PLC0415 - every command and page loads the importers

    numbers, compact = np.unique(labels, return_inverse=True)
    compact = compact.reshape(labels.shape) + int(numbers[0] > 0)  # 0 stays outside
    boxes = ndimage.find_objects(compact)
    for number, box in zip(numbers[numbers > 0], boxes, strict=True):
        rows, columns = (
            _window(side, size, window) for side, size in zip(box, labels.shape, strict=True)
        )
        mask = (labels[rows, columns] == number).astype(np.uint8)[None]
        n_pixels = int((labels[box] == number).sum())
        yield Crop(int(number), rows, columns, mask, n_pixels, n_pixels > int(mask.sum()))


def _window(box: slice, size: int, window: int) -> slice:
    """Return the window around one side of a box, inside an image of that size."""
    side = min(window, size)
    start = (box.start + box.stop - side) // 2
    start = min(max(start, 0), size - side)
    return slice(start, start + side)
