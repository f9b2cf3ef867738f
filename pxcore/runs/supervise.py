"""Keeping processes alive: started again when they end, ever more slowly when they keep ending."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pxcore.store.parent import end_with_parent

LOG = logging.getLogger("pxcore.serve")
LONGEST_PAUSE, STEADY_SECONDS, GRACE_SECONDS = 30.0, 60.0, 20.0
STDERR = 2


@dataclass(slots=True)
class Child:
    """One process to keep alive."""

    name: str
    command: list[str]
    folder: Path
    on_start: Callable[[], None] = lambda: None
    """Called on a thread after each start."""
    process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _failures: int = 0
    _due: float = 0.0

    def look(self, now: float) -> None:
        """Start the process when it is due; note when it has ended."""
        if self.process is not None and self.process.poll() is not None:
            self._failures = 1 if now - self._started > STEADY_SECONDS else self._failures + 1
            wait = pause(self._failures)
            LOG.warning("%s ended (%s), back in %.0f s", self.name, self.process.returncode, wait)
            self.process, self._due = None, now + wait
        if self.process is None and now >= self._due:
            self.process, self._started = start(self.command, self.folder), now
            threading.Thread(target=self.on_start, daemon=True).start()

    def end(self) -> None:
        """Ask the process to end."""
        if self.process is not None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        """Wait until it has ended; past the deadline it is killed."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            LOG.warning("%s does not end: killed", self.name)
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class Supervisor:
    """Some children and the order to end."""

    children: list[Child]
    stop: threading.Event = field(default_factory=threading.Event)

    def keep(self) -> None:
        """Keep every child alive until ``stop`` is set, then end them all."""
        try:
            while not self.stop.is_set():
                for child in self.children:
                    child.look(time.monotonic())
                self.stop.wait(0.25)
        finally:
            for child in self.children:
                child.end()
            deadline = time.monotonic() + GRACE_SECONDS
            for child in self.children:
                child.wait(deadline)


def pause(failures: int) -> float:
    """Return the seconds before the next start: 1, 2, 4, ... at most 30.

    >>> [pause(n) for n in (1, 2, 3, 9)]
    [1.0, 2.0, 4.0, 30.0]
    """
    return float(min(LONGEST_PAUSE, 2.0 ** (failures - 1)))


def start(command: list[str], folder: Path, log: Path | None = None) -> subprocess.Popen[bytes]:
    """Return a started process that ends with this one, however this one ends (on Linux).

    It has a session of its own: Ctrl-C at the terminal reaches it through us only.
    """
    with (log or Path("/dev/null")).open("ab") as stream:
        return subprocess.Popen(  # noqa: S603
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stream if log else STDERR,  # our own stdout is for answers
            stderr=stream if log else None,
            start_new_session=True,
            preexec_fn=partial(end_with_parent, os.getpid(), signal.SIGTERM),  # noqa: PLW1509 - two system calls, no lock
        )
