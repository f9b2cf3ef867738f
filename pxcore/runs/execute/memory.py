"""Trying again with smaller batches when memory does not suffice.

Memory runs out in two ways: an allocation fails, which is an error here; or the kernel kills the
process, which only the next attempt can tell, from the mark that the killed one left.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import torch

from pxcore.runs.failures import out_of_memory
from pxcore.runs.work import TaskWork
from pxcore.store.files import write_atomic
from pxcore.training.host_memory import host_name, oom_kills

T = TypeVar("T")

SMALLEST_BATCH = 4
MARK = "attempt.json"
"""In a task's folder while an attempt is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """What an attempt leaves behind when its process is killed."""

    batch_size: int
    host: str
    oom_kills: int
    """Processes that this host's kernel had killed for lack of memory when it began."""


def with_smaller_batches(
    attempt: Callable[[int], T], batch_size: int, work: TaskWork
) -> tuple[T, int]:
    """Return what ``attempt(batch_size)`` gives, and the batch size with which it succeeded.

    The batch is halved after each error that says that memory did not suffice, down to 4 cells;
    then the error goes up. It is halved too when the process of the last attempt was killed and
    the kernel has killed something for lack of memory since: any other kill repeats the attempt
    as it was, so that its numbers are the same. Checkpoints of the larger batch are dropped.
    """
    batch_size = _after_a_kill(batch_size, work)
    while True:
        try:
            with _marked(batch_size, work):
                return attempt(batch_size), batch_size
        except (MemoryError, OSError, RuntimeError) as error:
            if not out_of_memory(error) or batch_size // 2 < SMALLEST_BATCH:
                raise
            batch_size //= 2
            work.log(f"out of memory ({str(error)[:200]}); trying again with {batch_size} a batch")
        work.forget_checkpoint()
        gc.collect()  # the failed attempt's tensors hang on its traceback until here
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def smaller_notes(batch_size: int, asked: int) -> tuple[str, ...]:
    """Return what is noted where batches had to be smaller than asked for; () otherwise."""
    return () if batch_size == asked else (f"batches of {batch_size}: memory ran out at {asked}",)


def _after_a_kill(batch_size: int, work: TaskWork) -> int:
    """Return the batch size to begin with: half the last one if the kernel killed that attempt."""
    last = _last(work.folder)
    if last is None or last.host != host_name() or oom_kills() <= last.oom_kills:
        return batch_size
    halved = min(batch_size, max(last.batch_size // 2, SMALLEST_BATCH))
    if halved < batch_size:
        work.log(
            f"the last attempt was killed at {last.batch_size} a batch, and the kernel of this "
            f"host has killed for lack of memory since; trying again with {halved} a batch"
        )
        work.forget_checkpoint()
    return halved


@contextmanager
def _marked(batch_size: int, work: TaskWork) -> Iterator[None]:
    """Leave a mark while the block runs; only a killed process leaves it for good."""
    mark = work.folder / MARK
    now = _Attempt(batch_size=batch_size, host=host_name(), oom_kills=oom_kills())
    with suppress(OSError):  # on a full disk the attempt itself says so
        write_atomic(mark, json.dumps(asdict(now)).encode(), durable=False)
    try:
        yield
    finally:
        with suppress(OSError):
            mark.unlink(missing_ok=True)


def _last(folder: Path) -> _Attempt | None:
    with suppress(FileNotFoundError, ValueError, TypeError):
        return _Attempt(**json.loads((folder / MARK).read_bytes()))
    return None
