"""What each channel shows of each cell, in three numbers that no class was needed for.

How bright (mean inside the cell above the background), how uneven (spread of the pixels inside, in
units of the mean brightness), how far out (the radial moment of the light against that of an even
cell of the same outline).
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from pxcore.types import Array

FEATURES = ("brightness", "unevenness", "radius")


def channel_features(images: Array, inside: Array) -> Array:
    """Return what each channel shows of each cell: (n, C, 3) float64, as ``FEATURES``.

    The size of the cell, which all channels know, is not among them: see :func:`cell_sizes`. A
    cell without pixels inside gets zeros.

    Parameters
    ----------
    images
        (n, C, H, W), any unit.
    inside
        (n, H, W) bool: the cell.
    """
    images = np.asarray(images, dtype=np.float64)
    inside = np.asarray(inside, dtype=bool)
    weight = inside[:, None].astype(np.float64)  # (n, 1, H, W)
    area = np.maximum(weight.sum(axis=(2, 3)), 1.0)  # (n, 1)
    light = images - _background(images, inside)[:, :, None, None]
    mean = (light * weight).sum(axis=(2, 3)) / area  # (n, C)
    spread = np.sqrt((((light - mean[:, :, None, None]) ** 2) * weight).sum(axis=(2, 3)) / area)
    radius = _radius(inside)[:, None]  # (n, 1, H, W)
    even = (radius * weight).sum(axis=(2, 3)) / area  # (n, 1)
    strength = np.abs(light) * weight
    total = strength.sum(axis=(2, 3))
    out = _ratio((strength * radius).sum(axis=(2, 3)), total * np.maximum(even, 1e-12))
    empty = ~inside.any(axis=(1, 2))
    features = np.stack([mean, _ratio(spread, total / area), out], axis=2)
    features[empty] = 0.0
    return features


def cell_sizes(inside: Array) -> Array:
    """Return (n,) float64: pixels inside each cell of (n, H, W)."""
    sizes: Array = np.asarray(inside, dtype=bool).sum(axis=(1, 2)).astype(np.float64)
    return sizes


def ranks_within(values: Array, donors: Array | None) -> Array:
    """Return (n, F) centred ranks of each column, within each donor and scaled to (-1, 1)."""
    result = np.zeros(values.shape)
    known = np.zeros(len(values), int) if donors is None else np.asarray(donors)
    for donor in np.unique(known):
        own = known == donor
        count = int(own.sum())
        result[own] = (2 * rankdata(values[own], axis=0) - count - 1) / count
    return result


def _background(images: Array, inside: Array) -> Array:
    """Return (n, C): the median outside the cell, 0 where nothing is outside."""
    outside = np.where(inside[:, None], np.nan, images).reshape(*images.shape[:2], -1)
    there = ~inside.all(axis=(1, 2))
    result = np.zeros(images.shape[:2])
    if there.any():
        result[there] = np.nanmedian(outside[there], axis=2)
    return result


def _radius(inside: Array) -> Array:
    """Return (n, H, W): distance of each pixel from the cell's centre of mass, in pixels."""
    height, width = inside.shape[1:]
    area = np.maximum(inside.sum(axis=(1, 2)), 1)
    y, x = np.arange(height)[:, None], np.arange(width)[None, :]
    cy = (inside * y).sum(axis=(1, 2)) / area
    cx = (inside * x).sum(axis=(1, 2)) / area
    return np.asarray(np.hypot(y - cy[:, None, None], x - cx[:, None, None]))


def _ratio(part: Array, whole: Array) -> Array:
    """Return part / whole, 0 where the whole is 0."""
    return np.asarray(part / np.where(whole == 0, np.inf, whole))
