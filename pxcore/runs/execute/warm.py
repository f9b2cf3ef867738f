"""Loaded by every Dask worker at its start: gets torch while there is nothing else to do."""

from __future__ import annotations

import importlib
import threading


def dask_setup(_worker: object) -> None:
    """Load what tasks need on a thread, so that the worker can report for duty at once."""
    threading.Thread(target=_load, daemon=True).start()


def _load() -> None:
    for name in ("train", "explain", "rank"):
        importlib.import_module(f"pxcore.runs.execute.{name}")
