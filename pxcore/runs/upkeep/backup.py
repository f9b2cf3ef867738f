"""A copy of a store that is a store itself, taken while runs and imports work.

Rows first, then files: every artifact that a row speaks of was complete before that row was
written, and no clean-up removes one meanwhile. A later backup into the same folder copies only
what is new, and puts its rows into place last: when it is cut off, the earlier backup stands.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import select

import pxcore
from pxcore.errors import StoreError
from pxcore.people.rights import require_admin
from pxcore.runs.upkeep import rows
from pxcore.runs.upkeep.cleanup import upkeep_lock
from pxcore.runs.upkeep.copying import Tell, copy_artifacts, copy_beside, room_on
from pxcore.runs.upkeep.references import References, read
from pxcore.store.artifacts import Artifacts
from pxcore.store.database import now
from pxcore.store.files import sync_folder, write_atomic
from pxcore.store.home import Store
from pxcore.store.keys import decode
from pxcore.store.tables import datasets
from pxcore.types import Dataset
from pxcore.types.upkeep import BackedUp

NOTE = "backup.json"


def backup(
    store: Store, target: Path, tell: Tell, *, link: bool = False, without_cells: bool = False
) -> BackedUp:
    """Return what is now in ``target``: rows, and everything that they speak of.

    Parameters
    ----------
    tell
        Gets what is done and the share done.
    link
        Share files with the store where both lie on one disk: takes no room, helps against
        mistakes, not against a broken disk.
    without_cells
        Leave out the pixels of data sets, which can be imported again.

    Raises
    ------
    StoreError
        For a target inside the store or one that holds something else, a full disk, and while a
        clean-up is under way.
    AccessError
        For everybody but administrators.
    """
    require_admin(store, "A backup")
    target = target.expanduser().absolute()
    with upkeep_lock(store, "backed up"), room_on(target):
        _begin(store, target)
        tell("reading rows", 0.0)
        with rows.snapshot(store) as file:
            found, cells = _spoken_of(file)
            keys = {key for key in found.holders if store.artifacts.has(key)}
            keys -= cells if without_cells else set()
            there = Artifacts(target)
            copied, damaged = copy_artifacts(store.artifacts, there, keys, tell, link=link)
            copy_beside(store.home, target, found.tasks)
            _put_rows(file, target)
        removed = _drop_others(there, keys)
        kept = [key for key in keys if there.has(key)]
        done = BackedUp(
            folder=str(target),
            taken=now(),
            artifacts=len(kept),
            n_bytes=sum(there.size(key) for key in kept),
            copied=copied,
            removed=removed,
            without_cells=len(cells) if without_cells else 0,
            damaged=damaged,
        )
        _note(store, target, **asdict(done))
    return done


def read_note(folder: Path) -> dict[str, object]:
    """Return what stands in a backup's note; empty where there is none that can be read."""
    try:
        found = json.loads((folder / NOTE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _begin(store: Store, target: Path) -> None:
    """Make the target, or see that it is an earlier backup of this very store."""
    home, real = store.home.resolve(), target.resolve()
    if real == home or real.is_relative_to(home) or home.is_relative_to(real):
        message = (
            f"{target} and the store {store.home} lie inside each other; give a folder elsewhere, "
            "best on another disk"
        )
        raise StoreError(message)
    if not target.is_dir() or not any(target.iterdir()):
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close(target)
        _note(store, target)
        return
    of = read_note(target).get("home")
    if of != str(store.home):
        what = f"a backup of the store {of}" if of else "files that are no backup"
        message = (
            f"{target} holds {what}; expected an empty folder, or an earlier backup of "
            f"{store.home}: give another folder"
        )
        raise StoreError(message)
    _close(target)


def _close(target: Path) -> None:
    """Let nobody but its owner into a folder. Raises StoreError where that cannot be had."""
    with suppress(PermissionError):  # somebody else's
        target.chmod(0o700)
    mode = stat.S_IMODE(target.stat().st_mode)
    if mode & 0o077:
        message = (
            f"others than its owner may look into {target} (mode {mode:o}), and a backup holds "
            "hashes of passwords and everybody's private runs; expected mode 700: give a folder "
            "of your own, on a disk that keeps rights"
        )
        raise StoreError(message)


def _spoken_of(file: Path) -> tuple[References, set[str]]:
    """Return what the copied rows refer to, and which of it are cells."""
    with rows.opened(file) as database, database.reading() as connection:
        values = connection.scalars(select(datasets.c.value))
        cells = {decode(Dataset, value).pixels_key for value in values}
        return read(connection), cells


def _put_rows(file: Path, target: Path) -> None:
    """Replace the rows of an earlier backup, in one moment."""
    fresh, place = target / f".{rows.DATABASE}.new", target / rows.DATABASE
    shutil.copyfile(file, fresh)
    fresh.chmod(0o600)
    with fresh.open("rb") as stream:
        os.fsync(stream.fileno())
    for left in ("-wal", "-shm"):  # of somebody who looked into the earlier one
        place.with_name(place.name + left).unlink(missing_ok=True)
    fresh.replace(place)
    sync_folder(target)


def _drop_others(there: Artifacts, keys: set[str]) -> int:
    """Remove artifacts of an earlier backup that the rows no longer speak of."""
    others = [key for key in there.every_key() if key not in keys]
    for key in others:
        aside = there.take_away(key, 0.0)
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
    return len(others)


def _note(store: Store, target: Path, **told: object) -> None:
    known = {"home": str(store.home), "version": pxcore.__version__, **told}
    write_atomic(target / NOTE, json.dumps(known, indent=1).encode())
