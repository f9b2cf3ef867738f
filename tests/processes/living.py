"""Real runners on a store, one thread each so that numbers can be compared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import torch

from pxcore.store.home import Store
from tests import tiny_lab
from tests.databases import surroundings


class Runners:
    """Starts runner processes on a store and leaves none behind."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, *options: str, workers: int = 1) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            **surroundings(self.store),
            "PXCORE_WORKERS": str(workers),
            "PXCORE_DEVICE": "cpu",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }
        log = (self.store.home / "runner-test.log").open("ab")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", "pxcore", "runner", *options],
                env=environment,
                stdout=log,
                stderr=log,
            )
        self._started.append(process)
        return process

    def to_idle(self, workers: int = 1) -> None:
        """Run until nothing is left to do."""
        process = self.start("--until-idle", workers=workers)
        assert process.wait(220) == 0, self.log()

    def log(self) -> str:
        return (self.store.home / "runner-test.log").read_text()

    def end_all(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def carry_on(store: Store) -> None:
    """Finish every run of the store in this process, with one thread as the runners have."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        tiny_lab.carry_on(store)
    finally:
        torch.set_num_threads(before)


def alive(process_id: int) -> bool:
    """True for a process that is more than a zombie."""
    try:
        return bool(psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_for(condition: Callable[[], object], seconds: float = 200.0, what: str = "") -> None:
    """Wait until a condition holds; fail with what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(0.05)
