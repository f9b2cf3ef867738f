"""Pixel values that become 0 and 1, per channel, from training cells alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pxcore.data.source import CellSource
from pxcore.errors import DatasetError
from pxcore.types import Array, frozen

_BLOCK_PIXELS = 4 * 1024**2
"""Pixels of all channels read at once: about 100 MiB of working memory at any number of cells."""

_DIGIT = 16
"""Bits of a pixel's key settled in one pass over the cells."""


@dataclass(frozen=True, slots=True, eq=False)
class Normaliser:
    """Maps each channel linearly, ``low`` to 0 and ``high`` to 1, clipped to [0, 1].

    A channel with ``high == low`` (constant) maps to 0 everywhere.
    """

    low: Array
    """(C,) float32"""
    high: Array
    """(C,) float32"""

    def __post_init__(self) -> None:
        frozen(self, "low", "high")

    @property
    def scale(self) -> Array:
        """(C,) float32, 1 / (high - low), and 0 for a constant channel."""
        span = self.high - self.low
        scale: Array = np.divide(1.0, span, out=np.zeros_like(span), where=span > 0)
        return scale

    def apply(self, images: Array) -> Array:
        """Return ``clip((images - low) * scale, 0, 1)``, (n, C, H, W) float32, as a new array.

        ``images``: (n, C, H, W) of any real dtype, the channels of this normaliser.
        """
        low, scale = (values[None, :, None, None] for values in (self.low, self.scale))
        scaled = images.astype(np.float32)  # (n, C, H, W)
        scaled -= low
        scaled *= scale
        return np.clip(scaled, 0.0, 1.0, out=scaled)

    def take(self, channels: Sequence[int]) -> Normaliser:
        """Return the normaliser of these channel positions, in this order."""
        return Normaliser(self.low[list(channels)], self.high[list(channels)])


def fit(
    source: CellSource, cells: Array, low_percentile: float, high_percentile: float
) -> Normaliser:
    """Return the normaliser whose limits are two percentiles of the pixels of ``cells``.

    The percentiles are those of ``numpy.percentile`` (linear between neighbouring order
    statistics) and exact for every integer and float dtype, not binned: the bits of a pixel, in an
    order that follows its value, are settled from the top, 16 in each pass over the cells, by
    counting. 16-bit images need one pass, float32 two. Memory does not grow with the cells.

    **Padding counts.** Pixels that were added to fill the frame take part like any other. Each
    holds the median of its cell in that channel (``pxcore.data.frame``), so many of them pull
    both limits towards the background.

    Parameters
    ----------
    source
        Where the cells are read from, block by block.
    cells
        (n,) integers: positions of the training cells.
    low_percentile, high_percentile
        0 <= low < high <= 100.

    Raises
    ------
    DatasetError
        If there is no cell, or the percentiles are out of order.
    """
    if not 0.0 <= low_percentile < high_percentile <= 100.0:
        message = (
            f"the percentiles are {low_percentile} and {high_percentile}; give two numbers "
            "between 0 and 100, the lower one first"
        )
        raise DatasetError(message)
    if len(cells) == 0:
        message = "no training cell is given to take the percentiles of pixels from"
        raise DatasetError(message)
    _, height, width = source.image_shape
    last = len(cells) * height * width - 1
    points = [last * percentile / 100.0 for percentile in (low_percentile, high_percentile)]
    ranks = np.array([rank for at in points for rank in (int(at), min(int(at) + 1, last))])
    found = _order_statistics(source, np.sort(cells), ranks)  # (C, 4): two neighbours each
    limits = [
        _between(found[:, 2 * i], found[:, 2 * i + 1], at - int(at)) for i, at in enumerate(points)
    ]
    return Normaliser(limits[0].astype(np.float32), limits[1].astype(np.float32))


def _between(below: Array, above: Array, share: float) -> Array:
    """Return the point between neighbours, computed from the nearer one as numpy does."""
    step = above - below
    return below + step * share if share < 0.5 else above - step * (1.0 - share)


def _order_statistics(source: CellSource, cells: Array, ranks: Array) -> Array:
    """Return (C, len(ranks)) float64: each channel's pixels at these places of ascending order."""
    n_channels, bits = source.image_shape[0], source.dtype.itemsize * 8
    digit = min(_DIGIT, bits)
    settled = np.zeros((n_channels, ranks.size), dtype=np.uint64)  # upper bits of each answer
    left = np.tile(ranks, (n_channels, 1))  # places among the pixels that share those bits
    for shift in range(bits - digit, -1, -digit):
        counts = _count_digits(source, cells, settled, shift, digit)
        for channel in range(n_channels):
            for i, prefix in enumerate(settled[channel]):
                below = np.cumsum(counts[channel, int(prefix)])
                value = int(np.searchsorted(below, left[channel, i], side="right"))
                left[channel, i] -= below[value - 1] if value else 0
                settled[channel, i] = (int(prefix) << digit) | value
    return _values(settled, source.dtype)


def _count_digits(
    source: CellSource, cells: Array, settled: Array, shift: int, digit: int
) -> dict[tuple[int, int], Array]:
    """Return, by channel and settled upper bits, how often each value of the next bits occurs."""
    wanted = [sorted({int(prefix) for prefix in row}) for row in settled]
    counts = {
        (channel, prefix): np.zeros(1 << digit, dtype=np.int64)
        for channel, prefixes in enumerate(wanted)
        for prefix in prefixes
    }
    whole = shift + digit == source.dtype.itemsize * 8  # the first pass: no bits settled yet
    for channel, keys in _channel_keys(source, cells):
        for prefix in wanted[channel]:
            mine = keys if whole else keys[(keys >> (shift + digit)) == prefix]
            digits = (mine >> shift) & ((1 << digit) - 1) if shift or not whole else mine
            counts[channel, prefix] += np.bincount(digits.astype(np.int64), minlength=1 << digit)
    return counts


def _channel_keys(source: CellSource, cells: Array) -> Iterator[tuple[int, Array]]:
    """Yield, block after block, a channel and its pixels as keys, each read once."""
    step = max(1, _BLOCK_PIXELS // int(np.prod(source.image_shape)))
    for start in range(0, len(cells), step):
        images = source.images(cells[start : start + step])  # (b, C, H, W)
        for channel in range(images.shape[1]):
            yield channel, _keys(images[:, channel].ravel())


def _keys(pixels: Array) -> Array:
    """Return unsigned integers of the same width that sort as the pixels do."""
    dtype = pixels.dtype
    if dtype.kind == "u":
        return pixels
    unsigned = np.dtype(f"u{dtype.itemsize}")
    sign = unsigned.type(1 << (dtype.itemsize * 8 - 1))
    bits = pixels.astype(dtype.newbyteorder("="), copy=False).view(unsigned)
    return bits ^ sign if dtype.kind == "i" else np.where(bits & sign, ~bits, bits | sign)


def _values(keys: Array, dtype: np.dtype[np.generic]) -> Array:
    """Return the float64 pixel values behind uint64 keys: the inverse of :func:`_keys`."""
    if dtype.kind == "u":
        return keys.astype(np.float64)
    unsigned = np.dtype(f"u{dtype.itemsize}")
    sign = unsigned.type(1 << (dtype.itemsize * 8 - 1))
    narrow = keys.astype(unsigned)
    bits = narrow ^ sign if dtype.kind == "i" else np.where(narrow & sign, narrow ^ sign, ~narrow)
    return bits.view(dtype.newbyteorder("=")).astype(np.float64)
