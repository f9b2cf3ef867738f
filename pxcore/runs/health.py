"""Is the lab as it should be? What a health check asks, in one cheap look."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from pxcore.errors import StoreError
from pxcore.runs import heart
from pxcore.runs.stalls import disk_problem
from pxcore.store.home import Store
from pxcore.types import Health


def health(store: Store) -> Health:
    """Return how database, runner, workers and disk are; never raises for one that is not."""
    disk = disk_well(store)
    try:
        status = heart.status(store)
    except (StoreError, SQLAlchemyError):
        return Health(disk=disk)
    return Health(database=True, runner=status.alive, workers=status.workers, disk=disk)


def disk_well(store: Store) -> bool:
    """Return True when the store can be written and keeps its reserve (PXCORE_MIN_FREE_GB)."""
    try:
        room = store.artifacts.free_bytes() >= store.settings.min_free_gb * 2**30
    except OSError:
        return False
    return room and not disk_problem(store)
