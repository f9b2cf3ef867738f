"""Loaded by every Dask worker at its start: gets torch while there is nothing else to do.

It also keeps the log short: a task that was cancelled is one line there, not a traceback.
"""

from __future__ import annotations

import importlib
import logging
import threading

from pxcore import logs
from pxcore.settings import Settings


def dask_setup(_worker: object) -> None:
    """Load what tasks need on a thread, so that the worker can report for duty at once."""
    logs.begin("worker", Settings().log)
    logging.getLogger("distributed.worker").addFilter(in_one_line)
    threading.Thread(target=_load, daemon=True).start()


def in_one_line(record: logging.LogRecord) -> bool:
    """Return True; what Dask logs of a cancelled task loses its traceback on the way."""
    said = record.getMessage()
    if said.startswith("Compute Failed") and "Cancelled(" in said and record.args:
        record.msg, record.args = "task %s: stopped on request", tuple(record.args)[:1]
    return True


def _load() -> None:
    for name in ("train", "explain", "rank"):
        importlib.import_module(f"pxcore.runs.execute.{name}")
