"""What a worker of a foreign cluster is asked before it gets tasks. Runs on the worker.

Called by Dask outside of its tasks, so it is quick and loads no torch.
"""

from __future__ import annotations

import hashlib
import os
import platform
import socket
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import pxcore
from pxcore.store.files import write_atomic

if TYPE_CHECKING:
    from distributed import Worker

NONCE = "runner.nonce"
"""File of the store by which a worker shows that it sees the runner's store."""
TOLD = ("torch", "numpy")
"""Packages whose versions may move the last digits of a number."""


class Answer(TypedDict):
    """What a worker says of itself."""

    version: str
    code: str
    python: str
    packages: dict[str, str]
    nonce: str
    wrote: str
    """Name of the file that it left in the store's folder of temporary things."""
    error: str
    """Why it could not read or write there."""
    host: str
    process: int
    busy: list[str]
    """Keys of Dask's of the tasks that it is carrying out."""


def answer(home: str, number: str, dask_worker: Worker | None = None) -> Answer:
    """Return who this process is and whether it reads and writes the store at ``home``."""
    nonce, wrote, error = "", "", ""
    root = Path(home)
    try:
        nonce = (root / NONCE).read_text("ascii").strip()
        name = f"roll-call-{number}"
        write_atomic(root / "temporary" / name, nonce.encode(), durable=False)
        wrote = name
    except OSError as problem:
        error = f"{problem.strerror or problem} ({problem.filename or home})"
    return Answer(
        version=pxcore.__version__,
        code=code(),
        python=platform.python_version(),
        packages={name: _version(name) for name in TOLD},
        nonce=nonce,
        wrote=wrote,
        error=error,
        host=socket.gethostname(),
        process=os.getpid(),
        busy=[str(task.key) for task in dask_worker.state.executing] if dask_worker else [],
    )


async def admit(grant: str, dask_worker: Worker) -> None:
    """Have this worker offer the resource that every task of ours asks for."""
    await dask_worker.set_resources(**{grant: 1})


def code() -> str:
    """Return a fingerprint of the package's source: equal versions may hold different code."""
    root = Path(pxcore.__file__).parent
    found = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        found.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:12]


def _version(name: str) -> str:
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(name)
    return "none"
