"""From a backup to a store: into an empty one, each file held against its checksum."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, delete, func, select, update

from pxcore.errors import RunError, StoreError
from pxcore.runs import heart
from pxcore.runs.runner_lock import hold_lock
from pxcore.runs.upkeep import rows
from pxcore.runs.upkeep.backup import read_note
from pxcore.runs.upkeep.checking import gone
from pxcore.runs.upkeep.copying import Tell, copy_artifacts, copy_beside, room_on
from pxcore.runs.upkeep.references import read
from pxcore.settings import Settings
from pxcore.store.artifacts import Artifacts
from pxcore.store.home import Store, open_store
from pxcore.store.tables import artifacts, datasets, imports, people, runs, shares
from pxcore.types import ImportState
from pxcore.types.upkeep import Restored

BROKEN_OFF = "the store was restored from a backup while this import was under way; start it again"


def restore(settings: Settings, folder: Path, tell: Tell, *, anyway: bool = False) -> Restored:
    """Return what a backup brought into the empty store of ``settings``.

    Rows come last: when it is cut off, the same call goes on. Whoever was logged in must log in
    again, and links open only when they are extended: who was shut out and what was revoked since
    the backup, it does not know. Runs that were under way go on with the next runner.

    Parameters
    ----------
    tell
        Gets what is done and the share done.
    anyway
        Leave damaged artifacts out instead of stopping.

    Raises
    ------
    StoreError
        For a folder that is no finished backup, a store that is not empty, damaged files.
    RunError
        While a runner serves the store.
    """
    folder = folder.expanduser().absolute()
    taken = str(read_note(folder).get("taken", ""))
    if not taken or not (folder / rows.DATABASE).is_file():
        message = (
            f"{folder} is no finished backup: expected {rows.DATABASE} and a note of when it was "
            "taken, as `python -m pxcore backup` leaves them"
        )
        raise StoreError(message)
    with closing(open_store(settings)) as store, room_on(store.home):
        message = f"a runner serves the store {store.home}; stop it, then restore"
        if heart.status(store).alive:  # here, or on another host
            raise RunError(message)
        try:
            lock = hold_lock(store, timeout=1.0)
        except RunError as error:
            raise RunError(message) from error
        with lock:
            return _restored(store, folder, taken, tell, anyway=anyway)


def _restored(store: Store, folder: Path, taken: str, tell: Tell, *, anyway: bool) -> Restored:
    with store.database.reading() as connection:
        if not rows.is_empty(connection):
            message = (
                f"the store {store.home} is not empty; a backup is restored into an empty one: "
                "name another PXCORE_HOME (and PXCORE_DATABASE_URL), or move this one away"
            )
            raise StoreError(message)
    with rows.opened(folder / rows.DATABASE) as brought:
        with brought.reading() as connection:
            found = read(connection)
        source = Artifacts(folder)
        copied, damaged = copy_artifacts(source, store.artifacts, found.holders, tell)
        if damaged and not anyway:
            message = (
                f"{len(damaged)} artifacts of the backup {folder} are damaged, such as "
                f"{damaged[0][:12]}: take an earlier backup, or leave them out (--anyway): what "
                "they held is then computed or imported again"
            )
            raise StoreError(message)
        copy_beside(folder, store.home, found.tasks)
        with brought.reading() as old, store.database.writing() as new:
            rows.copy_rows(old, new)
            under_way = imports.c.state.in_([ImportState.QUEUED, ImportState.RUNNING])
            failed = {"state": ImportState.FAILED, "error": BROKEN_OFF}
            new.execute(update(imports).where(under_way).values(**failed))
            links, accounts = _let_expire(new), _active(new)
            for key in list(new.scalars(select(artifacts.c.key))):
                if not store.artifacts.has(key):  # the backup left out what nothing referred to
                    new.execute(delete(artifacts).where(artifacts.c.key == key))
    with store.database.reading() as connection:
        counts = [
            int(connection.scalar(select(func.count()).select_from(table)) or 0)
            for table in (datasets, runs)
        ]
    return Restored(
        taken=taken,
        datasets=counts[0],
        runs=counts[1],
        artifacts=copied,
        damaged=damaged,
        gone=gone(store),
        links=links,
        accounts=accounts,
    )


def _let_expire(connection: Connection) -> int:
    """Return how many links no longer open: each may have been revoked after the backup.

    Whoever may extend a link opens it again.
    """
    openable = (shares.c.revoked == "") & (shares.c.expires > time.time())
    return connection.execute(update(shares).where(openable).values(expires=time.time())).rowcount


def _active(connection: Connection) -> int:
    """Return how many people may log in, as of the backup."""
    wanted = select(func.count()).select_from(people).where(people.c.active)
    return int(connection.scalar(wanted) or 0)
