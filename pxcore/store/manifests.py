"""What an artifact's files were when it was written: their sha256, kept in the artifact itself.

``.sha256`` is what the tool ``sha256sum`` writes, so that in an artifact's folder
``sha256sum -c .sha256`` says the same by hand.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

MANIFEST = ".sha256"
LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<name>[^\n]+)")


def write_manifest(folder: Path) -> None:
    """Write the sha256 of every file below ``folder`` beside them; an earlier one is replaced."""
    lines = [f"{sha256_of(folder / name)}  {name}\n" for name in files_of(folder)]
    (folder / MANIFEST).write_text("".join(lines), "utf-8")


def read_manifest(folder: Path) -> dict[str, str] | None:
    """Return the sha256 of each file as written down; None where nothing usable was."""
    try:
        lines = (folder / MANIFEST).read_text("utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    found = [LINE.fullmatch(line) for line in lines]
    return {one["name"]: one["digest"] for one in found if one} if all(found) else None


def faults(folder: Path) -> tuple[str, ...]:
    """Return what is no longer as it was written, in words; () where everything is.

    Of a folder without a manifest nothing is known: ask `read_manifest` first.
    """
    written, there = read_manifest(folder) or {}, set(files_of(folder))
    told = [f"{name} is missing" for name in sorted(written.keys() - there)]
    told += [f"{name} was not there" for name in sorted(there - written.keys())]
    for name in sorted(written.keys() & there):
        try:
            if sha256_of(folder / name) != written[name]:
                told.append(f"{name} has another sha256 than when it was written")
        except OSError as error:
            told.append(f"{name} cannot be read: {error.strerror or error}")
    return tuple(told)


def files_of(folder: Path) -> tuple[str, ...]:
    """Return the files below a folder, relative to it, sorted, without the manifest."""
    found = (path for path in folder.rglob("*") if path.is_file())
    names = sorted(path.relative_to(folder).as_posix() for path in found)
    return tuple(name for name in names if name != MANIFEST)


def sha256_of(path: Path) -> str:
    """Return the sha256 (hex) of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
