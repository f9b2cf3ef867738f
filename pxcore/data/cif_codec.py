"""The two compressions of Amnis ``.cif`` files, decoded with whole-array steps.

Written after the bytes of a file from IDEAS 6.0; its pixels, decoded by an independent reader, are
the oracle in the tests.
"""

from __future__ import annotations

import numpy as np

from pxcore.errors import DatasetError
from pxcore.types import Array

_MAX_NIBBLES = 10
"""Of one value: 30 bits, where 16-bit pixels need at most 7 nibbles (differences of 19 bits)."""


def decode_image(strip: Array, height: int, width: int) -> Array:
    """Return (height, width) int64 pixels of compression 30817.

    The strip is a stream of nibbles, low one first. Each carries three bits of a value, the least
    significant first, and its fourth bit says that more follow; the value is sign-extended from
    its last nibble. Values are differences to ``above + left - above-left``, so pixels are their
    cumulative sums down and across.

    Parameters
    ----------
    strip
        (n,) uint8.

    Raises
    ------
    DatasetError
        If the stream holds too few values, or one of more than 30 bits.
    """
    n_pixels = height * width
    nibbles = np.empty(2 * strip.size, dtype=np.uint8)
    nibbles[0::2] = strip & 15
    nibbles[1::2] = strip >> 4
    last = np.flatnonzero(nibbles < 8)[:n_pixels]  # the last nibble of each value
    if last.size < n_pixels:
        message = f"the compressed image holds {last.size} pixels; {n_pixels} are expected"
        raise DatasetError(message)
    length = np.diff(last, prepend=-1)
    longest = int(length.max())
    if longest > _MAX_NIBBLES:
        message = f"a pixel of the compressed image takes {longest} nibbles; at most 7 make sense"
        raise DatasetError(message)
    first = last - length + 1
    nibbles &= 7
    values = nibbles[first].astype(np.int32)
    for place in range(1, longest):
        longer = np.flatnonzero(length > place)
        values[longer] |= nibbles[first[longer] + place].astype(np.int32) << (3 * place)
    negative = nibbles[last] >= 4
    values -= negative * (np.int32(1) << (3 * length).astype(np.int32))
    grid = values.reshape(height, width).astype(np.int64)
    np.cumsum(grid, axis=0, out=grid)
    return np.cumsum(grid, axis=1, out=grid)


def decode_mask(strip: Array, height: int, width: int) -> Array:
    """Return (height, width) uint8 values of compression 30818: pairs (value, run length - 1).

    Parameters
    ----------
    strip
        (n,) uint8; bytes after the last pixel are left alone.

    Raises
    ------
    DatasetError
        If the runs do not end exactly with the last pixel.
    """
    n_pixels = height * width
    pairs = strip[: strip.size // 2 * 2].reshape(-1, 2)
    runs = pairs[:, 1].astype(np.int64) + 1
    ends = np.cumsum(runs)
    n_runs = int(np.searchsorted(ends, n_pixels)) + 1
    if n_runs > runs.size or ends[n_runs - 1] != n_pixels:
        found = int(ends[min(n_runs, runs.size) - 1]) if runs.size else 0
        message = f"the runs of the compressed mask end at pixel {found}; {n_pixels} are expected"
        raise DatasetError(message)
    return np.repeat(pairs[:n_runs, 0], runs[:n_runs]).reshape(height, width)
