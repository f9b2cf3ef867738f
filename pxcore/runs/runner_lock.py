"""One runner a store: the lock that it holds, and the tidying that only its holder may do."""

from __future__ import annotations

import shutil

from filelock import FileLock, Timeout

from pxcore.errors import RunError
from pxcore.store.home import Store


def hold_lock(store: Store, timeout: float = 5.0) -> FileLock:
    """Return the held runner's lock. Raises RunError when another runner has it."""
    lock = FileLock(store.runner_lock, thread_local=False)
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        message = f"a runner already serves the store {store.home}; one is enough"
        raise RunError(message) from None
    return lock


def tidy(store: Store) -> None:
    """Remove what a killed runner and its workers left half-done. The lock is held."""
    shutil.rmtree(store.home / "workers", ignore_errors=True)
    (store.home / "workers").mkdir()
    store.artifacts.forget_temporary(older_than_seconds=24 * 3600)
