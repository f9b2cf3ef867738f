"""Copies of artifacts and folders from one store to another, each held against its checksums."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pxcore.errors import FULL, OutOfDiskError, StoreError
from pxcore.store.artifacts import Artifacts
from pxcore.store.files import FREE_SPACE
from pxcore.store.manifests import MANIFEST, faults, read_manifest

BESIDE = ("weights", "layouts")
"""Folders that are copied whole: the lab's own weights, and measured layouts."""
LOG = "log.txt"
"""Of a task's scratch folder; the rest of it is of no use later."""
Tell = Callable[[str, float], None]


def copy_artifacts(
    source: Artifacts, target: Artifacts, keys: Iterable[str], tell: Tell, *, link: bool = False
) -> tuple[int, tuple[str, ...]]:
    """Return how many artifacts were copied, and the keys of those that are damaged.

    What is in ``target`` already stays, damaged ones are left out, and what ``source`` does not
    have is passed over. ``link``: share the files where both are on one disk.
    """
    wanted, copied, damaged = sorted(keys), 0, []
    for number, key in enumerate(wanted):
        tell(f"artifact {number + 1} of {len(wanted)}", number / max(1, len(wanted)))
        if target.has(key) or not source.has(key):
            continue
        aside = target.temporary("copied")
        try:
            _copy(source.folder(key), aside, link=link)
            checked = read_manifest(aside) is not None
            if checked and not link and faults(aside):
                damaged.append(key)
                continue
            target.adopt(key, aside, checked=checked)
            copied += 1
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return copied, tuple(damaged)


def copy_beside(source: Path, target: Path, tasks: Iterable[str]) -> None:
    """Copy weights, layouts and the logs of tasks from one store's folder to another's."""
    for name in BESIDE:
        if (source / name).is_dir():
            for file in sorted(path for path in (source / name).rglob("*") if path.is_file()):
                _fresh(file, target / file.relative_to(source))
    for key in sorted(tasks):
        log = Path("work") / key / LOG
        with suppress(FileNotFoundError):  # a task that has not begun has none
            _fresh(source / log, target / log)


@contextmanager
def room_on(target: Path) -> Iterator[None]:
    """Turn a full or missing disk into an error for people."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            message = f"{target} is full: {error.strerror}; {FREE_SPACE}"
            raise OutOfDiskError(message) from error
        message = (
            f"{error.filename or target} cannot be read or written: {error.strerror}; look at the "
            "disk and its rights, then start again: what was copied is kept"
        )
        raise StoreError(message) from error


def _copy(source: Path, target: Path, *, link: bool) -> None:
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir(exist_ok=True)
        elif not (link and path.name != MANIFEST and _linked(path, place)):
            shutil.copyfile(path, place)


def _linked(source: Path, target: Path) -> bool:
    """Return whether both names now lead to one file; they cannot on two disks."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno in (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK):
            return False
        raise
    return True


def _fresh(source: Path, target: Path) -> None:
    """Copy a file unless the copy there is as large and as old."""
    found = source.stat()
    with suppress(FileNotFoundError):
        there = target.stat()
        if (there.st_size, there.st_mtime_ns) == (found.st_size, found.st_mtime_ns):
            return
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.new")
    shutil.copy2(source, aside)
    aside.replace(target)
