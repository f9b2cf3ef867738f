"""`tissue`: highly multiplexed images of tissue, whole or cut into single cells.

A folder (or zip) with ``images.csv`` (columns image, patient, class, mask) and the images: each a
TIFF or OME-TIFF with all channels, or a folder with one TIFF a channel. Masks are TIFFs of cell
numbers. ``channels.csv`` (name) names the channels, ``cells.csv`` (image, cell, class) classes the
cells of masks.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pxcore.data.importers.importer import Importer, ImportOptions, Source
from pxcore.data.tissue_crops import cell_numbers
from pxcore.data.tissue_files import Study, study_of
from pxcore.data.tissue_reading import Cutting, Reading
from pxcore.data.tissue_table import (
    CELLS,
    IMAGES,
    CellLines,
    TissueTable,
    cell_classes,
    images_of,
)
from pxcore.errors import DatasetError

LEVELS = 3
"""Folders above ``images.csv`` that are passed through, as zips of a folder have one."""
WINDOW, LEAST = 32, 9
"""Side of a cell's window, and pixels below which an outline is no cell, unless asked otherwise."""
OVERLAP = (
    "No groups keep images apart (there are none, or one alone), and windows of neighbouring cells "
    "overlap: cells that a model is tested on share pixels with those it was trained on, so its "
    "scores will be too good. Give several images, and import them with group=image or patient."
)
WHOLE = "Each cell of the data set is a whole image: where pages say cells, these are images."


def recognise(path: Path) -> bool:
    """True for a folder with ``images.csv``, also inside a folder that holds nothing else."""
    try:
        return _root(path) is not None
    except OSError:
        return False


def read(path: Path, options: ImportOptions) -> Source:
    """Return images or their cells, after a look at every file's header.

    Options: ``cells`` = whole (default) or crops; ``group`` = auto (default: the patient where the
    table has one, for crops at least two; else the image for crops and nothing for whole images),
    patient, image or none;
    ``window``: side of a cell's window, pixels (32); ``min_pixels`` of a cell (9).

    Raises
    ------
    DatasetError
        When a table is missing or damaged, or no image can be read.
    """
    options.only("cells", "group", "window", "min_pixels")
    cut = options.word("cells", ("whole", "crops")) == "crops"
    root = _root(path)
    if root is None:
        message = (
            f"{path.name}: no {IMAGES} in it; give a folder or zip with {IMAGES} (columns image, "
            "patient, class, mask) and the images that it names"
        )
        raise DatasetError(message)
    limits = options.limits
    least = options.number("min_pixels", LEAST)
    if least < 1:
        message = f"min_pixels is {least}; give at least 1 pixel"
        raise DatasetError(message)
    table = images_of(root, limits)
    if cut and not any(row.mask for row in table.images):
        message = (
            f"{IMAGES} names no mask, and single cells are cut out by masks; add a column mask "
            "with the path of each image's TIFF of cell numbers, or import the images whole"
        )
        raise DatasetError(message)
    study = study_of(root, table, limits, need_masks=cut)
    reading = Reading(
        study=study,
        dtype=np.result_type(*{one.header.dtype for one in study.images}),
        group=_group(options, table, study, cut=cut),
        min_pixels=least,
        limits=limits,
    )
    if cut:
        return _cut(reading, options, table, cell_classes(root, limits))
    sizes = [(one.header.height, one.header.width) for one in study.images]
    return Source(
        channel_names=study.channels,
        names_assumed=study.names_assumed,
        n_cells=len(table.images),
        dtype=reading.dtype,
        cells=reading.whole,
        sizes=np.array(sizes, dtype=np.int64),
        notes=(*_notes(reading, table), WHOLE),
        camera="many",
    )


def _cut(
    reading: Reading,
    options: ImportOptions,
    table: TissueTable,
    classes: dict[tuple[str, int], str | None] | None,
) -> Source:
    """Return the cells of the masks, which are counted here by a first pass over the masks."""
    window = options.number("window", WINDOW)
    if not 4 <= window <= options.limits.cell_side:
        message = f"window is {window}; give a side of 4 to {options.limits.cell_side} pixels"
        raise DatasetError(message)
    study, counts, sizes, lines = reading.study, [], [], CellLines(classes)
    for one in study.images:
        try:
            numbers = cell_numbers(reading.labels(one))[0]
        except DatasetError:  # told when its cells are read
            numbers = None
        n_cells = 0 if numbers is None else len(numbers)
        lines.look(one.row.image, numbers)
        counts.append(n_cells)
        sizes += [(min(window, one.header.height), min(window, one.header.width))] * n_cells
    first = tuple(int(n) for n in np.concatenate([[0], np.cumsum(counts)[:-1]]))
    if not sizes:
        message = f"no mask of the {len(study.images)} images holds a cell, or can be read"
        raise DatasetError(message)
    lost = lines.told()
    cutting = Cutting(reading=reading, window=window, classes=classes, first=first, lost=lost)
    notes = [*_notes(reading, table), f"Cells were cut in windows of {window} pixels."]
    notes.append("Cells are numbered in the order of the images and of their numbers in the masks.")
    if len({reading.group_of(one) for one in study.images} - {None}) < 2:
        notes.append(OVERLAP)
    if lines.elsewhere:
        notes.append(f"{lines.elsewhere} lines of {CELLS} name no image that was read.")
    left_out = len(table.images) - len(study.images) + (lost.count if lost else 0)
    return Source(
        channel_names=study.channels,
        names_assumed=study.names_assumed,
        n_cells=len(sizes) + left_out,
        dtype=reading.dtype,
        cells=cutting.cells,
        sizes=np.array(sizes, dtype=np.int64),
        notes=tuple(notes),
        camera="many",
    )


def _group(options: ImportOptions, table: TissueTable, study: Study, *, cut: bool) -> str:
    """Return which column makes the groups."""
    chosen = options.word("group", ("auto", "patient", "image", "none"))
    if chosen == "patient" and "patient" not in table.columns:
        message = f"group is patient, but {IMAGES} has no such column; add it or choose another"
        raise DatasetError(message)
    if chosen != "auto":
        return chosen
    if not cut:
        return "patient" if "patient" in table.columns else "none"
    patients = {one.row.patient for one in study.images} - {None}
    return "patient" if len(patients) > 1 else "image"


def _notes(reading: Reading, table: TissueTable) -> tuple[str, ...]:
    group, study = reading.group, reading.study
    notes = [] if group == "none" else [f"Groups are those of the column {group} in {IMAGES}."]
    unnamed = sum(not one.header.names for one in study.images)
    if unnamed and not study.names_assumed:
        notes.append(
            f"{unnamed} of {len(study.images)} images do not name their channels; they were taken "
            "to be in the order of the others."
        )
    if table.others:
        notes.append(f"Columns of {IMAGES} that are not used: {', '.join(table.others)[:200]}.")
    return tuple(notes)


def _root(path: Path) -> Path | None:
    """Return the folder that holds ``images.csv``, None where there is none near."""
    for _ in range(LEVELS):
        if not path.is_dir() or path.is_symlink():
            return None
        if (path / IMAGES).is_file():
            return path
        inside = [one for one in path.iterdir() if not one.name.startswith((".", "__MACOSX"))]
        if len(inside) != 1:
            return None
        path = inside[0]
    return None


IMPORTER = Importer(
    id="tissue",
    label="Multiplexed tissue (TIFF)",
    summary="A folder or zip with images.csv (image, patient, class, mask) and multi-channel "
    "TIFFs, OME-TIFFs or folders of single ones; cells are cut out by masks where asked.",
    extensions=(),
    recognise=recognise,
    read=read,
)
