"""Cells as grey and coloured tiles on one sheet: one picture a page instead of hundreds.

Contrast is fixed per channel, so that brightness can be compared between cells. Tiles are never
interpolated: the browser enlarges them pixel by pixel.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np

from pxcore.types import Array

GAP = 2
"""Pixels between tiles."""
COMPOSITE_COLOURS = ((0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0), (1.0, 1.0, 1.0))
"""Cyan, magenta, yellow, white: sums stay readable without telling red from green."""
COMPOSITE_NAMES = ("cyan", "magenta", "yellow", "white")
OUTLINE = (240, 180, 60)
"""Of mask outlines: light orange, visible on dark and light cells."""


def shade(images: Array, limits: tuple[float, float]) -> Array:
    """Return images (..., H, W) as shares of one channel's contrast, float32 in [0, 1]."""
    low, high = limits
    span = high - low if high > low else 1.0
    clear = np.nan_to_num(images.astype(np.float32), nan=low)
    shares: Array = np.clip((clear - low) / span, 0.0, 1.0)
    return shares


def grey(shares: Array) -> Array:
    """Return shares (..., H, W) in [0, 1] as grey tiles (..., H, W, 3) uint8."""
    return np.repeat((shares * 255 + 0.5).astype(np.uint8)[..., None], 3, axis=-1)


def composite(shares: Array) -> Array:
    """Return up to four channels (n, C', H, W) in [0, 1] added up in colour, (n, H, W, 3) uint8.

    Raises ValueError beyond four channels: more colours cannot be told apart.
    """
    if shares.shape[1] > len(COMPOSITE_COLOURS):
        message = f"a composite has {shares.shape[1]} channels; at most four can be told apart"
        raise ValueError(message)
    colours = np.array(COMPOSITE_COLOURS[: shares.shape[1]], dtype=np.float32)
    total = np.einsum("nchw,cd->nhwd", shares, colours)
    tiles: Array = (np.clip(total, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)
    return tiles


def outlined(tiles: Array, masks: Array) -> Array:
    """Return tiles (n, H, W, 3) with the inner edge of masks (n, H, W) drawn in."""
    inside = masks > 0
    padded = np.pad(inside, ((0, 0), (1, 1), (1, 1)))
    core = padded[:, :-2, 1:-1] & padded[:, 2:, 1:-1] & padded[:, 1:-1, :-2] & padded[:, 1:-1, 2:]
    return np.where((inside & ~core)[..., None], np.array(OUTLINE, dtype=np.uint8), tiles)


def sheet(tiles: Array, background: int) -> Array:
    """Return tiles (rows, columns, H, W, 3) on one sheet with a gap around each."""
    rows, columns, height, width, _ = tiles.shape
    shape = (rows * (height + GAP), columns * (width + GAP), 3)
    page = np.full(shape, background, dtype=np.uint8)
    for r in range(rows):
        for c in range(columns):
            top, left = r * (height + GAP), c * (width + GAP)
            page[top : top + height, left : left + width] = tiles[r, c]
    return page


def enlarged(page: Array, zoom: int) -> Array:
    """Return a picture (H, W, 3) enlarged by repeating pixels."""
    return page.repeat(zoom, axis=0).repeat(zoom, axis=1)


def png(page: Array) -> bytes:
    """Return a picture (H, W, 3 or 4) uint8 as a PNG file; a fourth value is opacity."""
    height, width, depth = page.shape
    rows = np.zeros((height, 1 + width * depth), dtype=np.uint8)  # a leading 0: no row filter
    rows[:, 1:] = page.reshape(height, width * depth)
    head = struct.pack(">IIBBBBB", width, height, 8, 6 if depth == 4 else 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def data_uri(page: Array) -> str:
    """Return a picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png(page)).decode("ascii")


def limits_text(limits: tuple[float, float]) -> str:
    """Return contrast limits as printed under a channel's name.

    >>> limits_text((180.0, 12040.4))
    '180–12,040'
    """
    digits = 0 if limits[1] - limits[0] >= 10 else 2
    return "–".join(f"{value:,.{digits}f}".replace("-", "−") for value in limits)


def composite_legend(names: Sequence[str]) -> str:
    """Return which colour stands for which channel, as text."""
    return ", ".join(f"{n} {colour}" for n, colour in zip(names, COMPOSITE_NAMES, strict=False))


def _chunk(name: bytes, body: bytes) -> bytes:
    """Return one chunk of a PNG file."""
    check = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + check
