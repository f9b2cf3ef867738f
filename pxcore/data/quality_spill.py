"""Light of one channel that may stand in another: regression of pixels inside the cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pxcore.data.source import CellSource, spaced_sample
from pxcore.types import Array, MaskKind

_CELLS = 256
_BYTES = 64 * 1024**2
"""At most so many cells are looked at, and about so many bytes."""
_ENOUGH_CELLS = 20
_ENOUGH_PIXELS = 30
"""Inside a cell, and cells: below these slopes are chance."""
_NEIGHBOURS = (0.4, 0.25)
_OTHERS = (0.6, 0.15)
"""Least correlation and largest spread of slopes to speak of, of neighbours in the panel (spill
is likely there) and of other pairs."""
_LISTED = 6
_SMOOTH = 5
"""Width in pixels over which brightness is averaged to find cells without outlines."""
_RIM = 3
"""Pixels then left out along the edge: smoothing moves it outwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLight:
    """How the pixels of one channel follow those of another inside the cells."""

    source: int
    """Position of the channel that varies more."""
    target: int
    slope: float
    """Pixel values of the target a pixel value of the source, over all cells together."""
    spread: float
    """Standard deviation of the cells' slopes beyond that of their pixels' noise, as a share of
    ``slope``; 0.1 means that 10 % up or down is usual."""
    correlation: float
    """Of pixels about their cell's mean."""
    neighbours: bool
    """The two follow each other in the panel."""

    @property
    def suspicious(self) -> bool:
        """Pixels go together, in nearly the same ratio in every cell."""
        correlation, spread = _NEIGHBOURS if self.neighbours else _OTHERS
        return abs(self.correlation) >= correlation and self.spread <= spread


def shared_light(source: CellSource, channels: Sequence[int]) -> tuple[SharedLight, ...]:
    """Return every pair of ``channels``, the strongest correlation first.

    Within each cell, pixels are taken about the cell's mean: differences of brightness between
    cells play no part. Slopes come from the half of the cells in which the source varies most.
    Light that spills has the same slope in every cell, since filters and dyes decide it. Two
    markers in the same place have it only where their amounts keep one ratio, which is rare.

    Without outlines, places where the channels together are brighter than the tile's mean, less
    a rim, stand for the inside. Empty with fewer than 20 cells of at least 30 such pixels.
    """
    if len(channels) < 2:
        return ()
    sample = spaced_sample(source, np.arange(source.n_cells), _CELLS, _BYTES)
    products, n_pixels = _products(source, sample, channels)
    enough = n_pixels >= _ENOUGH_PIXELS
    if np.count_nonzero(enough) < _ENOUGH_CELLS:
        return ()
    products, n_pixels = products[enough], n_pixels[enough]
    found = []
    for pair in combinations(range(len(channels)), 2):
        strong, weak = sorted(pair, key=lambda i: -float(products[:, i, i].sum()))
        light = _regression(products[:, [strong, weak]][:, :, [strong, weak]], n_pixels)
        if light is None:
            continue
        slope, spread, correlation = light
        found.append(
            SharedLight(
                source=channels[strong],
                target=channels[weak],
                slope=slope,
                spread=spread,
                correlation=correlation,
                neighbours=pair[1] - pair[0] == 1,
            )
        )
    return tuple(sorted(found, key=lambda light: -abs(light.correlation)))


def spill_warnings(found: Sequence[SharedLight], names: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each suspicious pair, neighbours first; beyond six they are counted."""
    odd = sorted((light for light in found if light.suspicious), key=lambda o: not o.neighbours)
    for light in odd[:_LISTED]:
        first, second = names[light.source], names[light.target]
        beside = ", next to it in the panel," if light.neighbours else ""
        cause = (
            "Spill looks like that, and so do two markers in one place at a fixed ratio: look at "
            "the compensation"
            if light.slope > 0
            else "Too much compensation looks like that, and so do two markers that avoid each "
            "other at a fixed ratio"
        )
        yield (
            f"Channels {first} and {second} may share light: inside the cells the pixels of "
            f"{second}{beside} follow those of {first} with slope {light.slope:.3g}, the same from "
            f"cell to cell within {max(light.spread, 0.01):.0%}, and correlation "
            f"{light.correlation:.2f}. {cause}."
        )
    if len(odd) > _LISTED:
        yield f"{len(odd) - _LISTED} more pairs of channels may share light in the same way."


def _products(source: CellSource, cells: Array, channels: Sequence[int]) -> tuple[Array, Array]:
    """Return (n, S, S) mean products of pixels about their cell's mean, and (n,) their number."""
    images = source.images(cells, channels)  # (n, S, H, W)
    masks = source.masks(cells) if source.mask_kind is MaskKind.CELL else None
    spread = images.std(axis=(0, 2, 3), dtype=np.float64).clip(1e-12)  # (S,)
    products = np.zeros((len(cells), len(channels), len(channels)))
    n_pixels = np.zeros(len(cells), dtype=np.int64)
    for i, image in enumerate(images):
        pixels = image.reshape(len(channels), -1).astype(np.float64)  # (S, P)
        if masks is None:
            inside = _core(image / spread[:, None, None])
        else:
            inside = (masks[i] > 0).any(axis=0).ravel()
        n_pixels[i] = np.count_nonzero(inside)
        if n_pixels[i]:
            own = pixels[:, inside]
            own -= own.mean(axis=1, keepdims=True)
            products[i] = own @ own.T / n_pixels[i]
    return products, n_pixels


def _core(image: Array) -> Array:
    """Return (P,) bool: where channels (S, H, W) of equal spread are bright together, less a rim.

    Smoothed: picking single pixels by their sum would make their noise run against each other.
    Less a rim: with background among the pixels, all stains of a cell would go together.
    """
    from scipy import ndimage  # noqa: PLC0415 - every command and page loads what shows it

    together = ndimage.uniform_filter(image.sum(axis=0), _SMOOTH)
    bright = together > together.mean()
    core: Array = ndimage.binary_erosion(bright, np.ones((3, 3), bool), _RIM, border_value=1)
    return core.ravel()


def _regression(products: Array, n_pixels: Array) -> tuple[float, float, float] | None:
    """Return slope, relative spread of the cells' slopes, and correlation of pixels.

    ``products``: (n, 2, 2), the second channel on the first. None when one does not vary.
    """
    varies, follows, together = products[:, 0, 0], products[:, 1, 1], products[:, 0, 1]
    lit = (varies >= np.median(varies)) & (varies > 0)
    total = varies[lit].sum() * follows[lit].sum()
    if not lit.any() or total <= 0:
        return None
    slope = together[lit].sum() / varies[lit].sum()
    correlation = together[lit].sum() / np.sqrt(total)
    each = together[lit] / varies[lit]
    left = (follows[lit] - each * together[lit]).clip(0.0)
    noise = left / (varies[lit] * (n_pixels[lit] - 2))  # squared standard errors of the slopes
    low, high = np.percentile(each, (25, 75))
    beyond = max(0.0, ((high - low) / 1.349) ** 2 - float(np.median(noise)))  # 1.349 sd: normal
    spread = np.sqrt(beyond) / abs(slope) if slope else np.inf
    return float(slope), float(spread), float(correlation)
