"""Where the files of public data sets lie on this host: what is there, and who may write there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pxcore.data.catalogue import PublicSet
from pxcore.errors import DatasetError
from pxcore.runs import receipts
from pxcore.store.home import Store

SHEET, LOCK = "panel.csv", "lock"


def folder(store: Store, entry: PublicSet) -> Path:
    """Return where a data set's file lies, or is to be put by hand; the folder is made."""
    place = store.home / "public" / entry.id
    place.mkdir(parents=True, exist_ok=True)
    return place


def there(place: Path, entry: PublicSet) -> Path | None:
    """Return the entry's file, or the one other file or folder that somebody put there."""
    if (place / entry.file).is_file():
        return place / entry.file
    ours = {receipts.NAME, SHEET, LOCK}
    others = [
        path
        for path in sorted(place.iterdir())
        if path.name not in ours
        and not path.name.startswith((".", entry.file))
        and not path.name.endswith((".part", ".part.json"))
    ]
    if len(others) > 1:
        message = (
            f"{place} holds {', '.join(path.name for path in others[:5])}; expected one file or "
            "folder with the cells: leave only that one there"
        )
        raise DatasetError(message)
    return others[0] if others else None


@contextmanager
def alone(place: Path, entry: PublicSet) -> Iterator[None]:
    """Hold the folder for this process; a killed one lets go of it."""
    handle = os.open(place / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"{entry.title!r} is being fetched by another process; wait for its end"
            raise DatasetError(message) from error
        yield
    finally:
        os.close(handle)
