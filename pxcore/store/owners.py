"""Whose a temporary folder is: its name carries host, process id and that process's start."""

from __future__ import annotations

import os
import re
import socket
import sys
import uuid
from functools import cache
from pathlib import Path

import psutil

NAME = re.compile(r".*~(?P<host>[\w.-]+)~(?P<process>\d+)~(?P<start>\d+)~[0-9a-f]{8}")


def owned(label: str) -> str:
    """Return a new name for a folder of this process."""
    process = os.getpid()
    return f"{label}~{_host()}~{process}~{_start(process) or 0}~{uuid.uuid4().hex[:8]}"


def orphaned(name: str) -> bool | None:
    """Return True when the named folder's process is dead, None when that cannot be told.

    It cannot be for other hosts, for containers with process ids of their own, and for names
    that `owned` did not make. A zombie is dead.
    """
    found = NAME.fullmatch(name)
    if found is None or found["host"] != _host():
        return None
    return _start(int(found["process"])) != int(found["start"])


@cache
def _host() -> str:
    """Return this host's name and, on Linux, the number of its space of process ids."""
    space = Path("/proc/self/ns/pid")
    number = space.stat().st_ino if space.exists() else 0
    return f"{re.sub(r'[^A-Za-z0-9.-]', '-', socket.gethostname())}-{number}"


def _start(process: int) -> int | None:
    """Return when a living process began, None for a dead one or a zombie.

    On Linux in ticks since the host's start: the clock may be set meanwhile.
    """
    try:
        found = psutil.Process(process)
        if found.status() == psutil.STATUS_ZOMBIE:
            return None
        if sys.platform == "linux":
            after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2]
            return int(after_name.split()[19])
        return int(found.create_time())
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return None
