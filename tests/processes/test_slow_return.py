"""A worker that is killed, and takes longer to come back than Dask waits by itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import dask.config
import psutil
import pytest

from pxcore.runs.engine import DaskEngine
from pxcore.runs.tasks import Lane
from pxcore.settings import Settings

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
DASK_WAITS = 3
"""Seconds after which this host's own Dask settings would give a worker up."""


def test_a_worker_that_is_slow_to_come_back_is_waited_for(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    impatient = dask.config.set({"distributed.deploy.lost-worker-timeout": f"{DASK_WAITS}s"})
    with impatient, closing(DaskEngine(home, Settings(home=home, device="cpu"))) as engine:
        until(lambda: engine.lanes() == {Lane.HEAVY: 1, Lane.LIGHT: 1})
        before = {one.pid for one in workers()}
        victim = next(iter(engine._client.run(os.getpid).values()))
        os.kill(victim, signal.SIGKILL)
        until(lambda: {one.pid for one in workers()} - before)
        (new,) = (one for one in workers() if one.pid not in before)
        new.suspend()
        time.sleep(DASK_WAITS + 2)
        new.resume()
        until(lambda: engine.lanes() == {Lane.HEAVY: 1, Lane.LIGHT: 1})
        time.sleep(1)  # one that was given up would be told to close once it is there
        assert engine.lanes() == {Lane.HEAVY: 1, Lane.LIGHT: 1}


def workers() -> Iterator[psutil.Process]:
    """Yield the processes that this one has spawned for workers."""
    for one in psutil.Process().children():
        if one.status() != psutil.STATUS_ZOMBIE and "spawn_main" in " ".join(one.cmdline()):
            yield one


def until(there: Callable[[], object], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.2)
