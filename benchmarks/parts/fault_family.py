"""A served store as a tree of processes, and how a member of it is lost."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
VICTIMS = ("serve", "web", "runner", "worker", "import", "helper", "all")
"""Kinds of process; ``all``: every one of them at once, as when the host resets."""
PATIENCE = 2
"""Workers killed under one task by one runner; at the third the task is given up, as documented."""
STARTED = re.compile(r"started on \S+, process (\d+)")


@dataclass(slots=True)
class Family:
    """One ``serve`` on a store, started again whenever it ends, as systemd would."""

    home: Path
    port: int = 0
    _serve: subprocess.Popen[bytes] | None = None
    _under: Counter[tuple[int, str]] = field(default_factory=Counter)

    def keep(self) -> None:
        """Start ``serve`` where it does not run."""
        if self._serve is not None and self._serve.poll() is None:
            return
        self.port = self.port or free_port()
        env = os.environ | {
            "PXCORE_HOME": str(self.home),
            "PXCORE_DEVICE": "cpu",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }
        with (self.home / "serve.log").open("ab") as log:
            self._serve = subprocess.Popen(
                [sys.executable, "-m", "pxcore", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def members(self) -> dict[str, list[psutil.Process]]:
        """Return the living processes by kind."""
        found: dict[str, list[psutil.Process]] = {}
        if self._serve is None:
            return found
        with suppress(psutil.NoSuchProcess):
            head = psutil.Process(self._serve.pid)
            for one in (head, *head.children(recursive=True)):
                with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    if one.status() != psutil.STATUS_ZOMBIE:
                        found.setdefault(_kind(one.cmdline()), []).append(one)
        return found

    def kill(self, kind: str, number: int) -> str:
        """SIGKILL one process of a kind (``number`` chooses); returns what it was, or ``""``."""
        members = self.members()
        if kind in ("serve", "all") and "runner" not in members:
            return ""  # it has only just begun: nothing would be interrupted
        if kind == "all":
            doomed = [one for some in members.values() for one in some]
            for one in doomed:
                _end(one)
            return f"{len(doomed)} processes" if doomed else ""
        some = members.get(kind, [])
        if not some:
            return ""
        victim = some[number % len(some)]
        if kind == "worker" and not self._may_lose(victim, members):
            return ""
        _end(victim)
        return f"process {victim.pid}"

    def _may_lose(self, worker: psutil.Process, members: dict[str, list[psutil.Process]]) -> bool:
        """Count a worker's task: return False when it would be given up with this kill."""
        runner = members["runner"][0].pid if members.get("runner") else 0
        for log in (self.home / "work").glob("*/log.txt"):
            text = log.read_text("utf-8", errors="replace")
            told = STARTED.findall(text)
            if told and int(told[-1]) == worker.pid and "done in" not in text.split(told[-1])[-1]:
                own = runner, log.parent.name
                if self._under[own] >= PATIENCE:
                    return False
                self._under[own] += 1
        return True

    def answers(self) -> bool:
        """Return True when the web process answers."""
        address = f"http://127.0.0.1:{self.port}/_stcore/health"
        with suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    def end(self) -> None:
        """End everything in order, and by force what does not."""
        members = [one for some in self.members().values() for one in some]
        if self._serve is not None:
            self._serve.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._serve.wait(40)
        for one in members:
            _end(one)
        if self._serve is not None:
            self._serve.wait()
        self._serve = None


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _kind(command: list[str]) -> str:
    """Return which process of a served store has this command line."""
    line = " ".join(command)
    if "pxcore serve" in line:
        return "serve"
    if "pxcore runner" in line:
        return "runner"
    if "pages.web" in line or "streamlit" in line:
        return "web"
    if "spawn_main" in line:
        return "worker"
    return "import" if "ingest_child" in line else "helper"


def _end(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill()
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.02)
                continue
        return
