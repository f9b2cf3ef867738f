"""Loaded by every Dask worker at its start: gets what its tasks need while it has nothing to do.

It also keeps the log short: a task that was cancelled is one line there, not a traceback.
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Collection

from distributed import Worker

from pxcore import logs
from pxcore.runs.steady import keep_steady
from pxcore.settings import Settings

LIGHT = ("rank", "redundancy")
HEAVY = ("train", "explain", *LIGHT)
"""Modules of ``execute`` by lane: torch alone is half of a worker's start and of its memory."""


def dask_setup(worker: Worker) -> None:
    """Load what tasks need on a thread, so that the worker can report for duty at once."""
    keep_steady()
    logs.begin("worker", Settings().log)
    logging.getLogger("distributed.worker").addFilter(in_one_line)
    names = needed(worker.state.total_resources)
    threading.Thread(target=_load, args=(names,), daemon=True).start()


def needed(resources: Collection[str]) -> tuple[str, ...]:
    """Return what a worker loads: one that a lab started for whatever comes, everything.

    >>> needed({"LIGHT": 1.0}), needed({})[0]
    (('rank', 'redundancy'), 'train')
    """
    return LIGHT if set(resources) == {"LIGHT"} else HEAVY


def in_one_line(record: logging.LogRecord) -> bool:
    """Return True; what Dask logs of a cancelled task loses its traceback on the way."""
    said = record.getMessage()
    if said.startswith("Compute Failed") and "Cancelled(" in said and record.args:
        record.msg, record.args = "task %s: stopped on request", tuple(record.args)[:1]
    return True


def _load(names: tuple[str, ...]) -> None:
    for name in names:
        importlib.import_module(f"pxcore.runs.execute.{name}")
