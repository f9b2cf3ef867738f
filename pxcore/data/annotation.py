"""What is known about each cell beside its pixels: class and group; also from a CSV."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pxcore.data.limits import MIB, in_words
from pxcore.errors import DatasetError
from pxcore.types import Array, frozen

FILE_NAME = "annotation.npz"
LARGEST_CSV = 256 * MIB


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """Class and group of every cell, by number. Raises DatasetError when they do not match."""

    labels: Array
    """(N,) int32, -1 = unlabelled"""
    groups: Array
    """(N,) int32, -1 = unknown"""
    classes: tuple[str, ...]
    group_names: tuple[str, ...]

    def __post_init__(self) -> None:
        for name, known in (("labels", self.classes), ("groups", self.group_names)):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.int32))
            values = getattr(self, name)
            if values.size and (values.min() < -1 or values.max() >= len(known)):
                message = f"{name} reach from {values.min()} to {values.max()}, of {len(known)}"
                raise DatasetError(message)
        if self.labels.shape != self.groups.shape or self.labels.ndim != 1:
            message = f"{self.labels.shape} labels but {self.groups.shape} groups; expected as many"
            raise DatasetError(message)
        frozen(self, "labels", "groups")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def class_counts(self) -> tuple[int, ...]:
        """Cells of each class."""
        return _counts(self.labels, len(self.classes))

    @property
    def known_groups(self) -> Array | None:
        """``groups`` when there are at least two, else None."""
        return self.groups if len(self.group_names) > 1 else None

    @property
    def content_hash(self) -> str:
        """sha256 over numbers and names."""
        digest = hashlib.sha256(json.dumps([self.classes, self.group_names]).encode())
        for values in (self.labels, self.groups):
            digest.update(np.ascontiguousarray(values, dtype="<i4").tobytes())
        return digest.hexdigest()

    def save(self, folder: Path) -> None:
        """Write ``annotation.npz`` into an existing folder."""
        np.savez_compressed(
            folder / FILE_NAME,
            labels=self.labels,
            groups=self.groups,
            classes=np.array(self.classes, dtype=np.str_),
            group_names=np.array(self.group_names, dtype=np.str_),
        )

    @classmethod
    def load(cls, folder: Path) -> Annotation:
        """Read what `save` wrote. Raises DatasetError when it is missing or damaged."""
        try:
            with np.load(folder / FILE_NAME, allow_pickle=False) as file:
                return cls(
                    labels=file["labels"],
                    groups=file["groups"],
                    classes=tuple(str(name) for name in file["classes"]),
                    group_names=tuple(str(name) for name in file["group_names"]),
                )
        except (OSError, ValueError, KeyError) as error:
            message = f"the labels cannot be read ({error}); import the data set again"
            raise DatasetError(message) from error


def encode(
    labels: Sequence[str | None],
    groups: Sequence[str | None],
    classes: tuple[str, ...] | None = None,
) -> tuple[Annotation, tuple[str, ...]]:
    """Return names as numbers, with notes.

    ``classes`` fixes the order; else classes are sorted (numbers by value). A class without any
    cell is left out and noted. Groups are sorted.
    """
    present = {label for label in labels if label is not None}
    order = sorted(present, key=_by_value) if classes is None else list(classes)
    kept = tuple(name for name in order if name in present)
    kept += tuple(sorted(present - set(order), key=_by_value))
    empty = [name for name in order if name not in present]
    notes = (f"No cell is labelled {', '.join(empty)}: left out of the classes.",) if empty else ()
    names = tuple(sorted({group for group in groups if group is not None}, key=_by_value))
    return (
        Annotation(_numbers(labels, kept), _numbers(groups, names), kept, names),
        notes if present else (),
    )


def from_csv(
    path: Path, object_numbers: Array, keep: Annotation | None = None
) -> tuple[Annotation, tuple[str, ...]]:
    """Read a labels file; see `from_csv_text`. Raises DatasetError also when it is unreadable."""
    try:
        size = path.stat().st_size
        if size > LARGEST_CSV:
            message = f"{path.name} has {in_words(size)}; at most {in_words(LARGEST_CSV)} are taken"
            raise DatasetError(message)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path.name}: cannot be read as text ({error}); save the labels as UTF-8 CSV"
        raise DatasetError(message) from error
    return from_csv_text(text, object_numbers, keep=keep, name=path.name)


def from_csv_text(
    text: str, object_numbers: Array, *, keep: Annotation | None = None, name: str = "the labels"
) -> tuple[Annotation, tuple[str, ...]]:
    """Return the annotation that a CSV gives to cells by object number, with notes.

    Columns ``object_number``, ``label`` and, if wanted, ``group``, separated by commas,
    semicolons or tabs. Cells that the table does not name become unlabelled. Of ``keep``, the
    order of known classes stays and, without a group column, the groups. Notes count unknown
    numbers and unlabelled cells.

    Raises
    ------
    DatasetError
        When columns are missing, a number is not whole or comes twice with different labels, or
        no row names a cell.
    """
    try:
        rows, has_groups = _rows(text, name)
    except csv.Error as error:
        message = f"{name}: not a CSV ({error}); save it again"
        raise DatasetError(message) from error
    position = {int(number): i for i, number in enumerate(object_numbers)}
    unknown = [number for number in rows if number not in position]
    if len(unknown) == len(rows):
        known = sorted(position)
        message = (
            f"{name}: none of {len(rows)} object numbers is a cell of this data set; found "
            f"{', '.join(map(str, list(rows)[:5]))}, expected numbers such as "
            f"{', '.join(map(str, known[:5]))} (largest {known[-1]})"
        )
        raise DatasetError(message)
    labels: list[str | None] = [None] * len(position)
    groups: list[str | None] = [None] * len(position)
    if keep is not None and not has_groups:
        groups = [keep.group_names[group] if group >= 0 else None for group in keep.groups]
    for number, (label, group) in rows.items():
        if number in position:
            labels[position[number]] = label
            if has_groups:
                groups[position[number]] = group
    order = None if keep is None else tuple(name for name in keep.classes if name in set(labels))
    annotation, notes = encode(labels, groups, order)
    if unknown:
        alone = len(unknown) == 1
        names = f"1 row of {name} names" if alone else f"{len(unknown)} rows of {name} name"
        notes += (f"{names} no cell of this data set, such as object {unknown[0]}: not used.",)
    if missing := labels.count(None):
        notes += (f"{missing} of {len(labels)} cells are unlabelled.",)
    return annotation, notes


def _rows(text: str, name: str) -> tuple[dict[int, tuple[str | None, str | None]], bool]:
    """Return label and group by object number, and whether there is a group column."""
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    columns = [(column or "").strip().lower() for column in reader.fieldnames or ()]
    if "object_number" not in columns or "label" not in columns:
        found = ", ".join(columns)[:200] or "an empty file"
        message = (
            f"{name}: columns are {found}; expected object_number, label and, if wanted, group "
            "in the first line"
        )
        raise DatasetError(message)
    reader.fieldnames = columns
    rows: dict[int, tuple[str | None, str | None]] = {}
    for row in reader:
        number = _object_number(row["object_number"], reader.line_num, name)
        entry = ((row["label"] or "").strip() or None, (row.get("group") or "").strip() or None)
        if rows.setdefault(number, entry) != entry:
            message = (
                f"{name}, line {reader.line_num}: object {number} comes twice, as "
                f"{_in_words(rows[number])} and as {_in_words(entry)}; give each cell one line"
            )
            raise DatasetError(message)
    if not rows:
        message = f"{name}: no line below the header; give one line a cell"
        raise DatasetError(message)
    return rows, "group" in columns


def _in_words(entry: tuple[str | None, str | None]) -> str:
    """Return a line's label and group, for a message."""
    label, group = entry
    words = repr(label) if label else "no label"
    return f"{words} of group {group!r}" if group else words


def _object_number(text: str | None, line: int, name: str) -> int:
    try:
        return int((text or "").strip())
    except ValueError:
        message = f"{name}, line {line}: object_number is {text!r}; expected a whole number"
        raise DatasetError(message) from None


def _by_value(name: str) -> tuple[int, int, str]:
    """Sort whole numbers by value, before other names."""
    return (
        (0, int(name), name)
        if name.isdecimal() and name.isascii() and len(name) < 16
        else (1, 0, name)
    )


def _numbers(names: Sequence[str | None], known: tuple[str, ...]) -> Array:
    numbers: dict[str | None, int] = {name: number for number, name in enumerate(known)}
    return np.array([numbers.get(name, -1) for name in names], dtype=np.int32)


def _counts(values: Array, n: int) -> tuple[int, ...]:
    found = Counter(values.tolist())
    return tuple(found[number] for number in range(n))
