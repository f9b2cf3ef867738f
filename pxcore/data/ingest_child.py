"""The limited process that opens a foreign file; started by `pxcore.data.ingest` alone.

Its one argument is the process id of its parent, with which it ends. Reads one JSON object from
stdin (request, workspace, limits) and writes JSON lines to stdout: ``{"step", "share"}`` while it
works, then ``{"result"}`` or ``{"error", "kind"}``.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import signal
import sys
import time
from pathlib import Path

from pxcore.store.parent import end_with_parent

SLACK = 1024**3
"""Bytes a written file may have beyond the data set: the container's own structure."""


def limit_process(memory: int, cpu_seconds: int, file_bytes: int) -> None:
    """Hold this process to address space, processor time and file size; no core file."""
    wanted = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in wanted.items():
        _, hard = resource.getrlimit(kind)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # At its hard limit of processor time a process is killed without telling why.
        last = soft + 5 if kind == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else soft
        resource.setrlimit(kind, (soft, last))


def main() -> int:
    """Carry out one import. Returns 0, or 2 after an error meant for people."""
    end_with_parent(int(sys.argv[1]), signal.SIGKILL)
    order = json.load(sys.stdin)
    caps = order["limits"]
    limit_process(caps["memory"], caps["cpu_seconds"], caps["dataset_bytes"] + SLACK)
    from pxcore.data.convert import convert  # noqa: PLC0415 - nothing is loaded before the limits
    from pxcore.data.limits import Limits, in_words  # noqa: PLC0415
    from pxcore.errors import PxError  # noqa: PLC0415
    from pxcore.types import ImportRequest  # noqa: PLC0415

    options = tuple((name, value) for name, value in order["request"].pop("options"))
    request = ImportRequest(**order["request"], options=options)
    try:
        result = convert(request, Path(order["workspace"]), Limits(**caps), _Teller())
    except PxError as error:
        _send({"error": str(error), "kind": type(error).__name__})
        return 2
    except MemoryError:
        _send({"error": f"reading needs more than {in_words(caps['memory'])} of memory, the most "
               "an import may use: give smaller cells or files, or raise PXCORE_IMPORT_MEMORY_MB",
               "kind": "DatasetError"})  # fmt: skip
        return 2
    except PermissionError as error:
        _send({"error": f"{error.filename or order['request']['path']} may not be read by the user "
               "of the import; expected the right to read files and to enter folders: grant it "
               "(chmod) or copy the cells", "kind": "DatasetError"})  # fmt: skip
        return 2
    except OSError as error:
        _send({"error": f"the import could not read or write its files ({error}): check the file, "
               "its rights and the free disk", "kind": "DatasetError"})  # fmt: skip
        return 2
    _send({"result": dataclasses.asdict(result)})
    return 0


class _Teller:
    """Sends progress, at most five times a second."""

    def __init__(self) -> None:
        self._step, self._sent = "", 0.0

    def __call__(self, step: str, share: float) -> None:
        now = time.monotonic()
        if step != self._step or now - self._sent >= 0.2:
            self._step, self._sent = step, now
            _send({"step": step, "share": round(share, 4)})


def _send(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message, default=str) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
