"""Why a living runner has fallen silent: what it writes is not taken."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from pxcore.errors import FULL
from pxcore.plots.numbers import duration
from pxcore.store.home import Store
from pxcore.store.owners import owned

STALLED_SECONDS = 15.0
"""A runner that has not beaten for so long cannot write: it tries every few seconds."""
PROBE = b"\0" * 65536
"""Less room than this is none: the database's journal alone takes more."""


def stalled(store: Store, silent_seconds: float) -> str:
    """Return why a runner that lives has been silent for so long, and what to do.

    Empty while it beats. What the disk takes is tried here and now, because on a full disk the
    runner itself has nowhere to write it.
    """
    if silent_seconds < STALLED_SECONDS:
        return ""
    reason = disk_problem(store) or (
        "the database does not take it, or the process stands still; end what holds the "
        "database, and look into the runner's log"
    )
    return (
        f"the runner lives but has not been able to write for {duration(silent_seconds)}: "
        f"{reason}. It goes on by itself then; nothing is lost"
    )


def disk_problem(store: Store) -> str:
    """Return why nothing can be written below the store, and what to do; empty when it can.

    Tried by writing: a disk that the system has stopped after an error still says that it may be
    written.
    """
    try:
        _write(store.home / "temporary" / owned("probe"))
    except OSError as error:
        if error.errno in FULL:
            return "the disk of the store is full; free space"
        reason = error.strerror or type(error).__name__
        return f"the disk of the store cannot be written ({reason}); have it made writable"
    return ""


def _write(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, PROBE)
    finally:
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()
