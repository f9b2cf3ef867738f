"""Main memory: what may still be taken on the host or in a container, and who died for it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What the files of a control group are called."""

    limit: str
    usage: str
    cache: str
    """Of the pages in ``memory.stat`` that the kernel drops when memory is asked for."""


_V2 = _Names(limit="memory.max", usage="memory.current", cache="inactive_file")
_V1 = _Names(
    limit="memory.limit_in_bytes", usage="memory.usage_in_bytes", cache="total_inactive_file"
)


def free_memory(root: Path = Path("/")) -> int:
    """Return the bytes that this process may still take.

    The host's available memory, or what the control groups of this process (a container's, a
    job's, and those around it) leave free, if that is less. Files cached on their behalf count
    as free, as they do on the host. ``root``: where ``proc`` and ``sys`` are, for tests.

    Notes
    -----
    Source: Linux kernel documentation, admin-guide/cgroup-v2 and admin-guide/cgroup-v1/memory.
    """
    host = int(psutil.virtual_memory().available)
    left = (_left(folder, names) for folder, names in _groups(root))
    return min([host, *(found for found in left if found is not None)])


def oom_kills(root: Path = Path("/")) -> int:
    """Return how many processes this host's kernel has killed for lack of memory since it started.

    In containers too: the count is the host's. 0 where the kernel does not count.

    Notes
    -----
    Source: Linux kernel, ``oom_kill`` of ``/proc/vmstat``.
    """
    told = root / "proc/vmstat"
    lines = told.read_text("ascii").splitlines() if told.is_file() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def host_name() -> str:
    """Return the name of this host, which its count of kills belongs to."""
    return socket.gethostname()


def _groups(root: Path) -> Iterator[tuple[Path, _Names]]:
    """Yield the folder of each control group that this process is in, innermost first.

    Inside a container the path may be the host's, where only the container's own group is to be
    seen, as the top: folders that are not there are passed over.
    """
    told = root / "proc/self/cgroup"
    mounted = root / "sys/fs/cgroup"
    for line in told.read_text("utf-8").splitlines() if told.is_file() else ():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            tops = [(mounted, _V2), (mounted / "unified", _V2)]
        elif "memory" in controllers.split(","):
            tops = [(mounted / "memory", _V1)]
        else:
            continue
        for top, names in tops:
            inner = top / path.strip("/")
            for folder in (inner, *inner.parents):
                if (folder / names.limit).is_file():
                    yield folder, names
                if folder == top:
                    break


def _left(folder: Path, names: _Names) -> int | None:
    """Return the bytes that one control group leaves free; None where it has no limit."""
    limit = (folder / names.limit).read_text("ascii").strip()
    if limit == "max":
        return None
    used = int((folder / names.usage).read_text("ascii"))
    stat = (folder / "memory.stat").read_text("ascii").split()
    counts = dict(zip(stat[::2], stat[1::2], strict=True))
    return max(int(limit) - used + int(counts.get(names.cache, 0)), 0)
