"""Is a runner alive? Its lock answers on this host, its heartbeat row from elsewhere."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass

from filelock import FileLock, Timeout
from sqlalchemy import delete, func, insert, select

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


def beat(store: Store, pulse: Pulse) -> None:
    """Write the heartbeat row."""
    with store.database.writing() as connection:
        connection.execute(delete(heartbeats))
        connection.execute(
            insert(heartbeats).values(
                id=1,
                host=socket.gethostname(),
                process=os.getpid(),
                beat=time.time(),
                workers=pulse.workers,
                device=pulse.device,
                running=pulse.running,
                queued=pulse.queued,
            )
        )


def silence(store: Store) -> None:
    """Remove the heartbeat row: this runner ends as it should."""
    with store.database.writing() as connection:
        connection.execute(delete(heartbeats))


def status(store: Store) -> RunnerStatus:
    """Return whether a runner lives and what it last said.

    On this host its lock decides, which the system frees whatever kills it; a row written
    by another host counts for half a minute.
    """
    with store.database.reading() as connection:
        row = connection.execute(select(heartbeats)).first()
        queued = connection.scalar(
            select(func.count()).select_from(runs).where(runs.c.state == RunState.QUEUED)
        )
    if row is None:
        return RunnerStatus(alive=locked(store), queued=int(queued or 0))
    age = max(0.0, time.time() - row.beat)
    here = row.host == socket.gethostname()
    alive = locked(store) if here else age < SILENT_SECONDS
    return RunnerStatus(
        alive=alive,
        seconds_since_heartbeat=age,
        workers=row.workers if alive else 0,
        device=row.device,
        running=row.running if alive else 0,
        queued=int(queued or 0),
    )


def locked(store: Store) -> bool:
    """Return True when a process of this host holds the runner's lock."""
    probe = FileLock(store.runner_lock, thread_local=False)
    try:
        with probe.acquire(timeout=0):
            return False
    except Timeout:
        return True
