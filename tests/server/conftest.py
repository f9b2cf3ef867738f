"""A web process without a runner."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pxcore.runs.serve import ServeOptions, web_command

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[[], int]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return what starts the web process on an empty store and gives its port."""
    processes: list[subprocess.Popen[bytes]] = []

    def started() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        command = web_command(ServeOptions(port=port))
        env = os.environ | {"PXCORE_HOME": str(tmp_path / "home"), "PXCORE_MAX_UPLOAD_MB": "64"}
        with (tmp_path / "web.log").open("wb") as log:
            web = subprocess.Popen(
                [sys.executable, *command[1:]], cwd=ROOT, env=env, stdout=log, stderr=log
            )
        processes.append(web)
        _wait(f"http://127.0.0.1:{port}/_stcore/health")
        return port

    yield started
    for process in processes:
        process.terminate()
        process.wait(30)


def _wait(url: str, seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.2)
    pytest.fail(f"{url} does not answer")
