"""The only door for foreign files: an import in a process of its own, with limits.

Whatever the file does to its reader (endless loops, terabytes promised, a crash inside a C
library), this process only sees a message or a signal, and the workspace is left empty.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

import pxcore
from pxcore.data.files import check_source
from pxcore.data.importers import IMPORTERS
from pxcore.data.ingested import Ingested
from pxcore.data.limits import Limits, in_words
from pxcore.errors import DatasetError, PanelError
from pxcore.types import ImportRequest

__all__ = ["Ingested", "ingest"]

Tell = Callable[[str, float], None]

_LOG = logging.getLogger(__name__)
_LINE = 16 * 1024**2
_PARTS = ("pixels", "annotation", "overview", "scratch", "child.log")


def ingest(request: ImportRequest, workspace: Path, limits: Limits, tell: Tell) -> Ingested:
    """Return a data set read from a foreign file or folder into ``workspace``.

    Parameters
    ----------
    request
        What to read; paths are those of this host.
    workspace
        A folder of the caller; made when missing. Holds ``pixels``, ``annotation`` and
        ``overview`` afterwards, or nothing of these when the import failed.
    limits
        What the file may cost.
    tell
        Gets a step in words and the share done. An error it raises ends the import.

    Raises
    ------
    DatasetError, PanelError
        In the child's words, or what became of the child: out of memory, out of time, crashed.
    """
    if not (request.path in IMPORTERS and not IMPORTERS[request.path].untrusted):
        check_source(Path(request.path), limits)
    workspace.mkdir(parents=True, exist_ok=True)
    done = False
    try:
        result = _run(request, workspace.resolve(), limits, tell)
        done = True
    finally:
        for name in _PARTS if not done else _PARTS[3:]:
            _remove(workspace / name)
    return result


def _run(request: ImportRequest, workspace: Path, limits: Limits, tell: Tell) -> Ingested:
    order = {
        "request": dataclasses.asdict(request) | {"path": _real(request.path)},
        "workspace": str(workspace),
        "limits": dataclasses.asdict(limits),
    }
    with _child(workspace) as process, _deadline(process, limits.wall_seconds) as late:
        if process.stdin is None or process.stdout is None:  # both are pipes
            message = "the import process has no pipes"
            raise DatasetError(message)
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(order))
            process.stdin.close()
        last: dict[str, object] = {}
        while line := process.stdout.readline(_LINE):
            last = _message(line)
            if "share" in last:
                tell(str(last.get("step", "")), float(str(last["share"])))
        code = process.wait()
    if "error" in last:
        error = PanelError if last.get("kind") == "PanelError" else DatasetError
        raise error(str(last["error"]))
    if code != 0 or "result" not in last:
        raise DatasetError(_end(code, limits, workspace, late=late.is_set()))
    try:
        return TypeAdapter(Ingested).validate_python(last["result"])
    except ValidationError as error:
        _LOG.exception("the import process sent an unusable result")
        message = "the import process sent an unusable result; see the server's log"
        raise DatasetError(message) from error


def _real(path: str) -> str:
    return path if path in IMPORTERS else str(Path(path).absolute())


@contextmanager
def _child(workspace: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the child in a session of its own; it never outlives this block, or this process."""
    command = [sys.executable, "-P", "-m", "pxcore.data.ingest_child", str(os.getpid())]
    with (workspace / "child.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=workspace,
            env=_environment(workspace),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _kill(process)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


def _environment(workspace: Path) -> dict[str, str]:
    """Return the few variables the child needs; HDF5 loads no plugin from anywhere."""
    kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "PYTHONHASHSEED")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "PYTHONPATH": str(Path(pxcore.__file__).parents[1]),
        "TMPDIR": str(workspace),
        "HDF5_PLUGIN_PATH": "/nonexistent",
        "HDF5_PLUGIN_PRELOAD": "::",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }


@contextmanager
def _deadline(process: subprocess.Popen[str], seconds: int) -> Iterator[threading.Event]:
    """Kill the child after so many seconds; the event tells that it happened."""
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _kill(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _message(line: str) -> dict[str, object]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _end(code: int, limits: Limits, workspace: Path, *, late: bool) -> str:
    """Return what became of a child that sent neither result nor error."""
    with suppress(OSError):
        tail = (workspace / "child.log").read_text(errors="replace")[-4000:]
        _LOG.error("the import process ended with %s:\n%s", code, tail)
    if late:
        return (
            f"the import took longer than {limits.wall_seconds} seconds and was stopped; give a "
            "smaller file"
        )
    if code == -signal.SIGXCPU:
        return (
            f"the import used more than {limits.cpu_seconds} seconds of processor time, the most "
            "it may, and was stopped; give a smaller file, or raise PXCORE_IMPORT_SECONDS"
        )
    if code == -signal.SIGKILL:
        return (
            "the import process was killed from outside, most often because the host ran out of "
            f"memory (it may use {in_words(limits.memory)}); give a smaller file or try again"
        )
    if code < 0:
        return (
            f"the import process crashed while reading ({signal.Signals(-code).name}); the file "
            "is damaged or made to do harm: export it again"
        )
    return (
        "the import process ended without a result; the file may be damaged. The server's log "
        "holds the details"
    )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
