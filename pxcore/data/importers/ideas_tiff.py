"""`ideas_tiff`: one TIFF per cell and channel, named ``<id>_Ch<N>.ome.tif``, as IDEAS exports.

The class is the folder or stands before the id (`pxcore.data.ideas_names`). Sizes differ from cell
to cell; a cell's channels share one size.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pxcore.data.files import files_below, first_below
from pxcore.data.ideas_names import NamedCell, annotate, collect, is_cell_file, object_numbers
from pxcore.data.importers.importer import Importer, ImportOptions, RawCell, Source
from pxcore.data.limits import Limits
from pxcore.data.tiff_page import PageHeader, is_tiff, read_header, read_pixels
from pxcore.errors import DatasetError
from pxcore.types import Array, Skipped

ENDINGS = (".tif", ".tiff")


def recognise(path: Path) -> bool:
    """True for a folder in which the first TIFF is named after a cell and a channel."""
    if not path.is_dir():
        return False
    try:
        first = first_below(path, Limits(), ENDINGS)
    except (DatasetError, OSError):
        return False
    return first is not None and is_cell_file(first.name) and is_tiff(first)


def read(path: Path, options: ImportOptions) -> Source:
    """Return the cells below a folder, after a look at one file of each.

    Options: ``class`` = auto (default), folder, prefix or none; ``group`` = auto, parent (the
    folder above the class folder), folder, prefix or none.

    Raises
    ------
    DatasetError
        When ``path`` is no folder of such files, or no cell can be read.
    """
    options.only("class", "group")
    named, skipped = _named_cells(path, options.limits)
    complete, channels, notes = _complete(named, skipped)
    sized = _headers(path, complete, channels, (skipped, options.limits))
    if not sized:
        message = (
            f"{path.name}: none of {len(named)} cells can be read ({skipped[-1].examples[0]}: "
            f"{skipped[-1].reason}); export the cells again"
        )
        raise DatasetError(message)
    cells = [cell for cell, _ in sized]
    dtype = np.result_type(*{header.dtype for _, header in sized})
    labels, groups, origins = annotate(
        cells, options.text("class", "auto"), options.text("group", "auto")
    )
    numbers, numbering = object_numbers(cells)
    if any(header.n_pages > 1 for _, header in sized):
        notes.append("Files hold several images; the first of each was taken.")

    def stream() -> Iterator[RawCell | Skipped]:
        yield from skipped
        for cell, label, group, number in zip(cells, labels, groups, numbers, strict=True):
            try:
                images = _images([path / cell.files[c] for c in channels], dtype, options.limits)
            except DatasetError as error:
                yield Skipped(reason=str(error), count=1, examples=(cell.place,))
                continue
            yield RawCell(
                images=images, label=label, group=group, object_number=number, name=cell.place
            )

    return Source(
        channel_names=tuple(f"Ch{number}" for number in channels),
        names_assumed=True,
        n_cells=len(cells) + sum(item.count for item in skipped),
        dtype=dtype,
        cells=stream,
        sizes=np.array([(h.height, h.width) for _, h in sized], dtype=np.int64),
        notes=(*origins, *notes, numbering),
    )


def _named_cells(path: Path, limits: Limits) -> tuple[list[NamedCell], list[Skipped]]:
    """Return all cells by their file names, and files that belong to none."""
    if not path.is_dir():
        message = (
            f"{path.name} is a single file; IDEAS exports one TIFF per cell and channel: give the "
            "folder that holds them, or a zip of it"
        )
        raise DatasetError(message)
    found = collect(files_below(path, limits, ENDINGS))
    if not found.cells:
        message = (
            f"{path.name}: no file is named as IDEAS exports cells, <id>_Ch<N>.ome.tif; found "
            f"{', '.join(found.odd[:3]) or 'no TIFF at all'}"
        )
        raise DatasetError(message)
    reasons = {
        "a file not named <id>_Ch<N>.ome.tif": found.odd,
        "a second file of the same cell and channel": found.doubled,
    }
    return found.cells, [_several(reason, files) for reason, files in reasons.items() if files]


def _complete(
    cells: list[NamedCell], skipped: list[Skipped]
) -> tuple[list[NamedCell], tuple[int, ...], list[str]]:
    """Return cells with every channel that at least half of them have, the channels, and notes.

    Cells that lack one are added to ``skipped``.
    """
    count = Counter(channel for cell in cells for channel in cell.files)
    channels = tuple(sorted(channel for channel, n in count.items() if 2 * n >= len(cells)))
    if not channels:
        listed = ", ".join(f"Ch{channel} ({n})" for channel, n in sorted(count.items())[:20])
        message = (
            f"no channel is there for at least half of {len(cells)} cells; found {listed}: "
            "export the same channels for every cell"
        )
        raise DatasetError(message)
    kept: list[NamedCell] = []
    lacking: dict[str, list[str]] = defaultdict(list)
    for cell in cells:
        missing = [f"Ch{channel}" for channel in channels if channel not in cell.files]
        if missing:
            lacking[f"no file of {', '.join(missing)}"].append(cell.place)
        else:
            kept.append(cell)
    skipped += [_several(reason, places) for reason, places in lacking.items()]
    rare = ", ".join(f"Ch{c} ({count[c]})" for c in sorted(set(count) - set(channels)))
    notes = [f"Left out: channels of less than half of the cells: {rare}."] if rare else []
    return kept, channels, notes


def _headers(
    path: Path,
    cells: list[NamedCell],
    channels: tuple[int, ...],
    form: tuple[list[Skipped], Limits],
) -> list[tuple[NamedCell, PageHeader]]:
    """Return each cell with what its first channel's file says; damaged ones are skipped."""
    skipped, limits = form
    found: list[tuple[NamedCell, PageHeader]] = []
    for cell in cells:
        file = cell.files[channels[0]]
        try:
            found.append((cell, read_header(path / file, limits)))
        except DatasetError as error:
            skipped.append(Skipped(reason=str(error), count=1, examples=(str(file),)))
    return found


def _images(files: list[Path], dtype: np.dtype[np.generic], limits: Limits) -> Array:
    """Return (C, h, w) pixels of one cell, one file a channel. Raises as `read_pixels`."""
    planes = []
    for file in files:
        plane = read_pixels(file, limits)
        if not np.can_cast(plane.dtype, dtype, "safe"):
            message = f"the pixels are {plane.dtype}, where the other files have {dtype}"
            raise DatasetError(message)
        planes.append(plane)
    if len({plane.shape for plane in planes}) > 1:
        sizes = ", ".join(f"{plane.shape[0]} x {plane.shape[1]}" for plane in planes)
        message = f"the channels differ in size ({sizes})"
        raise DatasetError(message)
    return np.stack(planes).astype(dtype, copy=False)


def _several(reason: str, places: list[str]) -> Skipped:
    return Skipped(reason=reason, count=len(places), examples=tuple(places[:3]))


IMPORTER = Importer(
    id="ideas_tiff",
    label="One TIFF per cell and channel (IDEAS export)",
    summary="A folder or zip of <id>_Ch<N>.ome.tif files; the class is the folder or stands "
    "before the id, as in G1_123_Ch1.ome.tif.",
    extensions=(".tif", ".tiff", ".zip"),
    recognise=recognise,
    read=read,
)
