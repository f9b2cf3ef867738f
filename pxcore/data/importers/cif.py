"""`cif`: the compensated image file of Amnis IDEAS, all cells of a recording in one file.

A mask value has two bits. Bit 0 says that the pixel belongs to the channel's mask. Bit 1 marks, at
the same pixels of every channel, a patch apart from the cell: in the recording at hand two rows at
the edge of one image, outside the outline of its cell (values 2, and 3 in the two channels whose
masks also hold the patch). It looks like a part of a neighbour. Values are handed on as they are;
by the rule for all formats, > 0 is inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pxcore.data.cif_codec import decode_image, decode_mask
from pxcore.data.cif_index import CifIndex, CifObject, Strip, looks_like_cif, read_index
from pxcore.data.importers.importer import Importer, ImportOptions, RawCell, Source
from pxcore.data.names import guessed_role
from pxcore.errors import DatasetError
from pxcore.types import Array, Role, Skipped

_LOWEST, _HIGHEST = -32768, 65535
"""What 16 bits can mean; other values come from a damaged stream."""


def read(path: Path, options: ImportOptions) -> Source:
    """Return the cells of a ``.cif`` after a pass over all of it for the range of its pixels.

    Raises
    ------
    DatasetError
        When the header is lost, the file is cut off or its directories make no sense, or when no
        cell can be decoded. A single damaged cell is skipped and counted.
    """
    options.only()
    index = read_index(path, options.limits)
    dtype = _pixel_dtype(path, index)
    numbers = _object_numbers(index.objects)

    def cells() -> Iterator[RawCell | Skipped]:
        masked = any(item.mask for item in index.objects)
        with path.open("rb") as file:
            for item, number in zip(index.objects, numbers, strict=True):
                yield _cell(file, item, number, (len(index.names), dtype, masked))

    sizes = [(c.image.height, c.image.width // len(index.names)) for c in index.objects]
    roles = [
        Role.BRIGHTFIELD if lamp else guessed_role(name)
        for name, lamp in zip(index.names, index.brightfield, strict=True)
    ]
    return Source(
        channel_names=index.names,
        names_assumed=index.names_assumed,
        n_cells=len(index.objects),
        dtype=dtype,
        cells=cells,
        sizes=np.array(sizes, dtype=np.int64),
        roles=tuple(roles),
        notes=tuple(_notes(index, numbers)),
    )


def _pixel_dtype(path: Path, index: CifIndex) -> np.dtype[np.generic]:
    """Return uint16, int16 when compensation left negative pixels, int32 when neither holds."""
    low, high, n_read, first_error = _HIGHEST, _LOWEST, 0, ""
    with path.open("rb") as file:
        for item in index.objects:
            try:
                pixels = _pixels(file, item.image)
            except DatasetError as error:
                first_error = first_error or str(error)
                continue  # counted as skipped when the cells are handed out
            n_read += 1
            low, high = min(low, int(pixels.min())), max(high, int(pixels.max()))
    if not n_read:
        message = (
            f"{path.name}: none of its {len(index.objects)} cells can be decoded ({first_error}); "
            "export the file again from IDEAS"
        )
        raise DatasetError(message)
    if low >= 0:
        return np.dtype(np.uint16)
    return np.dtype(np.int16 if high <= np.iinfo(np.int16).max else np.int32)


def _cell(
    file: BinaryIO,
    item: CifObject,
    number: int,
    form: tuple[int, np.dtype[np.generic], bool],
) -> RawCell | Skipped:
    """Return one cell, or why it cannot be read. ``form``: channels, dtype, masks expected."""
    n_channels, dtype, masked = form
    name = f"object {number}"
    if masked and item.mask is None:
        return Skipped(reason="no mask, where other cells have one", count=1, examples=(name,))
    try:
        images = _side_by_side(_pixels(file, item.image), n_channels).astype(dtype)
        masks = None
        if item.mask is not None:
            strip = item.mask
            values = decode_mask(_bytes(file, strip), strip.height, strip.width)
            masks = np.ascontiguousarray(_side_by_side(values, n_channels))
    except DatasetError as error:
        return Skipped(reason=f"damaged: {error}", count=1, examples=(name,))
    return RawCell(images=images, masks=masks, object_number=number, name=name)


def _pixels(file: BinaryIO, strip: Strip) -> Array:
    """Return (h, C * w) int64 pixels of one cell."""
    pixels = decode_image(_bytes(file, strip), strip.height, strip.width)
    low, high = int(pixels.min()), int(pixels.max())
    if low < _LOWEST or high > _HIGHEST:
        message = f"pixels reach from {low} to {high}; the format has 16 bits"
        raise DatasetError(message)
    return pixels


def _bytes(file: BinaryIO, strip: Strip) -> Array:
    file.seek(strip.offset)
    return np.frombuffer(file.read(strip.count), dtype=np.uint8)


def _side_by_side(plane: Array, n_channels: int) -> Array:
    """Return (C, h, w) of channels that lie side by side in (h, C * w)."""
    return plane.reshape(plane.shape[0], n_channels, -1).transpose(1, 0, 2)


def _object_numbers(objects: tuple[CifObject, ...]) -> list[int]:
    """Return the file's object numbers, or counting numbers when some are missing or doubled."""
    given = [item.number for item in objects if item.number is not None]
    return given if len(set(given)) == len(objects) else list(range(len(objects)))


def _notes(index: CifIndex, numbers: list[int]) -> Iterator[str]:
    if index.names_assumed:
        yield "The file gives its channels no names but their numbers on the instrument."
    if any(index.brightfield):
        lit = [n for n, lamp in zip(index.names, index.brightfield, strict=True) if lamp]
        yield f"Brightfield by the instrument's lamp settings: {', '.join(lit)}."
    if index.n_declared is not None and index.n_declared != len(index.objects):
        yield f"The file declares {index.n_declared} objects and holds {len(index.objects)}."
    if any(item.number != number for item, number in zip(index.objects, numbers, strict=True)):
        yield "Object numbers are missing or doubled in the file: cells were counted from 0."


IMPORTER = Importer(
    id="cif",
    label="Amnis image file (.cif)",
    summary="One .cif as IDEAS writes it: compensated images and masks of all cells and channels.",
    extensions=(".cif",),
    recognise=looks_like_cif,
    read=read,
)
