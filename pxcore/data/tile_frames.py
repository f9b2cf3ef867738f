"""Which part of a tile is recorded and which is padding."""

from __future__ import annotations

import numpy as np

from pxcore.types import Array


def true_frames(images: Array, frame_masks: Array | None) -> Array:
    """Return (n, 4) int64: first row, end row, first column, end column of the true pixels.

    ``frame_masks``, (n, M, H, W), tell where they are stored. Else padding is recognised as the
    import writes it: outer rows and columns that hold one value in each channel of ``images``,
    (n, C, H, W). A tile of nothing else counts as recorded.
    """
    n, _, height, width = images.shape
    frames = np.tile(np.array([0, height, 0, width]), (n, 1))
    rows: Array
    columns: Array
    if frame_masks is not None:
        inside: Array = np.all(frame_masks > 0, axis=1)  # (n, H, W)
        rows, columns = np.any(inside, axis=2), np.any(inside, axis=1)
        some = np.arange(n)
    else:
        some = np.flatnonzero(_flat_edge(images))
        tiles = images[some]
        rows = np.any(tiles.min(axis=3) != tiles.max(axis=3), axis=1)  # (n', H)
        columns = np.any(tiles.min(axis=2) != tiles.max(axis=2), axis=1)  # (n', W)
    for first, lines in ((0, rows), (2, columns)):  # where no line is true, all of them stay
        frames[some, first] = lines.argmax(axis=1)
        frames[some, first + 1] = lines.shape[1] - lines[:, ::-1].argmax(axis=1)
    return frames


def frame_pixels(frames: Array, size: tuple[int, int], inset: int = 0) -> Array:
    """Return (n, H, W) bool: True at least ``inset`` pixels within the frames."""
    row, column = np.arange(size[0]), np.arange(size[1])
    top, bottom, left, right = (frames[:, i, None] for i in range(4))
    rows = (row >= top + inset) & (row < bottom - inset)  # (n, H)
    columns = (column >= left + inset) & (column < right - inset)  # (n, W)
    inside: Array = rows[:, :, None] & columns[:, None, :]
    return inside


def pad_like(planes: Array, frames: Array) -> Array:
    """Return ``planes`` (n, H, W) with the median of each frame's pixels outside that frame.

    As an import pads. Planes whose frame is the whole tile are returned as they are.
    """
    whole = (0, planes.shape[1], 0, planes.shape[2])
    padded = np.flatnonzero((frames != whole).any(axis=1))
    if not padded.size:
        return planes
    result = planes.copy()
    for i in padded:
        top, bottom, left, right = frames[i]
        inner = planes[i, top:bottom, left:right]
        result[i] = np.median(inner).astype(planes.dtype)
        result[i, top:bottom, left:right] = inner
    return result


def _flat_edge(images: Array) -> Array:
    """Return (n,) bool: some outermost row or column is one value in each channel."""
    edges = (images[:, :, 0], images[:, :, -1], images[:, :, :, 0], images[:, :, :, -1])
    flat = [(edge == edge[:, :, :1]).all(axis=(1, 2)) for edge in edges]
    found: Array = np.any(flat, axis=0)
    return found
