"""`stack`: all cells of a recording in one HDF5 or NPZ file.

Arrays: ``images`` (N, C, H, W); optional ``labels`` (N,), whole numbers or texts; ``masks``
(N, H, W), (N, 1, H, W) or (N, C, H, W); ``groups`` (N,), donor or sample; ``object_number`` (N,).
Names: ``channel_names`` and ``class_names``, in HDF5 as attributes of the file or of ``images``, in
NPZ as arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np

from pxcore.data.hdf5 import is_hdf5, root_names
from pxcore.data.importers.importer import Importer, ImportOptions, RawCell, Source
from pxcore.data.limits import Limits
from pxcore.data.names import assumed_names, checked_names
from pxcore.data.npz import is_npz
from pxcore.data.pixels import as_mask
from pxcore.data.stack_files import StackFile, opened_stack
from pxcore.errors import DatasetError
from pxcore.types import Array


@dataclass(frozen=True, slots=True)
class _Columns:
    """What stands beside the pixels: one entry a cell."""

    labels: tuple[str | None, ...]
    classes: tuple[str, ...] | None
    groups: tuple[str | None, ...]
    numbers: tuple[int, ...]


def recognise(path: Path) -> bool:
    """True for NPZ, and for HDF5 other than the layouts of `scifai` and `dali`."""
    if is_hdf5(path):
        names = root_names(path)
        return "images" in names or not {"image", "X"} & set(names)
    return is_npz(path)


def read(path: Path, options: ImportOptions) -> Source:
    """Return the cells of one stack file.

    Raises
    ------
    DatasetError
        When the file is damaged or harmful, has no ``images`` of four axes, or names, labels,
        groups, masks or object numbers do not match its cells.
    """
    options.only()
    if not is_hdf5(path) and not is_npz(path):
        with path.open("rb") as stream:
            found = stream.read(8)
        message = (
            f"{path.name} is neither HDF5 nor NPZ: it begins with {found!r}; expected one of these "
            "with an array images (cells, channels, height, width): save the cells so"
        )
        raise DatasetError(message)
    limits = options.limits
    with opened_stack(path, limits) as file:
        n, c, h, w = _checked_shape(file, path, limits)
        has_masks = _checked_masks(file, path, (n, c, h, w))
        columns = _columns(file, path, n)
        names = file.texts("channel_names")
        dtype = file.header("images").dtype
    notes = [] if names else ["The file has no channel names: they were numbered."]
    if "object_number" not in file.names:
        notes.append("The file has no object numbers: cells were numbered from 0.")

    def cells() -> Iterator[RawCell]:
        return _cells(path, limits, columns, has_masks=has_masks)

    return Source(
        channel_names=checked_names(names, c, path.name) if names else assumed_names(c),
        names_assumed=not names,
        n_cells=n,
        dtype=dtype,
        cells=cells,
        sizes=np.broadcast_to(np.array([h, w], dtype=np.int64), (n, 2)),
        classes=columns.classes,
        notes=tuple(notes),
    )


def _cells(path: Path, limits: Limits, columns: _Columns, *, has_masks: bool) -> Iterator[RawCell]:
    with opened_stack(path, limits) as file:
        step = file.step("images")
        masks = file.rows("masks", step) if has_masks else repeat(None)
        position = 0
        for images, mask_block in zip(file.rows("images", step), masks, strict=False):
            for i, image in enumerate(images):
                number = columns.numbers[position]
                yield RawCell(
                    images=image,
                    label=columns.labels[position],
                    group=columns.groups[position],
                    masks=None if mask_block is None else _cell_mask(mask_block[i]),
                    object_number=number,
                    name=f"cell {position} (object {number})",
                )
                position += 1


def _cell_mask(mask: Array) -> Array:
    return as_mask(mask if mask.ndim == 3 else mask[None])  # (M, h, w)


def _checked_shape(file: StackFile, path: Path, limits: Limits) -> tuple[int, int, int, int]:
    if "images" not in file.names:
        found = ", ".join(file.names[:20]) or "nothing"
        message = (
            f"{path.name}: no array 'images'; found {found}. Store the cells as 'images' with "
            "axes cell, channel, height, width"
        )
        raise DatasetError(message)
    header = file.header("images")
    shape = header.shape
    if header.dtype.kind not in "biuf":
        message = f"{path.name}: 'images' holds {header.dtype}; expected plain numbers"
        raise DatasetError(message)
    if len(shape) != 4 or 0 in shape:
        message = (
            f"{path.name}: 'images' has shape {shape}; expected (cells, channels, height, width), "
            "none of them 0"
        )
        raise DatasetError(message)
    n, c, h, w = shape
    if c > limits.channels or max(h, w) > limits.cell_side:
        message = (
            f"{path.name}: 'images' has {c} channels of {h} x {w} pixels; at most "
            f"{limits.channels} channels and {limits.cell_side} pixels a side are taken. The axes "
            "must be cell, channel, height, width"
        )
        raise DatasetError(message)
    return n, c, h, w


def _checked_masks(file: StackFile, path: Path, shape: tuple[int, int, int, int]) -> bool:
    if "masks" not in file.names:
        return False
    n, c, h, w = shape
    header = file.header("masks")
    fitting = ((n, h, w), (n, 1, h, w), (n, c, h, w))
    if header.shape not in fitting or header.dtype.kind not in "biuf":
        message = (
            f"{path.name}: 'masks' has shape {header.shape} and type {header.dtype}; images of "
            f"shape {shape} need numbers of shape {', '.join(map(str, dict.fromkeys(fitting)))}"
        )
        raise DatasetError(message)
    return True


def _columns(file: StackFile, path: Path, n: int) -> _Columns:
    labels, classes = _labels(file, path, n)
    groups: tuple[str | None, ...] = (None,) * n
    if "groups" in file.names:
        groups = _words(_column(file, path, "groups", n), path, "groups")
    numbers: tuple[int, ...] = tuple(range(n))
    if "object_number" in file.names:
        values = _column(file, path, "object_number", n)
        whole = _whole(values, path, "object_number")
        numbers = tuple(-1 if value is None else value for value in whole)
        if len(set(numbers)) < n or None in whole:
            message = (
                f"{path.name}: 'object_number' has {len(set(numbers))} different values for {n} "
                "cells; every cell needs its own number"
            )
            raise DatasetError(message)
    return _Columns(labels, classes, groups, numbers)


def _labels(
    file: StackFile, path: Path, n: int
) -> tuple[tuple[str | None, ...], tuple[str, ...] | None]:
    """Return each cell's class name, and the order of the classes where the file fixes one."""
    names = file.texts("class_names")
    if names is not None and (len(set(names)) < len(names) or "" in names):
        message = f"{path.name}: 'class_names' {names[:20]} holds a blank or doubled name"
        raise DatasetError(message)
    if "labels" not in file.names:
        return (None,) * n, None
    values = _column(file, path, "labels", n)
    if isinstance(values, tuple):
        words = _words(values, path, "labels")
        unknown = sorted({word for word in words if word is not None} - set(names or ()))
        if names is not None and unknown:
            message = (
                f"{path.name}: label {unknown[0]!r} is not among 'class_names' "
                f"{', '.join(names[:20])}; add it there or correct the labels"
            )
            raise DatasetError(message)
        return words, names
    whole = _whole(values, path, "labels")
    known = sorted({value for value in whole if value is not None})
    if names is None:
        return _words(values, path, "labels"), tuple(map(str, known))
    if known and known[-1] >= len(names):
        message = (
            f"{path.name}: label {known[-1]} has no name; 'class_names' has {len(names)} names, "
            f"for labels 0 to {len(names) - 1} (-1 for cells without a class)"
        )
        raise DatasetError(message)
    return tuple(None if value is None else names[value] for value in whole), names


def _column(file: StackFile, path: Path, name: str, n: int) -> Array | tuple[str, ...]:
    values = file.column(name)
    if not isinstance(values, tuple):
        if values.shape == (n, 1):
            values = values[:, 0]
        if values.ndim != 1:
            message = f"{path.name}: {name!r} has shape {values.shape}; expected ({n},)"
            raise DatasetError(message)
    if len(values) != n:
        message = (
            f"{path.name}: {name!r} has {len(values)} entries, 'images' has {n} cells; "
            "expected one a cell, in the same order"
        )
        raise DatasetError(message)
    return values


def _words(values: Array | tuple[str, ...], path: Path, name: str) -> tuple[str | None, ...]:
    """Return texts as they are, whole numbers as their digits; blank and -1 as None."""
    if isinstance(values, tuple):
        return tuple(value or None for value in values)
    return tuple(None if value is None else str(value) for value in _whole(values, path, name))


def _whole(values: Array | tuple[str, ...], path: Path, name: str) -> tuple[int | None, ...]:
    """Return whole numbers; -1 and NaN as None."""
    if isinstance(values, tuple) or values.dtype.kind not in "biuf":
        message = f"{path.name}: {name!r} holds texts or other values; expected whole numbers"
        raise DatasetError(message)
    found: list[int | None] = []
    for position, value in enumerate(values.tolist()):
        missing = value == -1 or value != value  # noqa: PLR0124 - NaN
        if not missing and (value < 0 or not float(value).is_integer()):
            message = (
                f"{path.name}: {name!r} holds {value} for cell {position}; expected whole "
                "numbers from 0, or -1 for unknown"
            )
            raise DatasetError(message)
        found.append(None if missing else int(value))
    return tuple(found)


IMPORTER = Importer(
    id="stack",
    label="Stack of cells (HDF5 or NPZ)",
    summary="One file with the array images (cells, channels, height, width) and, if known, "
    "labels, masks, groups and object_number.",
    extensions=(".h5", ".hdf5", ".hdf", ".npz"),
    recognise=recognise,
    read=read,
)
