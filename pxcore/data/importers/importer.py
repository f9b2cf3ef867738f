"""What an importer is: it recognises a format and turns a file or folder into single cells.

Importers run inside the limited import process (`pxcore.data.ingest`). They read only; cropping,
padding, checking of pixels, storing and counting are done once for all of them by the ingest.
A zip archive is unpacked before: importers see a file or a folder.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pxcore.data.limits import Limits
from pxcore.data.quality_pixels import Camera
from pxcore.data.single_cells import CellMeans
from pxcore.errors import DatasetError
from pxcore.types import Array, Role, Skipped


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawCell:
    """One cell as its file holds it."""

    images: Array
    """(C, h, w) of any real dtype, not cropped or padded."""
    label: str | None = None
    """Class name; None when unlabelled."""
    group: str | None = None
    """Donor or sample name; None when unknown."""
    masks: Array | None = None
    """(1, h, w) or (C, h, w) uint8, > 0 inside the cell."""
    inside: CellMeans | None = None
    """Where the image holds many cells of known outlines: their means."""
    object_number: int
    """The number by which labels may be given later; different for every cell."""
    name: str = ""
    """Where it came from, for messages: a file name or ``cell 17``."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A recognised file or folder whose cells can be gone through, more than once."""

    channel_names: tuple[str, ...]
    n_cells: int
    """Upper bound: cells that may come, skipped ones included."""
    dtype: np.dtype[np.generic]
    """Of the pixels as they lie in the file."""
    cells: Callable[[], Iterator[RawCell | Skipped]]
    """Starts a fresh pass. A ``Skipped`` takes the place of the cells it counts."""
    names_assumed: bool = False
    """The file had no channel names; a panel sheet may give them by order."""
    sizes: Array | None = None
    """(N, 2) int64 height and width of the cells, where known without reading pixels."""
    classes: tuple[str, ...] | None = None
    """In the source's own order; None sorts the labels that come."""
    roles: tuple[Role, ...] | None = None
    truth: tuple[str, ...] = ()
    volumes: int = 0
    """The last ``volumes`` x ``depth`` planes are slices of so many volumes, one after another."""
    depth: int = 0
    camera: Camera = "one"
    """What took the pictures; what a broken pixel or a saturated one is depends on it."""
    notes: tuple[str, ...] = ()
    """Plain sentences for the import report."""
    settings: tuple[tuple[str, str], ...] = ()
    """Of a generator, for the import report: all of them, defaults too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What an importer may be told, and what it must respect."""

    values: tuple[tuple[str, str], ...] = ()
    """The importer's own settings, as in ``ImportRequest.options``."""
    limits: Limits = field(default_factory=Limits)

    def text(self, name: str, default: str) -> str:
        """Return one setting, or its default."""
        return dict(self.values).get(name, default)

    def number(self, name: str, default: int) -> int:
        """Return one whole-number setting. Raises DatasetError when it is not a number."""
        text = self.text(name, str(default))
        try:
            return int(text)
        except ValueError:
            message = f"option {name!r} is {text!r}; expected a whole number"
            raise DatasetError(message) from None

    def decimal(self, name: str, default: float) -> float:
        """Return one setting with a fraction. Raises DatasetError when it is not a number."""
        return _decimal(name, self.text(name, str(default)))

    def span(self, name: str, default: tuple[float, float]) -> tuple[float, float]:
        """Return two numbers such as ``0.1-0.3``. Raises DatasetError when they are not two."""
        if name not in dict(self.values):
            return default
        text = self.text(name, "")
        parts = text.split("-")
        if len(parts) != 2:
            message = f"option {name!r} is {text!r}; expected two numbers such as 0.1-0.3"
            raise DatasetError(message)
        return _decimal(name, parts[0]), _decimal(name, parts[1])

    def flag(self, name: str) -> bool:
        """Return a setting that is ``yes`` or ``no``, by default no. Raises DatasetError else."""
        return self.word(name, ("no", "yes")) == "yes"

    def word(self, name: str, words: tuple[str, ...]) -> str:
        """Return one of ``words``, by default the first. Raises DatasetError for another."""
        text = self.text(name, words[0])
        if text not in words:
            message = f"option {name!r} is {text!r}; expected one of {', '.join(words)}"
            raise DatasetError(message)
        return text

    def only(self, *known: str) -> None:
        """Raise DatasetError for a setting that is not among ``known``."""
        for name, _ in self.values:
            if name not in known:
                message = (
                    f"option {name!r} is not known for this format; "
                    f"it takes {', '.join(known) or 'no options'}"
                )
                raise DatasetError(message)


def by_word(word: str) -> Callable[[Path], bool]:
    """Return what is true for the word alone, unless a file or folder of that name is there."""
    return lambda path: str(path) == word and not path.exists()


def _decimal(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        message = f"option {name!r} is {text!r}; expected a number such as 0.3"
        raise DatasetError(message)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """One format: how to recognise and how to read it."""

    id: str
    """Stored with data sets."""
    label: str
    """Shown to people."""
    summary: str
    """One sentence: what the file or folder must hold."""
    extensions: tuple[str, ...]
    """Lower-case endings such as ``.cif``; the second guess after ``recognise``."""
    recognise: Callable[[Path], bool]
    """True when the content (first bytes, file names) is of this format. Never raises for
    odd content; reads little."""
    read: Callable[[Path, ImportOptions], Source]
    """Raises DatasetError when the file is damaged or lacks what it needs."""
    untrusted: bool = True
    """False for built-in generators, which read no file."""
