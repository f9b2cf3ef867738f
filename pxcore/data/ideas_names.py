"""What the names of IDEAS exports say: cell, channel, class and donor.

``G1_123_Ch1.ome.tif`` is channel 1 of cell 123 with the prefix ``G1``. The prefix or the folder is
the class. Letter case never matters: ``g1`` and ``G1`` are one class, spelled as most files do.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pxcore.errors import DatasetError

_FILE = re.compile(r"(?P<stem>.+?)[_\s-]+ch(?P<channel>\d{1,3})(\.ome)?\.tiff?", re.IGNORECASE)
_STEM = re.compile(r"(?:(?P<prefix>.*?)[_\s-]+)?(?P<number>\d{1,15})")

CLASS_WAYS = ("auto", "folder", "prefix", "none")
GROUP_WAYS = ("auto", "parent", "folder", "prefix", "none")


@dataclass(slots=True)
class NamedCell:
    """The files of one cell."""

    folder: PurePosixPath
    stem: str
    """The file name up to the channel."""
    files: dict[int, PurePosixPath] = field(default_factory=dict)
    """By channel number."""

    @property
    def place(self) -> str:
        """For messages."""
        return str(self.folder / self.stem)

    @property
    def prefix(self) -> str | None:
        """The words before the number, if any."""
        found = _STEM.fullmatch(self.stem)
        return (found["prefix"] or None) if found else None

    @property
    def number(self) -> int | None:
        """The number at the end of the stem, if any."""
        found = _STEM.fullmatch(self.stem)
        return int(found["number"]) if found else None

    @property
    def within(self) -> str | None:
        """The name of the folder of the files, below the one given."""
        return self.folder.name or None

    @property
    def parent(self) -> str | None:
        """The name of the folder above, below the one given."""
        return self.folder.parent.name or None


@dataclass(frozen=True, slots=True)
class Collected:
    """Cells in order of folder, prefix and number, and files that belong to none."""

    cells: list[NamedCell]
    odd: list[str]
    """Not named after a cell and a channel."""
    doubled: list[str]
    """A second file of the same cell and channel."""


def collect(files: Iterable[PurePosixPath]) -> Collected:
    """Return the cells that these files make."""
    cells: dict[tuple[PurePosixPath, str], NamedCell] = {}
    odd: list[str] = []
    doubled: list[str] = []
    for file in files:
        name = _FILE.fullmatch(file.name)
        if name is None:
            odd.append(str(file))
            continue
        key = (file.parent, name["stem"].casefold())
        cell = cells.setdefault(key, NamedCell(file.parent, name["stem"]))
        channel = int(name["channel"])
        if channel in cell.files:
            doubled.append(str(file))
        cell.files.setdefault(channel, file)
    ordered = sorted(
        cells.values(),
        key=lambda c: (str(c.folder), (c.prefix or "").casefold(), c.number or 0, c.stem),
    )
    return Collected(ordered, odd, doubled)


def is_cell_file(name: str) -> bool:
    """True for a file name of a cell and a channel."""
    return _FILE.fullmatch(name) is not None


def annotate(
    cells: list[NamedCell], class_way: str, group_way: str
) -> tuple[list[str | None], list[str | None], list[str]]:
    """Return each cell's class and group, and sentences on how they were found.

    ``class_way`` auto: the folder when cells lie in several, else the prefix when there are
    several. ``group_way`` auto: the folder above the class folder, or the folder when the prefix
    is the class; only when there are several.

    Raises
    ------
    DatasetError
        For another way than the known ones.
    """
    for name, way, ways in (("class", class_way, CLASS_WAYS), ("group", group_way, GROUP_WAYS)):
        if way not in ways:
            message = f"option {name!r} is {way!r}; expected {', '.join(ways)}"
            raise DatasetError(message)
    found: dict[str, list[str | None]] = {
        "folder": _one_spelling([cell.within for cell in cells]),
        "prefix": _one_spelling([cell.prefix for cell in cells]),
        "parent": _one_spelling([cell.parent for cell in cells]),
        "none": [None] * len(cells),
    }
    several = {way: len(set(values)) > 1 for way, values in found.items()}
    if class_way == "auto":
        class_way = next((way for way in ("folder", "prefix") if several[way]), "none")
    if group_way == "auto":
        above = {"folder": "parent", "prefix": "folder"}.get(class_way, "none")
        group_way = above if several[above] else "none"
    words = {"folder": "the folders", "prefix": "the words before the number in file names"}
    notes = [
        f"Classes come from {words[class_way]}."
        if class_way in words
        else "Neither several folders nor several prefixes: the cells are unlabelled."
    ]
    if group_way != "none":
        words["parent"] = "the folders above"
        notes.append(f"Groups come from {words[group_way]}.")
    if class_way == "folder" and several["prefix"] and group_way != "prefix":
        varied = len(set(zip(found["folder"], found["prefix"], strict=True)))
        if varied > len(set(found["folder"])):
            notes.append(
                "File names carry several prefixes within a folder, which were not used; options "
                "class=prefix or group=prefix use them."
            )
    return found[class_way], found[group_way], notes


def object_numbers(cells: list[NamedCell]) -> tuple[list[int], str]:
    """Return a number for each cell, the one in its name if those all differ, and a sentence."""
    given = [cell.number for cell in cells if cell.number is not None]
    if len(set(given)) == len(cells):
        return given, "Object numbers are the numbers in the file names."
    return list(range(len(cells))), "Object numbers count the cells by folder, prefix and number."


def _one_spelling(words: list[str | None]) -> list[str | None]:
    """Return the words with every letter-case variant replaced by the most frequent one."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for word in words:
        if word is not None:
            spellings[word.casefold()][word] += 1
    chosen = {
        key: min(count, key=lambda word: (-count[word], word)) for key, count in spellings.items()
    }
    return [None if word is None else chosen[word.casefold()] for word in words]
