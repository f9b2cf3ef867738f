"""Is a runner alive? Its lock answers on this host, its heartbeat row from elsewhere."""

from __future__ import annotations

import errno
import os
import socket
import uuid
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import delete, func, insert, select, update

from pxcore import __version__
from pxcore.runs.stalls import stalled
from pxcore.store.dialects import clock
from pxcore.store.home import Store
from pxcore.store.tables import heartbeats, runs
from pxcore.types import RunnerStatus, RunState

BEAT_SECONDS = 2.0
SILENT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What a runner says about itself."""

    workers: int
    device: str
    running: int
    queued: int
    problem: str = ""
    """What people should know: workers that are missing or differ."""


def beat(store: Store, pulse: Pulse) -> None:
    """Write the heartbeat row; whose the lease is stays as it was."""
    with store.database.writing() as connection:
        values = {
            "host": socket.gethostname(),
            "host_id": host_id(),
            "process": os.getpid(),
            "beat": clock(connection),
            "version": __version__,
            **asdict(pulse),
        }
        if connection.execute(update(heartbeats).values(**values)).rowcount == 0:
            connection.execute(insert(heartbeats).values(id=1, **values))


def silence(store: Store) -> None:
    """Remove the heartbeat row: this runner ends as it should."""
    with store.database.writing() as connection:
        connection.execute(delete(heartbeats))


def status(store: Store) -> RunnerStatus:
    """Return whether a runner lives and what it last said.

    On this host its lock decides, which the system frees whatever kills it; a row written
    by another host counts for half a minute, by the database's clock.
    """
    with store.database.reading() as connection:
        row = connection.execute(select(heartbeats)).first()
        queued = connection.scalar(
            select(func.count()).select_from(runs).where(runs.c.state == RunState.QUEUED)
        )
        age = max(0.0, clock(connection) - row.beat) if row is not None else 0.0
    if row is None:
        return RunnerStatus(alive=locked(store), queued=int(queued or 0))
    here = row.host_id == host_id() if row.host_id else row.host == socket.gethostname()
    alive = locked(store) if here else age < SILENT_SECONDS
    return RunnerStatus(
        alive=alive,
        seconds_since_heartbeat=age,
        workers=row.workers if alive else 0,
        device=row.device,
        running=row.running if alive else 0,
        queued=int(queued or 0),
        problem=(row.problem or (stalled(store, age) if here else "")) if alive else "",
        host=row.host,
        version=row.version,
    )


@cache
def host_id() -> str:
    """Return what tells this host, as it was last started, from all others."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return boot.read_text("ascii").strip() if boot.is_file() else f"{uuid.getnode():x}"


def locked(store: Store) -> bool:
    """Return True when a process of this host holds the runner's lock."""
    probe = FileLock(store.runner_lock, thread_local=False)
    try:
        with probe.acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        return True  # on a disk turned read-only nobody can try: its silence tells
