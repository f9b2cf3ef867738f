"""Which importer reads a file or folder: by content first, by extension second."""

from __future__ import annotations

from pathlib import Path

from pxcore.data.hdf5 import SIGNATURE
from pxcore.data.importers import IMPORTERS, Importer
from pxcore.errors import DatasetError

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
    known = "; ".join(
        f"{entry.id}: {entry.summary.rstrip('.')}"
        for entry in IMPORTERS.values()
        if entry.untrusted
    )
    if path.is_dir():
        found = "a folder in which no known file was found"
    else:
        with path.open("rb") as stream:
            found = f"a file that begins with {stream.read(8)!r}"
    return (
        f"{path.name} is {found}; expected one of {known}. Give the file or folder that holds the "
        "cells, or export them as one of these"
    )
