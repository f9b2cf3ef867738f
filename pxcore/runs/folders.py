"""Files that may be registered: those of allowed folders, and uploads."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import BinaryIO

from pxcore.data.importers import IMPORTERS
from pxcore.data.recognise import glance
from pxcore.errors import AccessError, DatasetError
from pxcore.store.home import Store
from pxcore.types import FolderEntry

PIECE = 2**20
MOST_ENTRIES = 2000
UPLOADS_PER_OWNER = 20


def browse(store: Store, folder: Path, inside: str = "") -> tuple[FolderEntry, ...]:
    """Return folders, then files, of an allowed folder. Links and hidden names are left out.

    Raises AccessError for a place outside the allowed folders, DatasetError when it is gone.
    """
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


def check_registrable(store: Store, path: str) -> None:
    """Raise AccessError unless a path from the browser is an upload or allowed."""
    if path in IMPORTERS and not IMPORTERS[path].untrusted:
        return  # a generator of ours, such as ``demo``
    place = Path(path)
    real = place.resolve()
    homes = (*store.settings.folders, store.uploads.resolve())
    if real != place or not any(real.is_relative_to(home) for home in homes):
        message = f"{path} lies outside the allowed folders; PXCORE_DATA_FOLDERS lists those"
        raise AccessError(message)


def save_upload(store: Store, name: str, data: BinaryIO, owner: str) -> Path:
    """Return where an uploaded file was put: under a name of ours, with its own ending.

    Raises DatasetError when it is larger than allowed, or too many wait already.
    """
    mine = store.uploads / (re.sub(r"\W", "_", owner)[:40] or "anyone")
    mine.mkdir(exist_ok=True)
    if sum(1 for _ in mine.iterdir()) >= UPLOADS_PER_OWNER:
        message = f"{UPLOADS_PER_OWNER} uploads wait for their import already; wait for them"
        raise DatasetError(message)
    store.require_space(0, f"the upload of {Path(name).name!r}")
    safe = re.sub(r"[^\w.-]", "_", Path(name).name)[-80:].lstrip(".") or "upload"
    folder = mine / secrets.token_hex(4)
    folder.mkdir()
    place = folder / safe
    try:
        _copy(data, place, store.settings.max_upload_mb)
    except BaseException:
        place.unlink(missing_ok=True)
        folder.rmdir()
        raise
    return place


def _copy(data: BinaryIO, place: Path, most_mb: int) -> None:
    left = most_mb * 2**20
    with place.open("xb") as stream:
        while piece := data.read(PIECE):
            left -= len(piece)
            if left < 0:
                message = (
                    f"the file is larger than the {most_mb} MiB an upload may have "
                    "(PXCORE_MAX_UPLOAD_MB); have it put into one of the lab's folders instead"
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
        format="" if is_folder else glance(path),
    )
