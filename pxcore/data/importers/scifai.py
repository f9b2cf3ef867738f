"""`scifai`: one HDF5 file a cell, in folders, as the scifAI tools write them.

Each file: ``image`` (h, w, C); optional ``mask`` (h, w, C) or (h, w) and ``label``, one text or
number. Folders: ``experiment/donor/condition/*.h5``; a last folder that only repeats the label is
a condition too, and a single other level is the donor or sample.

Source: the layout of scifAI, https://github.com/marrlab/scifAI. We differ in that a file that
cannot be read is counted and shown, not fatal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from pxcore.data.files import files_below, first_below
from pxcore.data.hdf5 import damage_told, is_hdf5, root_names, vetted
from pxcore.data.importers.importer import Importer, ImportOptions, RawCell, Source
from pxcore.data.limits import Limits
from pxcore.data.names import assumed_names, checked_names
from pxcore.data.pixels import as_mask, stored_dtype
from pxcore.data.scifai_headers import Header, headers_of, wanted
from pxcore.errors import DatasetError
from pxcore.types import Array, Skipped

ENDINGS = (".h5", ".hdf5")


def recognise(path: Path) -> bool:
    """True for a folder that holds such a file, and for one such file."""
    if path.is_dir():
        try:
            first = first_below(path, Limits(), ENDINGS)
        except DatasetError:
            return False
        return first is not None and _is_cell(first)
    return _is_cell(path)


def read(path: Path, options: ImportOptions) -> Source:
    """Return the cells below a folder, or the one cell of a file, after a pass over all headers.

    Options: ``group``, which folder level makes the group, ``donor`` (default), ``experiment`` or
    ``both``; ``cells``, ``all`` (default) or ``labelled``.

    Raises
    ------
    DatasetError
        When no file can be read, or the channel names of the files are unusable.
    """
    options.only("group", "cells")
    folder, files = path, files_below(path, options.limits, ENDINGS) if path.is_dir() else ()
    if not path.is_dir():
        folder, files = path.parent, (PurePosixPath(path.name),)
    headers, skipped = headers_of(folder, files, options.limits)
    headers, skipped = wanted(headers, skipped, options.text("cells", "all"))
    groups, notes = _groups(headers, options.text("group", "donor"))
    numbers, numbering = _numbers(headers)
    names = headers[0].names
    if names is None:
        notes.append("The files have no channel names: they were numbered.")

    def cells() -> Iterator[RawCell | Skipped]:
        yield from skipped
        for header, group, number in zip(headers, groups, numbers, strict=True):
            yield _cell(folder, header, options.limits, group, number)

    n_channels = headers[0].shape[2]
    dtypes = [stored_dtype(header.dtype) for header in headers]
    return Source(
        channel_names=assumed_names(n_channels)
        if names is None
        else checked_names(names, n_channels, headers[0].path.name),
        names_assumed=names is None,
        n_cells=len(headers) + sum(item.count for item in skipped),
        dtype=np.result_type(*set(dtypes)),
        cells=cells,
        sizes=np.array([header.shape[:2] for header in headers], dtype=np.int64),
        notes=(*notes, numbering),
    )


def _is_cell(path: Path) -> bool:
    if not is_hdf5(path):
        return False
    names = root_names(path)
    return "image" in names and "images" not in names


def _cell(
    folder: Path, header: Header, limits: Limits, group: str | None, number: int
) -> RawCell | Skipped:
    """Return one cell, or why its pixels cannot be read."""
    try:
        with vetted(folder / header.path, limits) as file, damage_told(folder / header.path):
            images: Array = file.array("image")[()]
            mask: Array | None = file.array("mask")[()] if header.has_mask else None
    except DatasetError as error:
        reason = str(error).removeprefix(f"{header.path.name}: ")
        return Skipped(reason=reason, count=1, examples=(str(header.path),))
    masks = None
    if mask is not None:
        masks = as_mask(np.moveaxis(mask.reshape(*mask.shape[:2], -1), 2, 0))  # (M, h, w)
    return RawCell(
        images=np.moveaxis(images, 2, 0),  # (C, h, w)
        label=header.label,
        group=group,
        masks=masks,
        object_number=number,
        name=str(header.path),
    )


def _groups(headers: list[Header], level: str) -> tuple[list[str | None], list[str]]:
    """Return each cell's group by its folders, with a sentence on how it was found."""
    if level not in {"donor", "experiment", "both"}:
        message = f"option 'group' is {level!r}; expected donor, experiment or both"
        raise DatasetError(message)
    folders = [header.path.parent.parts for header in headers]
    labels = [header.label for header in headers]
    if all(parts and parts[-1] == label for parts, label in zip(folders, labels, strict=True)):
        folders = [parts[:-1] for parts in folders]
    elif all(len(parts) >= 3 for parts in folders):
        folders = [parts[:-1] for parts in folders]  # experiment/donor/condition
    if not any(folders):
        return [None] * len(headers), []
    donors = [parts[-1] if parts else None for parts in folders]
    experiments = [parts[-2] if len(parts) > 1 else None for parts in folders]
    both = ["/".join(parts[-2:]) if parts else None for parts in folders]
    found = {"donor": donors, "experiment": experiments, "both": both}[level]
    if level == "donor" and len(set(donors)) == 1 and len(set(experiments)) > 1:
        level, found = "experiment", experiments
    n_groups = len(set(found) - {None})
    return found, [f"Groups come from the {level} level of the folders: {n_groups} found."]


def _numbers(headers: list[Header]) -> tuple[list[int], str]:
    """Return object numbers: the last number of the file names when they all differ."""
    digits = [re.findall(r"\d{1,15}", header.path.stem) for header in headers]
    if all(digits):
        numbers = [int(found[-1]) for found in digits]
        if len(set(numbers)) == len(numbers):
            return numbers, "Object numbers are the last numbers of the file names."
    return list(range(len(headers))), "Object numbers count the files in order of their paths."


IMPORTER = Importer(
    id="scifai",
    label="One HDF5 file a cell (scifAI)",
    summary="A folder or zip of .h5 files, one a cell, each with image (height, width, channel) "
    "and, if known, mask and label; folders name experiment and donor.",
    extensions=(".h5", ".hdf5", ".zip"),
    recognise=recognise,
    read=read,
)
