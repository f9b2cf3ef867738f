"""`dali`: all cells in one HDF5 file as the authors of the apoptotic cells save them.

Arrays: ``X`` (N, h, w, C), or (N, C, h, w); optional ``y`` (N,), a whole number a cell, and
``fnames`` (N,), from which no class or number is taken.

Source: the notebooks of https://github.com/theislab/dali name the arrays and the classes (0
apoptotic, 1 non-apoptotic). Its networks are Keras ones, hence channels last; a file the other
way round is told by the short axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pxcore.data.hdf5 import is_hdf5, root_names
from pxcore.data.importers.importer import Importer, ImportOptions, RawCell, Source
from pxcore.data.limits import Limits
from pxcore.data.names import assumed_names
from pxcore.data.stack_files import StackFile, opened_stack
from pxcore.errors import DatasetError
from pxcore.types import Array, Role

CLASSES = ("apoptotic", "non-apoptotic")
NAMES = ("BF", "FL")


def recognise(path: Path) -> bool:
    """True for HDF5 with ``X``, and without the arrays of `stack` and `scifai`."""
    if not is_hdf5(path):
        return False
    names = root_names(path)
    return "X" in names and not {"image", "images"} & set(names)


def read(path: Path, options: ImportOptions) -> Source:
    """Return the cells of one file.

    Raises
    ------
    DatasetError
        When the file is damaged or harmful, has no ``X`` of four axes, or ``y`` does not match.
    """
    options.only()
    if not is_hdf5(path):
        message = f"{path.name} is no HDF5 file; expected X_M1.h5 of theislab/dali"
        raise DatasetError(message)
    with opened_stack(path, options.limits) as file:
        shape, last = _shape(file, path, options.limits)
        labels, classes = _labels(file, path, shape[0])
        dtype = file.header("X").dtype
    n, c, h, w = shape
    named = c == len(NAMES)

    def cells() -> Iterator[RawCell]:
        return _cells(path, options.limits, labels, last=last)

    return Source(
        channel_names=NAMES if named else assumed_names(c),
        names_assumed=True,
        n_cells=n,
        dtype=dtype,
        cells=cells,
        sizes=np.broadcast_to(np.array([h, w], dtype=np.int64), (n, 2)),
        classes=classes,
        roles=(Role.BRIGHTFIELD, Role.STAIN) if named else None,
        notes=(
            f"Axes of X: cells, {'height, width, channel' if last else 'channel, height, width'}.",
            "The file has no object numbers: cells were numbered from 0.",
        ),
    )


def _cells(
    path: Path, limits: Limits, labels: tuple[str | None, ...], *, last: bool
) -> Iterator[RawCell]:
    with opened_stack(path, limits) as file:
        number = 0
        for block in file.rows("X", file.step("X")):
            for image in np.moveaxis(block, 3, 1) if last else block:  # (C, h, w)
                yield RawCell(
                    images=np.ascontiguousarray(image),
                    label=labels[number],
                    object_number=number,
                    name=f"cell {number}",
                )
                number += 1


def _shape(file: StackFile, path: Path, limits: Limits) -> tuple[tuple[int, int, int, int], bool]:
    """Return (N, C, h, w), and whether the channels are the last axis of the file."""
    if "X" not in file.names:
        message = f"{path.name}: no array 'X'; found {', '.join(file.names[:20]) or 'nothing'}"
        raise DatasetError(message)
    header = file.header("X")
    shape = header.shape
    if len(shape) != 4 or 0 in shape or header.dtype.kind not in "biuf":
        message = (
            f"{path.name}: 'X' has shape {shape} and type {header.dtype}; expected numbers with "
            "the axes cell, height, width, channel"
        )
        raise DatasetError(message)
    last = shape[3] <= shape[1]
    n, c, h, w = (shape[0], shape[3], shape[1], shape[2]) if last else shape
    if c > limits.channels or max(h, w) > limits.cell_side:
        message = (
            f"{path.name}: 'X' has {c} channels of {h} x {w} pixels; at most {limits.channels} "
            f"channels and {limits.cell_side} pixels a side are taken"
        )
        raise DatasetError(message)
    return (n, c, h, w), last


def _labels(
    file: StackFile, path: Path, n: int
) -> tuple[tuple[str | None, ...], tuple[str, ...] | None]:
    """Return each cell's class: the two of the paper, or the numbers where there are others."""
    if "y" not in file.names:
        return (None,) * n, None
    values = file.column("y")
    flat: Array = np.ravel(values)
    if isinstance(values, tuple) or flat.dtype.kind not in "biuf" or flat.shape != (n,):
        message = f"{path.name}: 'y' does not hold one whole number for each of {n} cells"
        raise DatasetError(message)
    whole = flat.astype(np.float64)
    if not (np.isfinite(whole).all() and (whole == np.floor(whole)).all() and whole.min() >= 0):
        message = f"{path.name}: 'y' holds other values than whole numbers from 0"
        raise DatasetError(message)
    numbers = [int(value) for value in whole]
    if max(numbers) < len(CLASSES):
        return tuple(CLASSES[number] for number in numbers), CLASSES
    known = tuple(str(number) for number in sorted(set(numbers)))
    return tuple(str(number) for number in numbers), known


IMPORTER = Importer(
    id="dali",
    label="Apoptotic cells (X_M1.h5)",
    summary="One HDF5 file with X (cells, height, width, channels) and y, as theislab/dali has it.",
    extensions=(".h5",),
    recognise=recognise,
    read=read,
)
