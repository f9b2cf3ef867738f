"""Shapes, textures and camera noise of synthetic cells, for a block of cells at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pxcore.types import Array

BACKGROUND = 40.0
"""Camera counts without light."""
TOP = 4095
"""Largest count of a 12-bit camera."""
_READ_NOISE = 6.0
_GAIN = 1.5
"""Counts a photon: shot noise has variance gain times signal."""


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """Outlines of a block of cells."""

    y: Array
    x: Array
    """(n, H, W) float32: offsets from the cell's centre, in pixels."""
    radius: Array
    """(n, H, W) float32: 0 at the centre, 1 on the outline."""
    inside: Array
    """(n, H, W) bool"""


def shapes(
    n: int, size: int, rng: np.random.Generator, *, shift: float = 0.04, spread: float = 0.07
) -> Shapes:
    """Return ellipses of random size, place and direction, none of which knows the class.

    ``shift``: how far, as a share of the frame, a cell may lie from its middle in each direction.
    ``spread``: standard deviation of sizes as a share of the mean; at most 20 %, or 1.5 of these
    where that is more.
    """
    centre = (size - 1) / 2 + rng.uniform(-shift, shift, (2, n)) * size
    most = max(0.2, 1.5 * spread)
    half = 0.31 * size * rng.normal(1.0, spread, n).clip(1.0 - most, 1.0 + most)
    stretch = rng.uniform(1.0, 1.25, n) ** 0.5
    angle = rng.uniform(0.0, np.pi, n)
    grid = np.arange(size, dtype=np.float32)
    y = (grid[None, :, None] - centre[0][:, None, None]).astype(np.float32)
    x = (grid[None, None, :] - centre[1][:, None, None]).astype(np.float32)
    cos, sin = (f(angle).astype(np.float32)[:, None, None] for f in (np.cos, np.sin))
    long, short = ((half * f).astype(np.float32)[:, None, None] for f in (stretch, 1 / stretch))
    radius = np.hypot((cos * x + sin * y) / long, (cos * y - sin * x) / short)
    y, x = (np.broadcast_to(a, radius.shape) for a in (y, x))
    return Shapes(y=y, x=x, radius=radius, inside=radius < 1.0)


def texture(n: int, size: int, grain: float, rng: np.random.Generator) -> Array:
    """Return (n, H, W) float32 random fields of mean 0 and sd 1 with grains of about this size."""
    from scipy import ndimage  # noqa: PLC0415 - every command and page loads the demo's importer

    field = rng.standard_normal((n, size, size), dtype=np.float32)
    field = ndimage.gaussian_filter(field, (0, grain, grain), mode="wrap", truncate=3.0)
    return np.asarray(field / field.std(axis=(1, 2), keepdims=True), dtype=np.float32)


def ring_or_spot(shape: Shapes, spot: Array, rng: np.random.Generator) -> Array:
    """Return (n, H, W) float32 patterns inside the cells: a rim, or a spot somewhere within.

    Pixels are put in order (from the centre outwards, or towards the spot) and get values by
    their place in that order. A ring and a spot in the same cell thus hold the very same values:
    only where they lie differs.
    """
    n = spot.size
    angle = rng.uniform(0.0, 2 * np.pi, n)
    away = 0.3 * np.sqrt(shape.inside.sum(axis=(1, 2)) / np.pi)
    dy, dx = ((away * f(angle)).astype(np.float32)[:, None, None] for f in (np.sin, np.cos))
    to_spot = -np.hypot(shape.y - dy, shape.x - dx)
    score = np.where(spot[:, None, None] == 1, to_spot, shape.radius)
    score = np.where(shape.inside, score, -np.inf).reshape(n, -1)
    order = np.argsort(score, axis=1)
    n_pixels = score.shape[1]
    steps = np.arange(n_pixels, dtype=np.float32)[None, :]
    n_inside = shape.inside.sum(axis=(1, 2)).astype(np.float32)[:, None]
    share = (n_pixels - 0.5 - steps) / n_inside  # 0 at the best pixel of the cell, 1 at the worst
    values = 1.0 / (1.0 + np.exp(((share - 0.3) / 0.05).clip(-30, 30)))
    pattern = np.empty_like(values)
    np.put_along_axis(pattern, order, values, axis=1)
    return np.where(shape.inside, pattern.reshape(shape.inside.shape), np.float32(0.0))


def camera(light: Array, rng: np.random.Generator) -> Array:
    """Return ``light`` (counts above background) as uint16 counts with shot and read noise."""
    spread = np.sqrt(_GAIN * light.clip(0.0) + _READ_NOISE**2)
    counts = light + BACKGROUND + spread * rng.standard_normal(light.shape, dtype=np.float32)
    return np.rint(counts).clip(0, TOP).astype(np.uint16)
