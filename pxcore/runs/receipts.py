"""What was last imported of a public data set, written down beside its file.

A receipt says that this very file was converted: it is written after the import, never before, so
that a file that came incomplete or is another one cannot stand in the way of the right one.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pxcore.data.ingested import Ingested
from pxcore.data.limits import in_words
from pxcore.errors import DatasetError, PanelError

NAME = "receipt.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One file that was imported."""

    file: str
    sha256: str
    source: str
    """Its address, or that it was put there by hand."""
    stamp: tuple[int, ...]
    """Size and time of change, ns: while both stand the file is not read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """A file or folder of a public data set on its way through the import."""

    path: Path
    receipt: Receipt | None = None
    """To be written once the cells are in; None for a folder, which has no sha256."""
    notes: tuple[str, ...] = ()
    """What is to be told of it in the report of the import."""

    def noted(self, found: Ingested) -> Ingested:
        """Return the import with these notes first in its report."""
        report = replace(found.report, notes=(*self.notes, *found.report.notes))
        return replace(found, report=report)

    @contextmanager
    def converting(self) -> Iterator[None]:
        """Write the receipt after the block; say what to do with the file where it fails."""
        try:
            yield
        except (DatasetError, PanelError) as error:
            message = f"{error}. {self._advice()}"
            raise type(error)(message) from error
        if self.receipt is not None:
            write(self.path.parent, self.receipt)

    def _advice(self) -> str:
        what = "folder"
        if self.receipt is not None:
            what = f"file, {in_words(self.receipt.stamp[0])}, sha256 {self.receipt.sha256[:16]}…,"
        return (
            f"The {what} is kept as {self.path}: where it came incomplete or is another one, "
            "remove it and start again, which fetches it anew, or put the right one there by hand"
        )


def of(place: Path) -> Receipt | None:
    """Return the receipt in a folder, None where there is no readable one."""
    try:
        found = json.loads((place / NAME).read_text("utf-8"))
        stamp = tuple(int(number) for number in found["stamp"])
        file, sha256, source = (str(found[key]) for key in ("file", "sha256", "source"))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Receipt(file=file, sha256=sha256, source=source, stamp=stamp)


def write(place: Path, receipt: Receipt) -> None:
    """Write a receipt, whole or not at all."""
    part = place / f"{NAME}.part"
    part.write_text(json.dumps(dataclasses.asdict(receipt), indent=1), "utf-8")
    part.replace(place / NAME)


def stamp(file: Path) -> tuple[int, ...]:
    """Return size and time of change of a file, ns."""
    found = file.stat()
    return found.st_size, found.st_mtime_ns
