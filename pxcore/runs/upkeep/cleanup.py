"""What nothing refers to any more: shown first, then removed. Safe while runs and imports work.

An artifact goes only when, under the write lock of the database, no row refers to it and it was
not put there lately. So whoever writes a row first keeps the artifact, and whoever comes after
finds it gone and computes it again: nobody ever refers to half of something.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import delete, select

from pxcore.errors import StoreError
from pxcore.people.rights import require_admin
from pxcore.runs.upkeep import loose_files
from pxcore.runs.upkeep.references import read, sizes
from pxcore.runs.upkeep.storage import folder_bytes
from pxcore.store import audit
from pxcore.store.holds import held_keys
from pxcore.store.home import Store
from pxcore.store.tables import artifacts
from pxcore.types.upkeep import Cleaned, Loose, LooseKind

LOG = logging.getLogger("pxcore.upkeep")
GRACE_HOURS = 24.0
"""What was touched within this time stays: somebody may be about to refer to it."""
LEAST_HOURS = 1.0
"""The shortest such time that people may choose: forms are filled in, links made, meanwhile."""
DRAWN = {"example": "cells before and after a method", "maps": "pixel maps of cells"}
"""Kinds of artifacts that pages draw when asked, and draw again."""
LOCK_SECONDS = 5.0
AT_ONCE = 100
"""Artifacts removed under one hold of the database's write lock."""


def check_grace(hours: float) -> None:
    """Raise StoreError for a time that is too short beside people who work."""
    if not hours >= LEAST_HOURS:
        message = (
            f"what was touched in the last {hours:g} hours would stay, but at least "
            f"{LEAST_HOURS:g} hour is needed: uploads of a form that is being filled in and "
            "results that are about to be registered lie there without a row; give 1 or more"
        )
        raise StoreError(message)


def preview(store: Store, grace_hours: float = GRACE_HOURS) -> tuple[Loose, ...]:
    """Return what a clean-up would remove, the largest first. Raises AccessError but for admins."""
    require_admin(store, "Cleaning up")
    found = [*_results(store, grace_hours), *_scratch(store, grace_hours)]
    found += loose_files.uploads(store, grace_hours)
    found += loose_files.downloads(store, grace_hours)
    found += loose_files.temporary(store, grace_hours)
    return tuple(sorted(found, key=lambda one: (-one.n_bytes, one.kind, one.id)))


def carry_out(store: Store, wanted: Sequence[Loose], grace_hours: float = GRACE_HOURS) -> Cleaned:
    """Return what was removed of ``wanted``, part of a `preview`, and what was kept after all.

    Whatever is referred to by now, or was touched since, stays.

    Raises
    ------
    StoreError
        While a backup is being made of the store.
    AccessError
        For everybody but administrators.
    """
    require_admin(store, "Cleaning up")
    now_loose = {(one.kind, one.id) for one in preview(store, grace_hours)}
    removed: list[Loose] = []
    with upkeep_lock(store, "cleaned up"):
        still = [one for one in wanted if (one.kind, one.id) in now_loose]
        results = [one for one in still if one.kind is LooseKind.RESULTS]
        for first in range(0, len(results), AT_ONCE):
            removed += _remove_results(store, results[first : first + AT_ONCE], grace_hours)
        for one in still:
            if one.kind is not LooseKind.RESULTS and _remove(store, one, grace_hours):
                removed.append(one)
    kept = tuple(one for one in wanted if one not in removed)
    cleaned = Cleaned(removed=tuple(removed), kept=kept)
    if removed:
        told = f"{len(removed)} things, {cleaned.n_bytes / 2**20:.1f} MiB"
        LOG.info("clean-up: %s removed, %d kept after all", told, len(kept))
        with store.database.writing() as connection:
            who = store.person.name or "command line"
            audit.note(connection, who, "cleaned up", "store", told)
    return cleaned


@contextmanager
def upkeep_lock(store: Store, what: str) -> Iterator[None]:
    """Hold the store's upkeep for this process: no clean-up removes what a backup copies.

    A lock file tells processes of this host, PostgreSQL those of others, whose lock files may
    mean nothing here. Raises StoreError when somebody else holds it.
    """
    message = (
        f"the store cannot be {what} now: a clean-up, backup or repair of it is under way; "
        "wait for its end"
    )
    lock = FileLock(store.home / "upkeep.lock", thread_local=False)
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        raise StoreError(message) from None
    try:
        with store.database.alone(LOCK_SECONDS) as ours:
            if not ours:
                raise StoreError(message)
            yield
    finally:
        lock.release()


def _results(store: Store, grace_hours: float) -> Iterator[Loose]:
    """Yield artifacts that nothing refers to."""
    with store.database.reading() as connection:
        held, known = read(connection).holders, sizes(connection)
        about = held_keys(store)
        kinds = {
            str(row.key): str(row.kind)
            for row in connection.execute(select(artifacts.c.key, artifacts.c.kind))
        }
    for key in store.artifacts.every_key():
        if key not in held and key not in about:
            with suppress(FileNotFoundError, StoreError):  # another clean-up is at work
                hours = store.artifacts.age(key) / 3600
                if hours >= grace_hours:
                    size = known.get(key) or store.artifacts.size(key)
                    yield _loose(LooseKind.RESULTS, key, _named(kinds.get(key, "")), size, hours)


def _scratch(store: Store, grace_hours: float) -> Iterator[Loose]:
    """Yield work folders of no run, and checkpoints of runs that have ended."""
    with store.database.reading() as connection:
        found = read(connection)
    for folder in sorted((store.home / "work").iterdir()):
        with suppress(OSError):
            if not folder.is_dir() or folder.name in found.live:
                continue
            hours = _touched_hours(folder)
            checkpoint = folder / "checkpoint"
            if hours < grace_hours:
                continue
            if folder.name not in found.tasks:
                size = folder_bytes(folder)
                yield _loose(LooseKind.WORK, folder.name, "log of a task", size, hours)
            elif checkpoint.is_dir():
                size = folder_bytes(checkpoint)
                label = "half-done training"
                yield _loose(LooseKind.CHECKPOINTS, folder.name, label, size, hours)


def _remove_results(store: Store, loose: Sequence[Loose], grace_hours: float) -> list[Loose]:
    """Remove artifacts unless something refers to them by now; return those that went."""
    removed: list[Loose] = []
    moved: list[Path] = []
    try:
        with store.database.writing() as connection:
            held, about = read(connection).holders, held_keys(store)
            for one in loose:
                if one.id in held or one.id in about:
                    continue
                aside = store.artifacts.take_away(one.id, grace_hours * 3600)
                if aside is not None:
                    moved.append(aside)
                    removed.append(one)
                    connection.execute(delete(artifacts).where(artifacts.c.key == one.id))
    finally:
        for aside in moved:
            shutil.rmtree(aside, ignore_errors=True)
    return removed


def _remove(store: Store, one: Loose, grace_hours: float) -> bool:
    """Remove a scratch folder or another file unless somebody needs it by now."""
    scratch = one.kind in (LooseKind.WORK, LooseKind.CHECKPOINTS)
    remove = _remove_scratch if scratch else loose_files.remove
    try:
        return remove(store, one, grace_hours)
    except (OSError, StoreError) as error:
        LOG.warning("clean-up: %s %s stays: %s", one.kind, one.id, error)
        return False


def _remove_scratch(store: Store, one: Loose, grace_hours: float) -> bool:
    """Move a scratch folder away under the write lock: a run that starts now makes a new one."""
    folder, aside = store.home / "work" / one.id, store.artifacts.temporary("removed")
    place = folder / "checkpoint" if one.kind is LooseKind.CHECKPOINTS else folder
    try:
        with store.database.writing() as connection:
            found = read(connection)
            held = found.live if one.kind is LooseKind.CHECKPOINTS else found.tasks
            if one.id in held or _touched_hours(folder) < grace_hours:
                return False
            place.rename(aside / "scratch")
        return True
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _touched_hours(folder: Path) -> float:
    """Return the hours since a folder, or a file right in it, was written to."""
    newest = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    return max(0.0, time.time() - newest) / 3600


def _named(kind: str) -> str:
    """Return what an artifact is, for people."""
    if kind in DRAWN:
        return f"{DRAWN[kind]}, drawn again when asked for"
    return f"{kind} of what was deleted" if kind else "without a row"


def _loose(kind: LooseKind, name: str, label: str, n_bytes: int, hours: float) -> Loose:
    return Loose(kind=kind, id=name, label=label, n_bytes=n_bytes, hours=hours)
