"""Pixel values that become 0 and 1, per channel, from training cells alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    source: CellSource,
    cells: Array,
    low_percentile: float,
    high_percentile: float,
    *,
    skip_zeros: bool = False,
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
    skip_zeros
        The upper limit is that of the pixels that are not 0, channel by channel: in imaging mass
        cytometry most pixels of a rare marker are 0, and its 99th percentile would be 0 too. The
        lower limit stays that of all pixels, so that single counts differ from none; where both
        are the same, it is 0. A channel without any pixel but 0 maps to 0.

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
    ordered = np.sort(cells)
    everything = _Counted(source, ordered, skip_zeros=False)
    low, high = _percentiles(everything, (low_percentile, high_percentile))
    if skip_zeros:
        (other,) = _percentiles(_Counted(source, ordered, skip_zeros=True), (high_percentile,))
        high = np.maximum(high, other)
        low = np.where((low == high) & (high > 0), 0.0, low)
    return Normaliser(low.astype(np.float32), high.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """The pixels that take part."""

    source: CellSource
    cells: Array
    skip_zeros: bool

    def by_channel(self) -> Iterator[tuple[int, Array]]:
        """Yield, block after block, a channel and its pixels as keys, each read once."""
        step = max(1, _BLOCK_PIXELS // int(np.prod(self.source.image_shape)))
        for start in range(0, len(self.cells), step):
            images = self.source.images(self.cells[start : start + step])  # (b, C, H, W)
            for channel in range(images.shape[1]):
                pixels = images[:, channel].ravel()
                yield channel, _keys(pixels[pixels != 0] if self.skip_zeros else pixels)


def _percentiles(counted: _Counted, percentiles: tuple[float, ...]) -> tuple[Array, ...]:
    """Return (C,) float64 for each percentile: each channel's pixels at it."""
    points: list[list[float]] = []

    def places(totals: Array) -> Array:
        """Return (C, 2 P): two neighbours of each percentile among so many pixels."""
        lasts = np.maximum(totals - 1, 0).tolist()
        points.extend([last * percentile / 100.0 for percentile in percentiles] for last in lasts)
        return np.array(
            [
                [rank for at in row for rank in (int(at), min(int(at) + 1, last))]
                for row, last in zip(points, lasts, strict=True)
            ]
        )

    found = _order_statistics(counted, places)  # (C, 2 P)
    shares = np.array(points) % 1.0  # (C, P)
    return tuple(
        _between(found[:, 2 * i], found[:, 2 * i + 1], shares[:, i])
        for i in range(len(percentiles))
    )


def _between(below: Array, above: Array, share: Array) -> Array:
    """Return the point between neighbours, computed from the nearer one as numpy does."""
    step = above - below
    return np.where(share < 0.5, below + step * share, above - step * (1.0 - share))


def _order_statistics(counted: _Counted, places: Callable[[Array], Array]) -> Array:
    """Return (C, R) float64: each channel's pixels at these places of ascending order.

    ``places`` gets (C,) how many pixels each channel has and returns (C, R) places. A channel
    without pixels gets 0.
    """
    n_channels, dtype = counted.source.image_shape[0], counted.source.dtype
    bits = dtype.itemsize * 8
    digit = min(_DIGIT, bits)
    settled = np.zeros((n_channels, 1), dtype=np.uint64)  # upper bits of each answer
    totals = left = np.zeros((n_channels, 1), dtype=np.int64)
    for shift in range(bits - digit, -1, -digit):
        counts = _count_digits(counted, settled, shift, digit)
        if shift == bits - digit:
            totals = np.array([counts[channel, 0].sum() for channel in range(n_channels)])
            left = places(totals)  # among the pixels that share the upper bits
            settled = np.zeros(left.shape, dtype=np.uint64)
        for channel in np.flatnonzero(totals).tolist():
            for i, prefix in enumerate(settled[channel]):
                below = np.cumsum(counts[channel, int(prefix)])
                value = int(np.searchsorted(below, left[channel, i], side="right"))
                left[channel, i] -= below[value - 1] if value else 0
                settled[channel, i] = (int(prefix) << digit) | value
    return np.where(totals[:, None] > 0, _values(settled, dtype), 0.0)


def _count_digits(
    counted: _Counted, settled: Array, shift: int, digit: int
) -> dict[tuple[int, int], Array]:
    """Return, by channel and settled upper bits, how often each value of the next bits occurs."""
    wanted = [sorted({int(prefix) for prefix in row}) for row in settled]
    counts = {
        (channel, prefix): np.zeros(1 << digit, dtype=np.int64)
        for channel, prefixes in enumerate(wanted)
        for prefix in prefixes
    }
    whole = shift + digit == counted.source.dtype.itemsize * 8  # the first pass: no bits settled
    for channel, keys in counted.by_channel():
        for prefix in wanted[channel]:
            mine = keys if whole else keys[(keys >> (shift + digit)) == prefix]
            digits = (mine >> shift) & ((1 << digit) - 1) if shift or not whole else mine
            counts[channel, prefix] += np.bincount(digits.astype(np.int64), minlength=1 << digit)
    return counts


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
