"""The error tree. A message says what, what was found, what was expected, what to do.

::

    PxError
    ├── DatasetError     cells, files, labels, containers
    ├── PanelError       channels, panel sheets, panels
    │   └── PlanChangedError  a staged plan was changed meanwhile
    ├── TrainingError    models, weights, training settings
    ├── MethodError      importance methods and their settings
    ├── ClusteringError  codes of cells and their clusters
    ├── StoreError       artifacts, database, disk
    │   ├── OutOfDiskError    no space is left for the store
    │   └── DatabaseAwayError the database does not answer now; it may in a minute
    ├── RunError         run specs, runner, tasks
    │   ├── LeaseLostError   another runner serves the store by now
    │   └── Cancelled    somebody asked a task to stop
    └── AccessError      login, rights, links

Pages show a ``PxError`` as a banner, the command line as one line on stderr with exit code 2.
Anything else is a defect of ours: it is logged with the run's id and shown as a reference; but for
a disk that is full or read-only, which ``disk_error`` puts into words.
"""

from __future__ import annotations

import errno

FULL = (errno.ENOSPC, errno.EDQUOT)
"""Of an OSError: the disk is full, or the share of it that this user may fill."""


class PxError(Exception):
    """Base of every error meant to be read by the person at the screen."""


class DatasetError(PxError):
    """Cells, files, labels or containers are not usable as given."""


class PanelError(PxError):
    """A channel, panel sheet or panel is not usable as given."""


class PlanChangedError(PanelError):
    """Somebody else changed a staged plan after it was opened: nothing was overwritten."""


class TrainingError(PxError):
    """A model, its weights or its training settings are not usable as given."""


class MethodError(PxError):
    """An importance method cannot be applied as asked."""


class ClusteringError(PxError):
    """Codes of cells cannot be clustered as asked."""


class StoreError(PxError):
    """Artifacts, the database or the disk do not serve."""


class OutOfDiskError(StoreError):
    """The disk that holds the store is full, or its owner's share of it."""


class DatabaseAwayError(StoreError):
    """The database is gone, locked or full for now: nothing was changed, later it may do."""


class RunError(PxError):
    """A run cannot be submitted, carried out or read."""


class LeaseLostError(RunError):
    """Another runner took the store over: this one may write nothing any more."""


class Cancelled(RunError):  # noqa: N818 - an outcome, not a fault
    """A task saw its cancel mark and stopped."""


class AccessError(PxError):
    """Somebody is not known here or may not do this."""


def disk_error(error: OSError) -> StoreError | None:
    """Return what an error says when the disk does not take what is written; None for others."""
    if error.errno in FULL:
        return OutOfDiskError(
            f"the disk cannot be written: {error.strerror}; free space, then try again: nothing "
            "that was there is lost"
        )
    if error.errno == errno.EROFS:
        return StoreError(
            f"the disk cannot be written: {error.strerror}; have it made writable, then try "
            "again: nothing that was there is lost"
        )
    return None
