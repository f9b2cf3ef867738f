"""The tables of a tissue study: which images, of whom, of which class; its channels; its cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pxcore.data.csv_guard import unguarded
from pxcore.data.limits import Limits, in_words
from pxcore.errors import DatasetError
from pxcore.types import Array, Skipped

IMAGES, CHANNELS, CELLS = "images.csv", "channels.csv", "cells.csv"
NOT_THERE = f"a line of {CELLS} that names no cell of its image's mask"
_KNOWN = ("image", "patient", "class", "mask")


@dataclass(frozen=True, slots=True)
class TissueImage:
    """One line of ``images.csv``."""

    image: str
    """A TIFF, or a folder of them, below the study's folder."""
    patient: str | None
    label: str | None
    mask: str | None
    """A TIFF below the study's folder; None without."""
    line: int


@dataclass(frozen=True, slots=True)
class TissueTable:
    """All of ``images.csv``."""

    images: tuple[TissueImage, ...]
    columns: frozenset[str]
    """Of ours that it has."""
    others: tuple[str, ...]
    """Further columns, which are not used."""


def images_of(folder: Path, limits: Limits) -> TissueTable:
    """Return the lines of ``images.csv``.

    Raises
    ------
    DatasetError
        When it cannot be read, has no column ``image``, no line, or names an image twice.
    """
    wanted = "image and, if known, patient, class and mask in the first line"
    columns, rows = _rows(folder / IMAGES, limits, {"image"}, wanted)
    found: dict[str, TissueImage] = {}
    for line, row in rows:
        name = row.get("image", "")
        if not name:
            message = f"{IMAGES}, line {line}: no image; give its path below the folder"
            raise DatasetError(message)
        if name in found:
            message = (
                f"{IMAGES}, line {line}: image {name[:200]!r} comes twice (line "
                f"{found[name].line} too); give each image one line"
            )
            raise DatasetError(message)
        patient, label, mask = (row.get(column) or None for column in _KNOWN[1:])
        found[name] = TissueImage(name, patient, label, mask, line)
    if not found:
        message = f"{IMAGES}: no line below the header; give one line an image"
        raise DatasetError(message)
    others = tuple(column for column in columns if column not in _KNOWN)
    return TissueTable(tuple(found.values()), frozenset(columns) & set(_KNOWN), others)


def channel_names(folder: Path, limits: Limits) -> tuple[str, ...]:
    """Return the names in ``channels.csv`` in their order, empty without that file.

    Raises
    ------
    DatasetError
        When it cannot be read or has no column ``name``.
    """
    if not (folder / CHANNELS).is_file():
        return ()
    wanted = "name, one line a channel, in the order of the images"
    _, rows = _rows(folder / CHANNELS, limits, {"name"}, wanted)
    return tuple(row.get("name", "") for _, row in rows)


def cell_classes(folder: Path, limits: Limits) -> dict[tuple[str, int], str | None] | None:
    """Return the class of each cell by image and number in its mask; None without ``cells.csv``.

    Raises
    ------
    DatasetError
        When it cannot be read, lacks a column, names a cell twice, or a number is not whole.
    """
    if not (folder / CELLS).is_file():
        return None
    wanted = "image, cell (its number in the mask) and class"
    _, rows = _rows(folder / CELLS, limits, {"image", "cell", "class"}, wanted)
    found: dict[tuple[str, int], str | None] = {}
    for line, row in rows:
        number = row.get("cell", "")
        if not (number.isdecimal() and number.isascii() and len(number) < 16):
            message = f"{CELLS}, line {line}: cell is {number[:40]!r}; expected a whole number"
            raise DatasetError(message)
        cell = (row.get("image", ""), int(number))
        if cell in found:
            message = f"{CELLS}, line {line}: cell {number} of {cell[0][:200]!r} comes twice"
            raise DatasetError(message)
        found[cell] = row.get("class") or None
    return found


class CellLines:
    """The lines of ``cells.csv`` against the masks: counts those that name no cell."""

    def __init__(self, classes: dict[tuple[str, int], str | None] | None) -> None:
        self._named: dict[str, set[int]] = {}
        for image, number in classes or ():
            self._named.setdefault(image, set()).add(number)
        self._lines = len(classes or ())
        self._missing, self._first = 0, list[str]()
        self._known = 0

    @property
    def elsewhere(self) -> int:
        """Lines of images that were not read."""
        return sum(len(numbers) for numbers in self._named.values())

    def look(self, image: str, numbers: Array | None) -> None:
        """Compare the lines of an image with the numbers in its mask, None where it is damaged."""
        named = self._named.pop(image, set())
        if numbers is None:
            return
        missing = sorted(named.difference(numbers.tolist()))
        self._missing += len(missing)
        self._known += len(named) - len(missing)
        self._first += [f"{image[:200]} cell {number}" for number in missing[:3]]

    def told(self) -> Skipped | None:
        """Return what to say, once every image was looked at. Raises DatasetError for all lines."""
        if self._missing and not self._known:
            message = (
                f"none of the {self._lines} lines of {CELLS} names a cell of a mask (such as "
                f"{self._first[0]}); expected in its column cell the numbers in the masks"
            )
            raise DatasetError(message)
        if not self._missing:
            return None
        return Skipped(reason=NOT_THERE, count=self._missing, examples=tuple(self._first[:3]))


def _rows(
    path: Path, limits: Limits, needed: set[str], wanted: str
) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """Return the columns, and line number and texts of every line that is not blank.

    ``needed``: columns that must be there; ``wanted``: all that are expected, in words.
    """
    text = _text(path, limits)
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    table = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)

    def lines() -> Iterator[tuple[int, dict[str, str]]]:
        try:
            for entries in table:
                if any(entry.strip() for entry in entries):
                    pairs = zip(columns, entries, strict=False)
                    yield table.line_num, {c: unguarded(entry.strip()) for c, entry in pairs}
        except csv.Error as error:
            raise _damaged(path, error) from error

    try:
        columns = [column.strip().lower() for column in next(table, [])]
    except csv.Error as error:
        raise _damaged(path, error) from error
    doubled = [column for column in _KNOWN if columns.count(column) > 1]
    if doubled:
        message = f"{path.name}: column {doubled[0]!r} comes twice; give it once"
        raise DatasetError(message)
    if not needed <= set(columns):
        told = ", ".join(columns)[:200] or "none"
        message = f"{path.name}: columns are {told}; expected {wanted}"
        raise DatasetError(message)
    return columns, lines()


def _text(path: Path, limits: Limits) -> str:
    """Return what stands in a table. Raises DatasetError for a link, a large file, no text."""
    if path.is_symlink():
        message = f"{path.name} is a link; links are refused, copy the file"
        raise DatasetError(message)
    try:
        size = path.stat().st_size
        if size > limits.table_bytes:
            message = (
                f"{path.name} has {in_words(size)}; at most {in_words(limits.table_bytes)} are "
                "taken"
            )
            raise DatasetError(message)
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path.name}: cannot be read as text ({error}); save it as UTF-8 CSV"
        raise DatasetError(message) from error


def _damaged(path: Path, error: csv.Error) -> DatasetError:
    message = f"{path.name}: not a CSV ({error}); save it again"
    return DatasetError(message)
