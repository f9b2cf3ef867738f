"""Why a living runner has fallen silent: what it writes is not taken."""

from __future__ import annotations

import os

from pxcore.plots.numbers import duration
from pxcore.store.home import Store

STALLED_SECONDS = 15.0
"""A runner that has not beaten for so long cannot write: it tries every few seconds."""
SMALLEST_BYTES = 2**20
"""Less free space than this is none: the database's journal alone takes more."""


def stalled(store: Store, silent_seconds: float) -> str:
    """Return why a runner that lives has been silent for so long, and what to do.

    Empty while it beats. What the disk says is looked at here and now, because on a full disk
    the runner itself has nowhere to write it.
    """
    if silent_seconds < STALLED_SECONDS:
        return ""
    return (
        f"the runner lives but has not been able to write for {duration(silent_seconds)}: "
        f"{_reason(store)}. It goes on by itself then; nothing is lost"
    )


def _reason(store: Store) -> str:
    disk = os.statvfs(store.home)
    if disk.f_flag & os.ST_RDONLY:
        return "the disk of the store is read-only; have it made writable"
    if disk.f_bavail * disk.f_frsize < SMALLEST_BYTES or (disk.f_files and not disk.f_favail):
        return "the disk of the store is full; free space"
    return (
        "the database does not take it, or the process stands still; end what holds the "
        "database, and look into the runner's log"
    )
