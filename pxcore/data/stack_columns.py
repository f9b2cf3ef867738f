"""What stands beside the pixels of a stack: labels, groups, object numbers, one entry a cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pxcore.data.stack_files import StackFile
from pxcore.errors import DatasetError
from pxcore.types import Array


@dataclass(frozen=True, slots=True)
class StackColumns:
    """What stands beside the pixels: one entry a cell."""

    labels: tuple[str | None, ...]
    classes: tuple[str, ...] | None
    groups: tuple[str | None, ...]
    numbers: tuple[int, ...]


def columns_of(file: StackFile, path: Path, n: int) -> StackColumns:
    """Return labels, groups and object numbers of ``n`` cells; what is not there is unknown.

    Raises
    ------
    DatasetError
        When they are not one a cell, not whole numbers or texts, or not the file's class names.
    """
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
    return StackColumns(labels, classes, groups, numbers)


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
