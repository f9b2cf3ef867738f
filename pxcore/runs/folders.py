"""Files that may be registered: those of allowed folders, and uploads.

An upload lies in ``uploads/<owner>/<number>/<name>`` until its import has ended. What no import
under way names is swept after an hour, so that failures lock nobody out. The number tells whose it
is and since when, by a clock that nobody sets: one set forward makes no upload old.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from pxcore.data.importers import IMPORTERS
from pxcore.data.recognise import glance
from pxcore.errors import AccessError, DatasetError
from pxcore.people.rights import require_member, signed
from pxcore.runs import catalogue
from pxcore.store.home import Store
from pxcore.store.keys import decode
from pxcore.store.owners import orphaned, owned
from pxcore.store.tables import imports
from pxcore.types import FolderEntry, ImportRequest, ImportState

PIECE = 2**20
MOST_ENTRIES = 2000
UPLOADS_PER_OWNER = 20
ALL_UPLOADS = 4
"""All uploads together may have this many times the size of the largest one."""
SWEPT_AFTER = 3600.0
"""Seconds after which an upload that no import names is removed."""
LOOKED_AT = 100
"""Most names a folder is judged by."""
LEVELS = 2
"""Levels of folders inside a folder whose names are looked at."""
FILES_OF = {".h5": "HDF5 files", ".tif": "TIFF files", ".tiff": "TIFF files"}


def browse(store: Store, folder: Path, inside: str = "") -> tuple[FolderEntry, ...]:
    """Return folders, then files, of an allowed folder. Links and hidden names are left out.

    Raises AccessError for a place outside the allowed folders and for a reader, DatasetError when
    it is gone.
    """
    require_member(store, "Looking into the lab's folders")
    root = next((allowed for allowed in store.settings.folders if allowed == folder), None)
    if root is None:
        message = f"{folder} is not an allowed folder; PXCORE_DATA_FOLDERS lists those"
        raise AccessError(message)
    place = root / inside
    if place.resolve() != place or not place.is_relative_to(root):
        message = f"{inside!r} leads out of {root}; choose a folder inside, and no links"
        raise AccessError(message)
    try:
        with os.scandir(place) as found:
            entries = [
                _entry(root, entry)
                for entry in found
                if not entry.is_symlink() and not entry.name.startswith(".")
            ]
    except OSError as error:
        message = f"folder {inside or root} cannot be listed: {error.strerror}"
        raise DatasetError(message) from error
    return tuple(sorted(entries, key=lambda e: (not e.is_folder, e.name.casefold())))[:MOST_ENTRIES]


def is_generator(path: str) -> bool:
    """Whether a path is the word of a generator of ours, such as ``demo``."""
    return path in IMPORTERS and not IMPORTERS[path].untrusted


def check_registrable(store: Store, path: str) -> None:
    """Raise AccessError unless a path from the browser is an upload or allowed."""
    if is_generator(path):
        return
    if catalogue.named(path) is not None:
        return  # a public data set: its own folder, its own address
    place = Path(path)
    if place.is_relative_to(store.uploads):
        place = store.uploads.resolve() / place.relative_to(store.uploads)
    real = place.resolve()
    homes = (*store.settings.folders, store.uploads.resolve())
    if real != place or not any(real.is_relative_to(home) for home in homes):
        message = f"{path} lies outside the allowed folders; PXCORE_DATA_FOLDERS lists those"
        raise AccessError(message)


def save_upload(store: Store, name: str, data: BinaryIO, owner: str) -> Path:
    """Return where an uploaded file was put: under a name of ours, with its own ending.

    Raises DatasetError when it is larger than allowed, or too many wait already; AccessError for
    a reader.
    """
    require_member(store, "Uploading a file")
    sweep_uploads(store)
    mine = store.uploads / (re.sub(r"\W", "_", signed(store, owner))[:40] or "anyone")
    mine.mkdir(exist_ok=True)
    if sum(1 for _ in mine.iterdir()) >= UPLOADS_PER_OWNER:
        message = (
            f"{UPLOADS_PER_OWNER} uploads wait for their import already; wait for them, or up to "
            "an hour for what failed to be swept"
        )
        raise DatasetError(message)
    store.require_space(0, f"the upload of {Path(name).name!r}")
    safe = re.sub(r"[^\w.-]", "_", Path(name).name)[-80:].lstrip(".") or "upload"
    folder = mine / owned(f"{time.monotonic():.0f}")
    try:
        folder.mkdir()
        place = folder / safe
        _copy(data, place, store)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return place


def forget_upload(store: Store, path: Path) -> None:
    """Remove an upload that no import under way names; any other path is left alone.

    Its import has ended or was never queued. Its folder, named by us, goes with it.
    """
    folder = path.parent
    if folder in set(_upload_folders(store)) and folder not in _awaited(store):
        shutil.rmtree(folder, ignore_errors=True)


def sweep_uploads(store: Store) -> None:
    """Remove uploads that no import under way names and that nobody has written to for an hour."""
    for folder in unawaited(store):
        if idle_seconds(folder) > SWEPT_AFTER:
            shutil.rmtree(folder, ignore_errors=True)


def idle_seconds(folder: Path) -> float:
    """Return for how long an upload has lain untouched; 0 for one that has just gone.

    While the process that took it lives, never longer than since it was begun by the monotonic
    clock of this host, which all its processes share: its form may still be open.
    """
    try:
        touched = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except OSError:
        return 0.0
    idle = max(0.0, time.time() - touched)
    begun = folder.name.partition("~")[0]
    if begun.isdecimal() and orphaned(folder.name) is False:
        return min(idle, max(0.0, time.monotonic() - int(begun)))
    return idle


def unawaited(store: Store) -> tuple[Path, ...]:
    """Return the folders of uploads that no import under way names."""
    awaited = _awaited(store)
    return tuple(folder for folder in _upload_folders(store) if folder not in awaited)


def _upload_folders(store: Store) -> Iterator[Path]:
    """Yield the folder of each upload."""
    for owner in store.uploads.iterdir():
        if owner.is_dir() and not owner.is_symlink():
            yield from (folder for folder in owner.iterdir() if not folder.is_symlink())


def _awaited(store: Store) -> set[Path]:
    """Return the folders of files that an import under way names."""
    open_states = (ImportState.QUEUED, ImportState.RUNNING)
    wanted = select(imports.c.request).where(imports.c.state.in_(open_states))
    with store.database.reading() as connection:
        requests = [decode(ImportRequest, text) for text in connection.scalars(wanted)]
    named = (path for one in requests for path in (one.path, one.panel_sheet, one.labels))
    return {Path(path).parent for path in named if path}


def _waiting_bytes(store: Store) -> int:
    """Return what all uploads take together."""
    total = 0
    for folder in _upload_folders(store):
        for file in folder.glob("*"):
            with suppress(FileNotFoundError):  # its import has just ended
                total += file.stat().st_size
    return total


def _copy(data: BinaryIO, place: Path, store: Store) -> None:
    most_mb = store.settings.max_upload_mb
    left, room = most_mb * 2**20, ALL_UPLOADS * most_mb * 2**20 - _waiting_bytes(store)
    with place.open("xb") as stream:
        while piece := data.read(PIECE):
            left, room = left - len(piece), room - len(piece)
            if left < 0:
                message = (
                    f"the file is larger than the {most_mb} MiB an upload may have "
                    "(PXCORE_MAX_UPLOAD_MB); have it put into one of the lab's folders instead"
                )
                raise DatasetError(message)
            if room < 0:
                message = (
                    f"the uploads that wait here would have more than {ALL_UPLOADS * most_mb} MiB "
                    "together; wait for their imports, or have the file put into one of the "
                    "lab's folders"
                )
                raise DatasetError(message)
            stream.write(piece)


def _entry(root: Path, entry: os.DirEntry[str]) -> FolderEntry:
    path, is_folder = Path(entry.path), entry.is_dir(follow_symlinks=False)
    return FolderEntry(
        name=entry.name,
        inside=str(path.relative_to(root)),
        path=str(path),
        is_folder=is_folder,
        size=0 if is_folder else entry.stat(follow_symlinks=False).st_size,
        format=_holds(path) if is_folder else glance(path),
    )


def _holds(folder: Path) -> str:
    """Return which files of cells a folder seems to hold, by a few names; no file is opened."""
    places, left = [(folder, 0)], LOOKED_AT
    for place, level in places:
        with suppress(OSError), os.scandir(place) as found:
            for entry in found:
                left -= 1
                if left < 0:
                    return ""
                if entry.is_symlink() or entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if level < LEVELS:
                        places.append((Path(entry.path), level + 1))
                elif kind := FILES_OF.get(Path(entry.name).suffix.lower()):
                    return kind
    return ""
