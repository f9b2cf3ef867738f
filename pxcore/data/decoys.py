"""Made channels that know nothing about their cell: what zero looks like."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pxcore.data.decoy_planes import (
    DecoyRequest,
    Planes,
    StainLevels,
    empty_planes,
    foreign_planes,
    stain_levels,
)
from pxcore.data.source import CellSource, positions
from pxcore.data.tile_frames import pad_like, true_frames
from pxcore.errors import DatasetError
from pxcore.registry import Registry
from pxcore.types import Array, Channel, Fold, MaskKind, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoy:
    """One kind of made channel."""

    id: str
    """Stored with runs."""
    label: str
    """For forms."""
    channel_name: str
    """Of the channel in results."""
    summary: str
    make: Callable[[DecoyRequest], Planes]


DECOYS: Registry[Decoy] = Registry(
    "decoy",
    (
        Decoy(
            id="decoy_empty",
            label="Empty channel",
            channel_name="decoy: empty",
            summary="Background noise at the level of the dimmest stain: no cell can be seen.",
            make=empty_planes,
        ),
        Decoy(
            id="decoy_foreign",
            label="Foreign cell",
            channel_name="decoy: foreign cell",
            summary="A real stain, but of a random other cell of the same part of the fold.",
            make=foreign_planes,
        ),
    ),
    DatasetError,
)


def with_decoys(
    source: CellSource,
    decoys: Sequence[tuple[str, tuple[int, ...]]],
    fold: Fold,
    seed: int,
) -> CellSource:
    """Return the same cells with made channels behind the real ones, (C + D, H, W).

    The pixels of a decoy follow from its id, its stains, the fold and the seed alone: not from
    the other decoys, nor from the order in which cells are asked for. No label is looked at.
    Where a cell is padded, its decoys are too: a channel without any stain looks like that.

    Parameters
    ----------
    source
        The real cells.
    decoys
        Id, and positions of the real channels it is made from: the stains, or all channels of a
        stain-free panel.
    fold
        Levels are estimated from its training cells alone, and no pixel crosses its parts.
    seed
        Not negative.

    Raises
    ------
    DatasetError
        For an unknown decoy, positions that are no channel, a part of one cell where another
        cell is needed; from ``images``, for decoys of cells in no part of the fold.
    """
    n_channels = source.image_shape[0]
    levels: dict[tuple[int, ...], StainLevels] = {}
    made = []
    for name, stains in decoys:
        decoy = DECOYS[name]
        if not stains or not all(0 <= stain < n_channels for stain in stains):
            message = (
                f"{decoy.channel_name!r} is to be made from channels {list(stains)}; give at least "
                f"one position from 0 to {n_channels - 1}"
            )
            raise DatasetError(message)
        if stains not in levels:
            levels[stains] = stain_levels(source, fold.train, stains)
        key = _key(name, stains, fold, seed)
        request = DecoyRequest(source=source, levels=levels[stains], fold=fold, key=key)
        made.append(decoy.make(request))
    return _DecoyedCells(source, tuple(made), fold)


def decoy_channels(ids: Sequence[str], taken_names: Iterable[str]) -> tuple[Channel, ...]:
    """Return the channels of these decoys, named differently from each other and from others.

    >>> [channel.name for channel in decoy_channels(["decoy_empty"], ["CD3", "decoy: empty"])]
    ['decoy: empty 2']
    """
    taken = set(taken_names)
    channels = []
    for decoy_id in ids:
        name, number = DECOYS[decoy_id].channel_name, 1
        while name in taken:
            number += 1
            name = f"{DECOYS[decoy_id].channel_name} {number}"
        taken.add(name)
        channels.append(Channel(name=name, role=Role.DECOY))
    return tuple(channels)


class _DecoyedCells:
    """A source seen with its decoys: a `pxcore.data.source.CellSource` that stores nothing."""

    def __init__(self, source: CellSource, decoys: tuple[Planes, ...], fold: Fold) -> None:
        n_channels, height, width = source.image_shape
        self.n_cells: Final = source.n_cells
        self.image_shape: Final = (n_channels + len(decoys), height, width)
        self.dtype: Final = source.dtype
        self.mask_kind: Final = source.mask_kind
        self._source, self._decoys = source, decoys
        self._known = np.zeros(source.n_cells, dtype=bool)
        for part in (fold.train, fold.valid, fold.test):
            self._known[part] = True

    def images(self, cells: Array, channels: Sequence[int] | None = None) -> Array:
        """Return (n, C', H, W); decoys only for cells of the fold, else a DatasetError."""
        wanted = list(range(self.image_shape[0]) if channels is None else channels)
        n_real = self._source.image_shape[0]
        real = [channel for channel in wanted if channel < n_real]
        if len(real) == len(wanted):
            return self._source.images(cells, real)
        rows = self._of_the_fold(cells)
        everything = self._source.images(rows)  # (n, C, H, W): frames are found in all channels
        frames = true_frames(everything, self._frame_masks(rows))
        images = np.empty((len(rows), len(wanted), *self.image_shape[1:]), self.dtype)
        for place, channel in enumerate(wanted):
            if channel < n_real:
                images[:, place] = everything[:, channel]
            else:
                planes = self._decoys[channel - n_real](rows)
                images[:, place] = pad_like(planes, frames)
        return images

    def masks(self, cells: Array) -> Array | None:
        """Return (n, 1 or C + D, H, W) uint8; a decoy adds nothing to the union of outlines."""
        masks = self._source.masks(cells)
        if masks is None or masks.shape[1] == 1:
            return masks
        shape = (len(masks), len(self._decoys), *masks.shape[2:])
        if self.mask_kind is MaskKind.FRAME:
            added = np.broadcast_to(masks.min(axis=1, keepdims=True), shape)
        else:
            added = np.zeros(shape, np.uint8)
        return np.concatenate([masks, added], axis=1)

    def _frame_masks(self, rows: Array) -> Array | None:
        return self._source.masks(rows) if self.mask_kind is MaskKind.FRAME else None

    def _of_the_fold(self, cells: Array) -> Array:
        rows = positions(cells, self.n_cells)
        stray = rows[~self._known[rows]]
        if stray.size:
            message = (
                f"cell {stray[0]} is in no part of this fold, so it has no decoys; expected cells "
                "of its training, validation or test part"
            )
            raise DatasetError(message)
        return rows


def _key(decoy_id: str, stains: tuple[int, ...], fold: Fold, seed: int) -> int:
    """Return 128 bits that stand for all that decides a decoy's pixels."""
    digest = hashlib.sha256(f"{decoy_id} {list(stains)} {seed}".encode())
    for part in (fold.train, fold.valid, fold.test):
        digest.update(f" {len(part)} ".encode())
        digest.update(np.ascontiguousarray(part, dtype="<i8").tobytes())
    return int.from_bytes(digest.digest()[:16], "little")
