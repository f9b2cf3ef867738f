"""Which importer reads a file or folder: by content first, by extension second."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from contextlib import suppress
from pathlib import Path

from pxcore.data.hdf5 import SIGNATURE
from pxcore.data.importers import IMPORTERS, Importer
from pxcore.errors import DatasetError

LOOKED_AT, NAMED = 100, 3
"""Most names of a folder that are looked at, and most that a message names."""
_CIF_AND_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def importer_for(path: Path, format: str = "auto") -> Importer:
    """Return the importer that was asked for, or the one that fits.

    Runs inside the import process: recognising may open the file.

    Raises
    ------
    DatasetError
        When nothing fits (the message lists the formats), or the content is clearly of another
        format than the one asked for.
    """
    if str(path) in IMPORTERS and not IMPORTERS[str(path)].untrusted:
        return IMPORTERS[str(path)]
    fitting = [entry for entry in IMPORTERS.values() if entry.untrusted and entry.recognise(path)]
    if format != "auto":
        asked = IMPORTERS[format]
        if fitting and asked not in fitting:
            message = (
                f"{path.name} was to be read as {asked.id}, but its content is of the format "
                f"{fitting[0].id}; choose that, or let the format be found"
            )
            raise DatasetError(message)
        return asked
    if fitting:
        return fitting[0]
    for entry in IMPORTERS.values():
        if entry.untrusted and path.is_file() and path.name.lower().endswith(entry.extensions):
            return entry  # its own message tells what is wrong inside
    raise DatasetError(_unknown(path))


def glance(path: Path) -> str:
    """Return what a file seems to be, for lists of files, from its name and first bytes.

    Safe anywhere: no library opens the file. Empty for folders and unknown files.
    """
    try:
        if not path.is_file() or path.is_symlink():
            return ""
        with path.open("rb") as stream:
            start = stream.read(8)
    except OSError:
        return ""
    name = path.name.lower()
    if start == SIGNATURE:
        return "HDF5"
    if start.startswith(b"PK\x03\x04"):
        return "NPZ" if name.endswith(".npz") else "zip"
    if start.startswith(_CIF_AND_TIFF):
        return "CIF" if name.endswith(".cif") else "TIFF"
    return ""


def _unknown(path: Path) -> str:
    if path.is_dir() and (inside := _known_inside(path)):
        names = [f"{name} ({id})" for name, id in inside[:NAMED]]
        more = ", and more" if len(inside) > NAMED else ""
        what = "import that one" if len(inside) == 1 else "import them one by one"
        return (
            f"the folder {path.name} is no data set by itself, but holds {', '.join(names)}{more}: "
            f"{what}"
        )
    known = "; ".join(
        f"{entry.id}: {entry.summary.rstrip('.')}"
        for entry in IMPORTERS.values()
        if entry.untrusted
    )
    if path.is_dir():
        found = "a folder in which no known file was found"
    else:
        found = f"a file that begins with {_beginning(path)}"
    return (
        f"{path.name} is {found}; expected one of {known}. Give the file or folder that holds the "
        "cells, or export them as one of these"
    )


def _known_inside(folder: Path) -> list[tuple[str, str]]:
    """Return a few names in a folder that can be imported by themselves, each with its format."""
    found: list[tuple[str, str]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        seen = [entry for entry, _ in zip(entries, range(LOOKED_AT), strict=False)]
        for entry in sorted(seen, key=lambda one: one.name):
            plain = entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
            if plain and not entry.name.startswith(".") and len(found) <= NAMED:
                fits = (one for one in IMPORTERS.values() if one.untrusted)
                known = (one.id for one in fits if one.recognise(Path(entry.path)))
                found += [(entry.name, id) for id in known][:1]
    return found


def _beginning(path: Path) -> str:
    """Return the first words of a text file, or the first bytes of any other."""
    with path.open("rb") as stream:
        start = stream.read(40)
    with suppress(UnicodeDecodeError):
        text = " ".join(getincrementaldecoder("utf-8")().decode(start).split())  # may end amid one
        if text and text.isprintable():
            return f"the text {text!r}"
    return f"the bytes {start[:8].hex(' ')}" if start else "nothing: it is empty"
