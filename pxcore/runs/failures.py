"""From an exception to what a person reads: a class of error and one message."""

from __future__ import annotations

import errno

from pxcore.errors import FULL, Cancelled, OutOfDiskError, PxError
from pxcore.runs.board import Failure
from pxcore.store.files import FREE_SPACE

ATTEMPTS = 3
"""A task whose worker dies this often is given up."""

NO_MEMORY = (
    "can't allocate memory",  # torch's allocator of main memory
    "out of memory",  # a CUDA call beside torch's own allocator
    "CUBLAS_STATUS_ALLOC_FAILED",
    "bad_alloc",
)
"""In the message of a RuntimeError that means: the memory did not suffice."""


def out_of_memory(error: BaseException) -> bool:
    """Return True when an error says that main memory or the device's did not suffice."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and any(words in str(error) for words in NO_MEMORY)


KILLED = Failure(
    error_class="killed",
    message=(
        f"its worker process was killed {ATTEMPTS} times, so it was given up; often the "
        "host ran out of memory (its kernel log says so): free memory or use smaller cells"
    ),
)


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
    if out_of_memory(error):
        return Failure(
            error_class="out of memory",
            message=(
                "the memory did not suffice even with the smallest batch; choose smaller cells, "
                "fewer channels or a smaller model, or close what else runs on the host"
            ),
        )
    if name == "KilledWorker":
        return KILLED
    first = next(iter(str(error).strip().splitlines()), "")
    return Failure(error_class="defect", message=f"{name}: {first}" if first else name)
