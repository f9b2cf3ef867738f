"""From an exception to what a person reads: a class of error and one message."""

from __future__ import annotations

from pxcore.errors import Cancelled, OutOfDiskError, PxError
from pxcore.runs.board import Failure
from pxcore.store.files import FREE_SPACE, FULL

ATTEMPTS = 3
"""A task whose worker dies this often is given up."""


def classify(error: BaseException) -> Failure | None:
    """Return why a task failed; None when it merely stopped on request.

    Known by name, so that the runner need not load torch to tell.
    """
    name = type(error).__name__
    if isinstance(error, Cancelled):
        return None
    if isinstance(error, PxError):
        kind = "out of disk" if isinstance(error, OutOfDiskError) else "bad input"
        return Failure(error_class=kind, message=str(error))
    if isinstance(error, OSError) and error.errno in FULL:
        message = f"the disk cannot be written: {error.strerror}; {FREE_SPACE}"
        return Failure(error_class="out of disk", message=message)
    if isinstance(error, MemoryError) or name == "OutOfMemoryError":
        return Failure(
            error_class="out of memory",
            message=(
                "the memory did not suffice even with the smallest batch; choose smaller cells, "
                "fewer channels or a smaller model, or close what else runs on the host"
            ),
        )
    if name == "KilledWorker":
        return Failure(
            error_class="killed",
            message=(
                f"its worker process was killed {ATTEMPTS} times, so it was given up; often the "
                "host ran out of memory (its kernel log says so): free memory or use smaller cells"
            ),
        )
    first = next(iter(str(error).strip().splitlines()), "")
    return Failure(error_class="defect", message=f"{name}: {first}" if first else name)
