"""From single cells of any size to equal blocks: framed, checked, counted on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from pxcore.data.container_format import CellBlock, ContainerHeader
from pxcore.data.frame import frame_mask, to_frame
from pxcore.data.importers.importer import RawCell, Source
from pxcore.data.limits import MIB
from pxcore.data.pixels import stored_dtype
from pxcore.data.single_cells import CellMeans, SingleCells
from pxcore.errors import DatasetError
from pxcore.types import Array, MaskKind, Skipped

BLOCK = 16 * MIB
REASONS = 20
"""Different reasons for skipping that are listed; the rest is summed up."""


@dataclass(slots=True)
class NotFinite:
    """NaN and infinite pixels met so far."""

    pixels: int = 0
    cells: int = 0
    first: str = ""


class Intake:
    """One pass over a source. After `blocks` is exhausted the counts are complete.

    Parameters
    ----------
    source
        Where the cells come from.
    shape
        (H, W) of the frame every cell is brought into.
    padding
        True when some cell is smaller than the frame: without cell masks, masks of the frame
        are then stored.
    tell
        Gets the share done.
    """

    def __init__(
        self,
        source: Source,
        shape: tuple[int, int],
        tell: Callable[[float], None],
        *,
        padding: bool,
    ) -> None:
        self._source, self._shape, self._tell = source, shape, tell
        self._dtype = stored_dtype(source.dtype)
        self._not_finite = NotFinite()
        self._skipped: dict[str, Skipped] = {}
        self._numbers: set[int] = set()
        self.labels: list[str | None] = []
        self.groups: list[str | None] = []
        self._inside: list[CellMeans | None] = []
        self.n_cropped = 0
        self.n_padded = 0
        self._cells = self._starting_with_masks_known()
        kind = MaskKind.CELL if self._n_masks else MaskKind.FRAME if padding else MaskKind.NONE
        self.header = ContainerHeader(
            image_shape=(len(source.channel_names), *shape),
            dtype=self._dtype,
            mask_kind=kind,
            mask_channels=self._n_masks or int(padding),
        )

    @property
    def single_cells(self) -> SingleCells | None:
        """Means of the single cells in every image, None where some image does not tell."""
        return SingleCells.of(self._inside)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Everything left out, most frequent first."""
        ordered = sorted(self._skipped.values(), key=lambda item: -item.count)
        listed, rest = ordered[:REASONS], ordered[REASONS:]
        if rest:
            count = sum(item.count for item in rest)
            examples = tuple(item.examples[0] for item in rest[:3] if item.examples)
            listed.append(Skipped(reason="other reasons", count=count, examples=examples))
        return tuple(listed)

    def blocks(self) -> Iterator[CellBlock]:
        """Yield the cells in the order of the source; a block is overwritten by the next.

        Raises
        ------
        DatasetError
            After the last cell: when some pixels are not finite (all are counted first), or no
            cell could be read. At once: for a cell of another number of channels or masks.
        """
        c, h, w = self.header.image_shape
        room = max(1, BLOCK // (c * h * w * self._dtype.itemsize))
        images = np.empty((room, c, h, w), self._dtype)
        masks = np.empty((room, self.header.mask_channels, h, w), np.uint8)
        numbers = np.empty(room, np.int64)
        sizes = np.empty((room, 2), np.int64)
        filled = 0
        for cell in self._readable():
            self._place(cell, images[filled], masks[filled])
            numbers[filled], sizes[filled] = cell.object_number, cell.images.shape[1:]
            filled += 1
            if filled == room:
                yield self._block(images, masks, numbers, sizes)
                filled = 0
        self._complain()
        if filled:
            yield self._block(images[:filled], masks[:filled], numbers[:filled], sizes[:filled])

    def _starting_with_masks_known(self) -> Iterator[RawCell | Skipped]:
        """Return all cells; the first one has told how many masks each has."""
        cells = self._source.cells()
        waiting: list[RawCell | Skipped] = []
        self._n_masks = 0
        for cell in cells:
            waiting.append(cell)
            if isinstance(cell, RawCell):
                self._n_masks = 0 if cell.masks is None else len(cell.masks)
                break
        return chain(waiting, cells)

    def _readable(self) -> Iterator[RawCell]:
        """Yield cells fit to be stored, noting the others."""
        seen = 0
        for cell in self._cells:
            seen += cell.count if isinstance(cell, Skipped) else 1
            if isinstance(cell, Skipped):
                self._skip(cell)
                continue
            self._check(cell)
            if self._finite(cell):
                self.labels.append(cell.label)
                self.groups.append(cell.group)
                self._inside.append(cell.inside)
                yield cell
            if seen % 64 == 0:
                self._tell(min(1.0, seen / max(1, self._source.n_cells)))

    def _check(self, cell: RawCell) -> None:
        c = self.header.image_shape[0]
        if cell.images.ndim != 3 or cell.images.shape[0] != c or 0 in cell.images.shape:
            message = (
                f"{cell.name}: pixels of shape {cell.images.shape}; expected {c} channels, as in "
                "the cells before, each with height and width"
            )
            raise DatasetError(message)
        found = 0 if cell.masks is None else len(cell.masks)
        if found != self._n_masks:
            message = (
                f"{cell.name}: {found} masks, where the first cell has {self._n_masks}; give "
                "every cell its masks, or none"
            )
            raise DatasetError(message)
        if cell.object_number in self._numbers:
            message = (
                f"{cell.name}: object number {cell.object_number} comes twice; every cell needs "
                "its own"
            )
            raise DatasetError(message)
        self._numbers.add(cell.object_number)

    def _finite(self, cell: RawCell) -> bool:
        """Count pixels that are NaN, infinite, or become infinite as float32."""
        if cell.images.dtype.kind != "f":
            return True
        with np.errstate(over="ignore"):
            wrong = ~np.isfinite(cell.images.astype(self._dtype, copy=False))
        if not wrong.any():
            return True
        notes = self._not_finite
        if not notes.first:
            channel, row, column = (int(index[0]) for index in np.nonzero(wrong))
            value = cell.images[channel, row, column]
            name = self._source.channel_names[channel]
            notes.first = f"{value} in {cell.name}, channel {name!r}, row {row}, column {column}"
        notes.pixels += int(wrong.sum())
        notes.cells += 1
        return False

    def _place(self, cell: RawCell, image: Array, mask: Array) -> None:
        framed = to_frame(cell, self._shape, self._dtype)
        image[:] = framed.images
        if framed.masks is not None:
            mask[:] = framed.masks
        elif len(mask):
            _, h, w = cell.images.shape
            mask[:] = frame_mask((h, w), self._shape)
        self.n_cropped += framed.cropped
        self.n_padded += framed.padded

    def _block(self, images: Array, masks: Array, numbers: Array, sizes: Array) -> CellBlock:
        given = masks if self.header.mask_channels else None
        return CellBlock(images=images, masks=given, object_number=numbers, sizes=sizes)

    def _skip(self, item: Skipped) -> None:
        known = self._skipped.get(item.reason)
        if known is not None:
            examples = (known.examples + item.examples)[:3]
            item = replace(item, count=known.count + item.count, examples=examples)
        self._skipped[item.reason] = replace(item, examples=item.examples[:3])

    def _complain(self) -> None:
        found = self._not_finite
        if found.pixels:
            message = (
                f"{found.pixels} pixels in {found.cells} cells are NaN, infinite or beyond "
                f"float32, the first one {found.first}; expected finite numbers: leave these "
                "cells out or repair them"
            )
            raise DatasetError(message)
        if not self.labels:
            why = "; ".join(f"{item.count} times: {item.reason}" for item in self.skipped[:3])
            message = (
                f"no cell could be read ({why or 'there is none'}); expected at least one "
                "readable cell: check the export"
            )
            raise DatasetError(message)
