"""Trying again with smaller batches when the device's memory does not suffice."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

from pxcore.runs.work import TaskWork

T = TypeVar("T")

SMALLEST_BATCH = 8


def with_smaller_batches(
    attempt: Callable[[int], T], batch_size: int, work: TaskWork
) -> tuple[T, int]:
    """Return what ``attempt(batch_size)`` gives, and the batch size with which it succeeded.

    The batch is halved after each ``torch.OutOfMemoryError``, down to 8 cells; then the error
    goes up. Checkpoints of the larger batch are dropped.
    """
    while True:
        try:
            return attempt(batch_size), batch_size
        except torch.OutOfMemoryError as error:
            if batch_size // 2 < SMALLEST_BATCH:
                raise
            batch_size //= 2
            work.log(f"out of memory ({str(error)[:200]}); trying again with {batch_size} a batch")
        work.forget_checkpoint()
        gc.collect()  # the failed attempt's tensors hang on its traceback until here
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
