"""How the pixels of each kind of decoy come about, before they are padded like their cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pxcore.data.source import CellSource, spaced_sample
from pxcore.data.tile_frames import frame_pixels, true_frames
from pxcore.errors import DatasetError
from pxcore.types import Array, Fold, MaskKind

Planes = Callable[[Array], Array]
"""Cells (n,) int64 of a fold -> their images (n, H, W) in a decoy channel, in the stored dtype."""

_SAMPLED_CELLS = 256
_SAMPLED_BYTES = 64 * 1024**2
"""Training cells that levels are estimated from: at most so many, and about so many bytes."""
_POOL = 1 << 16
"""Values that background noise is drawn from: 16 random bits choose one."""
_HALO = 2
"""Pixels around an outline that are neither cell nor background: light spreads."""
_BORDER = 2
"""Width of the border taken for background where no outline is known, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class StainLevels:
    """Brightness of some channels in training cells. Rows follow ``stains``."""

    stains: tuple[int, ...]
    signal: Array
    """(S,) float64: mean distance of cell pixels from the background's median, less that of the
    background's own pixels; in stored units. Brightfield deviates both ways, hence distances."""
    contrast: Array
    """(S,) float64: ``signal`` over the range of pixels (0.1 to 99.9 percentile); 0 when flat."""
    pools: Array
    """(S, 65536) of the stored dtype: the background's pixels in order, evenly picked."""

    @property
    def dimmest(self) -> int:
        """Row of the smallest signal, among channels whose background is not one value."""
        alive = self.pools[:, 0] != self.pools[:, -1]
        return int(np.argmin(np.where(alive | ~alive.any(), self.signal, np.inf)))

    @property
    def clearest(self) -> int:
        """Row of the largest contrast."""
        return int(np.argmax(self.contrast))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecoyRequest:
    """What a decoy is made from."""

    source: CellSource
    levels: StainLevels
    fold: Fold
    key: int
    """128 bits that all its random numbers follow from."""


def empty_planes(request: DecoyRequest) -> Planes:
    """Return noise drawn from the background of the dimmest stain, pixel by pixel.

    Every pixel is drawn with equal chance from background pixels of training cells. The numbers of
    a cell come from a counter of its own, so that any cell can be read alone.
    """
    pool = request.levels.pools[request.levels.dimmest]
    _, height, width = request.source.image_shape
    n_pixels = height * width

    def planes(cells: Array) -> Array:
        drawn = np.empty((len(cells), n_pixels), pool.dtype)
        for row, cell in enumerate(cells):
            bits = np.random.Philox(key=request.key, counter=int(cell) << 192)
            words = bits.random_raw(-(-n_pixels // 4)).astype("<u8", copy=False)
            drawn[row] = pool[words.view("<u2")[:n_pixels]]
        return drawn.reshape(-1, height, width)

    return planes


def foreign_planes(request: DecoyRequest) -> Planes:
    """Return a real stain's image of another cell of the same part.

    Each part is put into random order, and every cell takes the image of the next one: never its
    own, every image once, so that the part's pixels are exactly those of the stain. Donors play
    no role: an image of the same donor would tell the donor, and with it perhaps the class.

    The stain is the one with the largest contrast. Moving the pixels of such a channel changes
    its picture most, whether or not they say anything, and its shapes are the easiest to learn by
    heart: the hardest of all channels that know nothing.

    Raises
    ------
    DatasetError
        When a part has a single cell.
    """
    stain = request.levels.stains[request.levels.clearest]
    partner = np.full(request.source.n_cells, -1, dtype=np.int64)
    rng = np.random.Generator(np.random.Philox(key=request.key))
    for name in ("train", "valid", "test"):
        part: Array = getattr(request.fold, name)
        if len(part) == 1:
            message = (
                f"part {name!r} of the fold has one cell; a decoy of a foreign cell needs another "
                "one in each part: take fewer folds, a larger validation share, or no such decoy"
            )
            raise DatasetError(message)
        order = rng.permutation(part)
        partner[order] = np.roll(order, -1)

    def planes(cells: Array) -> Array:
        return request.source.images(partner[cells], (stain,))[:, 0]

    return planes


def stain_levels(source: CellSource, cells: Array, stains: tuple[int, ...]) -> StainLevels:
    """Return the levels of channels ``stains`` in a bounded, evenly spaced sample of ``cells``.

    Background: pixels at least three away from every outline; without outlines the border of the
    recorded tile. Padding takes no part.

    Raises
    ------
    DatasetError
        When there is no cell.
    """
    if len(cells) == 0:
        message = "no training cell is given to estimate the brightness of stains from"
        raise DatasetError(message)
    sample = spaced_sample(source, cells, _SAMPLED_CELLS, _SAMPLED_BYTES)
    images = source.images(sample)  # (n, C, H, W)
    masks = source.masks(sample)
    frames = true_frames(images, masks if source.mask_kind is MaskKind.FRAME else None)
    recorded = frame_pixels(frames, source.image_shape[1:])
    outlines = masks if source.mask_kind is MaskKind.CELL else None
    cell, background = _cell_and_background(outlines, frames, recorded)
    signal, contrast, pools = np.zeros(len(stains)), np.zeros(len(stains)), []
    for row, stain in enumerate(stains):
        plane = images[:, stain]
        behind = np.sort(plane[background])
        pools.append(behind[(np.arange(_POOL) * behind.size) // _POOL])
        level = np.median(behind)
        signal[row] = _distance(plane[cell], level) - _distance(behind, level)
        low, high = np.percentile(plane[recorded], (0.1, 99.9))
        contrast[row] = signal[row] / (high - low) if high > low else 0.0
    return StainLevels(stains, signal, contrast, np.stack(pools))


def _cell_and_background(masks: Array | None, frames: Array, recorded: Array) -> tuple[Array, ...]:
    """Return two (n, H, W) bool: pixels of cells, and of background; both hold some."""
    from scipy import ndimage  # noqa: PLC0415 - every command and page loads the decoys' names

    border = recorded & ~frame_pixels(frames, recorded.shape[1:], _BORDER)
    inner = recorded & ~border
    if masks is not None:
        cell = recorded & (masks > 0).any(axis=1)
        side = 2 * _HALO + 1
        background = recorded & ~ndimage.maximum_filter(cell, size=(1, side, side))
        if cell.any() and background.any():
            return cell, background
    return inner if inner.any() else recorded, border


def _distance(pixels: Array, level: float) -> float:
    """Return the mean distance of pixels from a level."""
    return float(np.abs(pixels.astype(np.float64) - level).mean())
