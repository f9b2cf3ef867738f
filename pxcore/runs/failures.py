"""From an exception to what a person reads: a class of error and one message."""

from __future__ import annotations

from pxcore.errors import Cancelled, PxError
from pxcore.runs.board import Failure

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
        return Failure(error_class="bad input", message=str(error))
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
