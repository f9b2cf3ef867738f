"""Foreign files, folders and archives: only plain files, nothing outside, within the caps."""

from __future__ import annotations

import lzma
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from pxcore.data.limits import Limits, in_words
from pxcore.errors import DatasetError

HIDDEN = (".", "__MACOSX", "Thumbs.db", "desktop.ini")
"""Beginnings of names that desktops leave behind; such files are never cells."""

ZIP_DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError,
    NotImplementedError, struct.error,
)  # fmt: skip
"""What `zipfile` raises on damaged archives."""

_COPY = 1024**2


def check_source(path: Path, limits: Limits) -> None:
    """Refuse what is not a plain file or folder, an empty file, a file over the size cap.

    Raises
    ------
    DatasetError
        With the name, what was found and what to do.
    """
    name = path.name or str(path)
    try:
        found = path.lstat()
    except OSError as error:
        message = f"{name}: cannot be opened ({error.strerror}); give the path of a file or folder"
        raise DatasetError(message) from error
    if stat.S_ISDIR(found.st_mode):
        return
    if stat.S_ISLNK(found.st_mode):
        message = f"{name} is a link; links are refused, give the real file or folder"
        raise DatasetError(message)
    if not stat.S_ISREG(found.st_mode):
        message = f"{name} is neither a file nor a folder; expected cells in a plain file"
        raise DatasetError(message)
    if found.st_size == 0:
        message = f"{name} is empty (0 bytes); copy or export the file again"
        raise DatasetError(message)
    if found.st_size > limits.source_bytes:
        message = (
            f"{name} has {in_words(found.st_size)}; at most {in_words(limits.source_bytes)} are "
            "taken: split the file, or ask for a larger quota"
        )
        raise DatasetError(message)


def files_below(
    folder: Path, limits: Limits, endings: tuple[str, ...] = ()
) -> tuple[PurePosixPath, ...]:
    """Return the files in and below ``folder``, relative to it, sorted by path.

    ``endings``: lower-case name endings to keep, compared in lower case; empty for all. Hidden
    files are left out.

    Raises
    ------
    DatasetError
        For a link or special file anywhere below, too many files, bytes or folder levels.
    """
    found: list[PurePosixPath] = []
    total = 0
    for entry in _walk(folder, limits):
        total += entry.stat(follow_symlinks=False).st_size
        if total > limits.source_bytes:
            message = (
                f"{folder.name}: the files below it have more than "
                f"{in_words(limits.source_bytes)}, the most that is taken; give a smaller folder"
            )
            raise DatasetError(message)
        if not endings or entry.name.lower().endswith(endings):
            found.append(PurePosixPath(Path(entry.path).relative_to(folder).as_posix()))
        if len(found) > limits.files:
            message = f"{folder.name}: more than {limits.files} files; give a smaller folder"
            raise DatasetError(message)
    return tuple(sorted(found))


def first_below(folder: Path, limits: Limits, endings: tuple[str, ...]) -> Path | None:
    """Return some file with one of the endings, without going through all; None if none is near.

    Looks at no more than 10,000 entries: enough to tell a format.
    """
    for seen, entry in enumerate(_walk(folder, limits)):
        if entry.name.lower().endswith(endings):
            return Path(entry.path)
        if seen >= 10_000:
            return None
    return None


def is_archive(path: Path) -> bool:
    """True for a zip file, even a damaged one, that is not an NPZ (a zip of ``.npy`` arrays)."""
    if not path.is_file():
        return False
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            return stream.read(4) == b"PK\x03\x04"
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except ZIP_DAMAGE:
        return True  # `unpack` tells what is wrong with it
    return not (names and all(name.endswith(".npy") and "/" not in name for name in names))


def unpack(path: Path, target: Path, limits: Limits, tell: Callable[[float], None]) -> Path:
    """Unpack a zip into the new folder ``target`` and return it; ``tell`` gets the share done.

    Raises
    ------
    DatasetError
        For a damaged or encrypted archive, a member that is a link, special or named outside the
        target, too many members, too many bytes, or a suspicious ratio.
    """
    target.mkdir(parents=True)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            total = _check_members(path, members, limits)
            done = 0
            for member in members:
                if not member.is_dir() and not _hidden(PurePosixPath(member.filename)):
                    done += _copy(archive, member, target)
                    tell(min(1.0, done / max(1, total)))
    except ZIP_DAMAGE as error:
        message = (
            f"{path.name}: cannot be unpacked ({error}); the zip is damaged or incomplete, make "
            "it again"
        )
        raise DatasetError(message) from error
    return target


def _walk(folder: Path, limits: Limits, depth: int = 0) -> Iterator[os.DirEntry[str]]:
    if depth > limits.path_depth:
        message = (
            f"{folder.name}: more than {limits.path_depth} folder levels; give an inner folder"
        )
        raise DatasetError(message)
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.name.startswith(HIDDEN):
            continue
        if entry.is_symlink():
            message = f"{entry.name} in {folder.name} is a link; links are refused, copy the files"
            raise DatasetError(message)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), limits, depth + 1)
        elif entry.is_file(follow_symlinks=False):
            yield entry
        else:
            message = f"{entry.name} in {folder.name} is a special file; only plain files are taken"
            raise DatasetError(message)


def _hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(HIDDEN) for part in path.parts)


def _check_members(path: Path, members: list[zipfile.ZipInfo], limits: Limits) -> int:
    """Return the declared bytes of all members, or refuse the archive."""
    if len(members) > limits.files:
        message = f"{path.name}: {len(members)} members; at most {limits.files} are taken"
        raise DatasetError(message)
    seen: set[str] = set()
    for member in members:
        _check_name(path, member, limits)
        if member.filename in seen:
            message = f"{path.name}: member {member.filename!r} comes twice; make the zip again"
            raise DatasetError(message)
        seen.add(member.filename)
    total = sum(member.file_size for member in members)
    ratio = total / max(1, path.stat().st_size)
    if total > limits.dataset_bytes or (total > limits.small and ratio > limits.archive_ratio):
        message = (
            f"{path.name}: unpacks to {in_words(total)}, {ratio:.0f} times its size; at most "
            f"{in_words(limits.dataset_bytes)} and {limits.archive_ratio} times are taken. "
            "Give the folder itself instead of a zip"
        )
        raise DatasetError(message)
    return total


def _check_name(path: Path, member: zipfile.ZipInfo, limits: Limits) -> None:
    name, parts = member.filename, PurePosixPath(member.filename).parts
    kind = stat.S_IFMT(member.external_attr >> 16)
    wrong = ""
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
        wrong = "is named outside the archive"
    elif any(ord(letter) < 32 for letter in name) or len(name.encode()) > 1000:
        wrong = "has an unusable name"
    elif len(parts) > limits.path_depth + 1:
        wrong = f"lies more than {limits.path_depth} folders deep"
    elif kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        wrong = "is a link or special file"
    elif member.flag_bits & 1:
        wrong = "is encrypted"
    if wrong:
        message = f"{path.name}: member {name[:100]!r} {wrong}; zip only plain files"
        raise DatasetError(message)


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> int:
    """Write one member below ``target``; `zipfile` gives no byte more than was declared."""
    place = target.joinpath(*PurePosixPath(member.filename).parts)
    place.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as packed, place.open("xb") as plain:
        shutil.copyfileobj(packed, plain, _COPY)
    return member.file_size
