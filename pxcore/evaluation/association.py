"""How alike channels are in what they show, cell by cell, without looking at any class.

Per cell and channel three numbers: how bright (mean inside the cell above the background), how
uneven (spread of the pixels inside, in units of the mean brightness), how far out (the radial
moment of the light against that of an even cell). Two channels are as alike as their most alike
number::

    A(i, j) = max over numbers f of | Spearman(f_i, f_j), given the cell's size |

All three are made free of the cell's size (by the partial correlation of ranks), which every
channel knows: two stains are not the same because both get brighter in larger cells. Where donors
are known, ranks are taken within a donor, so staining that was stronger in one tube does not make
all its channels alike.

Source: Spearman, American Journal of Psychology 15, 1904; partial rank correlation: Conover,
Practical Nonparametric Statistics, 3rd ed. 1999, section 5.4. Groups: complete linkage (Sørensen
1948), so that *every* two channels of a group are at least as alike as the threshold says.
"""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from pxcore.errors import MethodError
from pxcore.types import Array

THRESHOLD = 0.8
"""From here on two channels share about two thirds (0.8²) of the order of the cells."""
FEATURES = ("brightness", "unevenness", "radius")
_MIN_CELLS = 10
"""Below that, any two numbers look alike."""


def channel_features(images: Array, inside: Array) -> Array:
    """Return what each channel shows of each cell: (n, C, 3) float64, as ``FEATURES``.

    The last column of ``association``'s control, the size of the cell, is not among them; see
    :func:`cell_sizes`. A cell without pixels inside gets zeros.

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
    return np.asarray(inside, dtype=bool).sum(axis=(1, 2)).astype(np.float64)


def association(features: Array, sizes: Array | None = None, donors: Array | None = None) -> Array:
    """Return (C, C) float64 in [0, 1]: how alike the channels are; the diagonal is 1.

    A number without spread (a constant channel) is like nothing.

    Parameters
    ----------
    features
        (n, C, F), from :func:`channel_features`.
    sizes
        (n,) of the cells, held constant; None to leave them alone.
    donors
        (n,) integers: ranks are taken within each; None for one donor.

    Raises
    ------
    MethodError
        For fewer than 10 cells.
    """
    n_cells, n_channels, n_features = features.shape
    if n_cells < _MIN_CELLS:
        message = f"{n_cells} cells are too few to compare channels; expected {_MIN_CELLS} or more"
        raise MethodError(message)
    ranks = _ranks(features.reshape(n_cells, -1), donors)  # (n, C·F)
    if sizes is not None:
        ranks = _without(ranks, _ranks(np.asarray(sizes, float)[:, None], donors)[:, 0])
    norm = np.sqrt((ranks**2).sum(axis=0))
    # What is left of a constant is rounding: no direction.
    scaled = np.where(norm > 1e-9 * n_cells, ranks / np.where(norm > 0, norm, 1.0), 0.0)
    scaled = scaled.reshape(n_cells, n_channels, n_features)
    alike = np.abs(np.einsum("nif,njf->ijf", scaled, scaled)).max(axis=2)
    result: Array = np.minimum((alike + alike.T) / 2, 1.0)
    np.fill_diagonal(result, 1.0)
    return result


def groups(alike: Array, threshold: float = THRESHOLD) -> tuple[tuple[int, ...], ...]:
    """Return the sets of two or more channels of which every two are at least ``threshold`` alike.

    Complete linkage; each channel is in one group at most. Channels in panel order, groups by
    their first channel.

    Parameters
    ----------
    alike
        (C, C), from :func:`association`.
    """
    if len(alike) < 2:
        return ()
    distance = squareform(1.0 - np.clip(alike, 0.0, 1.0), checks=False)
    # fcluster joins up to and including the height; rounding must not decide at the threshold.
    label = fcluster(linkage(distance, "complete"), 1.0 - threshold + 1e-12, "distance")
    found = [tuple(int(c) for c in np.flatnonzero(label == one)) for one in np.unique(label)]
    return tuple(sorted(group for group in found if len(group) > 1))


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


def _ranks(values: Array, donors: Array | None) -> Array:
    """Return (n, F) centred ranks of each column, within each donor and scaled to (-1, 1)."""
    result = np.zeros(values.shape)
    known = np.zeros(len(values), int) if donors is None else np.asarray(donors)
    for donor in np.unique(known):
        own = known == donor
        count = int(own.sum())
        result[own] = (2 * rankdata(values[own], axis=0) - count - 1) / count
    return result


def _without(ranks: Array, control: Array) -> Array:
    """Return what is left of (n, F) centred ranks once those of ``control`` (n,) are known."""
    length = float(control @ control)
    if length <= 0:
        return ranks
    result: Array = ranks - control[:, None] * (control @ ranks / length)[None, :]
    return result
