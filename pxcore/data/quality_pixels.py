"""Odd pixels of channels and cells: one pass over everything, in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pxcore.data.source import CellSource, blocks
from pxcore.types import Array, MaskKind

_PILE = 1e-4
"""Share of a channel's pixels at its largest value from which on it counts as saturated.

In recordings that are not cut off, the largest values are single pixels of a thin tail.
"""
_MANY_VALUES = 16
"""Range of values below which a pile at the top is no saturation but a drawing."""
_ENOUGH_CELLS = 20
"""Below this, equal pixels in all cells are chance."""
_FEW = 6
"""Channels with the same warning up to which each has a sentence of its own."""
_BLOCK_BYTES = 4 * 1024**2


Camera = Literal["one", "many", "none"]
"""What took the pictures. ``one``: the same frame for every cell: a pixel that never changes is
broken. ``many``: places put together, as scanned tissue, where a pixel is no place of a camera
and counts have no upper end. ``none``: they are drawn, and cut off on purpose."""


def pixel_warnings(
    source: CellSource, names: Sequence[str], camera: Camera = "one"
) -> Iterator[str]:
    """Yield what is odd about channels, then about cells. ``names``: of each channel, as said."""
    seen = _look(source)
    yield from _shortened(tuple(_channel_warnings(seen, names, source.n_cells, camera)))
    yield from _cell_warnings(seen, names, source.n_cells)


def _cut_off(high: float, camera: Camera) -> bool:
    """Return whether a pile at the largest value means that the detector ended there.

    Of places put together: only where it is the largest of 8 to 16 bits, which counts have not.
    """
    full = any(high == 2**bits - 1 for bits in range(8, 17))
    return camera == "one" or (camera == "many" and full)


@dataclass(slots=True)
class _Seen:
    """What one pass over the pixels finds."""

    low: Array
    """(C,): smallest pixel"""
    high: Array
    """(C,): largest pixel"""
    at_high: Array
    """(C,) int64: pixels of the largest value"""
    cells_at_high: Array
    """(C,) int64: cells with such a pixel"""
    negative: Array
    """(C,) int64: pixels below zero"""
    flat: Array
    """(C,) int64: cells whose image is one value throughout"""
    pixel_low: Array
    pixel_high: Array
    """(C, H, W): smallest and largest value of each pixel over all cells"""
    no_mask: Array
    """(M,) int64: cells whose mask is empty; of one plane, or of each channel"""
    no_mask_at_all: int
    """Cells whose masks are empty in every plane."""
    mostly_padded: int
    """Cells most of whose frame is rows and columns of one value, as padding is."""


def _look(source: CellSource) -> _Seen:
    c = source.image_shape[0]
    start = source.images(np.zeros(1, dtype=np.int64))[0]  # (C, H, W)
    masks = source.masks(np.zeros(1, dtype=np.int64))
    n_planes = 0 if masks is None or source.mask_kind is not MaskKind.CELL else masks.shape[1]
    seen = _Seen(
        low=start.min(axis=(1, 2)),
        high=start.max(axis=(1, 2)),
        at_high=np.zeros(c, dtype=np.int64),
        cells_at_high=np.zeros(c, dtype=np.int64),
        negative=np.zeros(c, dtype=np.int64),
        flat=np.zeros(c, dtype=np.int64),
        pixel_low=start.copy(),
        pixel_high=start.copy(),
        no_mask=np.zeros(n_planes, dtype=np.int64),
        no_mask_at_all=0,
        mostly_padded=0,
    )
    for cells in blocks(source, _BLOCK_BYTES):
        _add_images(seen, source.images(cells))
        if n_planes:
            found = np.asarray(source.masks(cells))
            empty: Array = found.max(axis=(2, 3)) == 0  # (n, M)
            seen.no_mask += empty.sum(axis=0)
            seen.no_mask_at_all += int(np.count_nonzero(empty.all(axis=1)))
    return seen


def _add_images(seen: _Seen, images: Array) -> None:
    """Add a block of (n, C, H, W) pixels."""
    np.minimum(seen.pixel_low, images.min(axis=0), out=seen.pixel_low)
    np.maximum(seen.pixel_high, images.max(axis=0), out=seen.pixel_high)
    rows = images.min(axis=3), images.max(axis=3)  # (n, C, H)
    low, high = rows[0].min(axis=2), rows[1].max(axis=2)  # (n, C)
    blank_rows = (rows[0] == rows[1]).all(axis=1)  # (n, H): one value in each channel
    blank_columns = (images.min(axis=2) == images.max(axis=2)).all(axis=1)  # (n, W)
    filled = (1.0 - blank_rows.mean(axis=1)) * (1.0 - blank_columns.mean(axis=1))
    seen.mostly_padded += int(np.count_nonzero((filled < 0.5) & (low < high).any(axis=1)))
    seen.flat += (low == high).sum(axis=0)
    seen.low = np.minimum(seen.low, low.min(axis=0))
    top = np.maximum(seen.high, high.max(axis=0))
    risen = top > seen.high
    seen.at_high[risen] = seen.cells_at_high[risen] = 0
    seen.high = top
    reach = high == top
    seen.cells_at_high += reach.sum(axis=0)
    for channel in np.flatnonzero(reach.any(axis=0)):
        planes = images[reach[:, channel], channel]
        seen.at_high[channel] += np.count_nonzero(planes == top[channel])
    for channel in np.flatnonzero((low < 0).any(axis=0)):
        seen.negative[channel] += np.count_nonzero(images[:, channel] < 0)


def _shortened(found: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield the sentences of (kind, channel, sentence); a kind that many channels have, once."""
    told: set[str] = set()
    for kind, _, sentence in found:
        names = [name for other, name, _ in found if other == kind]
        if len(names) <= _FEW:
            yield sentence
        elif kind not in told:
            told.add(kind)
            yield (
                f"{len(names)} channels {kind}: {', '.join(names[:_FEW])}, ... The first of them: "
                f"{sentence}"
            )


def _channel_warnings(
    seen: _Seen, names: Sequence[str], n_cells: int, camera: Camera
) -> Iterator[tuple[str, str, str]]:
    """Yield kind, channel and sentence of every warning about a channel."""
    n_pixels = n_cells * seen.pixel_low[0].size
    for i, name in enumerate(names):
        low, high = float(seen.low[i]), float(seen.high[i])
        if low == high:
            said = f"Channel {name} is constant: every pixel of every cell is {high:g}."
            yield "are constant", name, said
            continue
        share = seen.at_high[i] / n_pixels
        piled = share >= _PILE and seen.at_high[i] >= 10 and high - low >= _MANY_VALUES
        if piled and _cut_off(high, camera):
            said = (
                f"Channel {name} is saturated: {share:.2%} of its pixels have its largest value, "
                f"{high:g}, in {seen.cells_at_high[i]} of {n_cells} cells."
            )
            yield "are saturated", name, said
        if seen.negative[i]:
            said = (
                f"Channel {name} has {seen.negative[i]} negative pixels "
                f"({seen.negative[i] / n_pixels:.2%}), down to {low:g}: usual after compensation."
            )
            yield "have negative pixels", name, said
        if seen.flat[i]:
            said = f"Channel {name} is one value throughout in {seen.flat[i]} of {n_cells} cells."
            yield "are one value throughout in some cells", name, said
        dead = np.argwhere(seen.pixel_low[i] == seen.pixel_high[i])
        if camera == "one" and n_cells >= _ENOUGH_CELLS and len(dead):
            count, places = len(dead), ", ".join(f"({y}, {x})" for y, x in dead[:3])
            said = (
                f"Channel {name} has {count} dead pixel{'s' if count > 1 else ''}, the same value "
                f"in every cell: at row and column {places}{', ...' if count > 3 else ''}."
            )
            yield "have dead pixels", name, said


def _cell_warnings(seen: _Seen, names: Sequence[str], n_cells: int) -> Iterator[str]:
    if seen.no_mask_at_all:
        yield f"{seen.no_mask_at_all} of {n_cells} cells have an empty mask."
    if seen.no_mask.size > 1:
        for name, n_empty in zip(names, seen.no_mask - seen.no_mask_at_all, strict=True):
            if n_empty:
                yield (
                    f"Channel {name} has no mask of its own in {n_empty} of {n_cells} cells, while "
                    "other channels have."
                )
    if seen.mostly_padded:
        yield (
            f"{seen.mostly_padded} of {n_cells} cells are mostly padding: more than half of the "
            "frame around them is one value. A smaller size fits them better."
        )
