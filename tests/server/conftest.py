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
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from pxcore.runs.serve import ServeOptions, web_command
from tests.databases import surroundings_of

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., int]


@contextmanager
def serving(folder: Path, *, port: int = 0, **settings: str) -> Iterator[int]:
    """Yield the port of a web process on the store ``folder/home``; 0 for a free one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = port or int(probe.getsockname()[1])
    command = web_command(ServeOptions(port=port))
    env = os.environ | surroundings_of(folder / "home") | settings
    with (folder / "web.log").open("wb") as log:
        web = subprocess.Popen(
            [sys.executable, *command[1:]], cwd=ROOT, env=env, stdout=log, stderr=log
        )
    try:
        wait_until_up(f"http://127.0.0.1:{port}/_stcore/health")
        yield port
    finally:
        web.terminate()
        web.wait(30)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return what starts the web process on an empty store and gives its port.

    What it is called with are further settings, such as ``PXCORE_AUTH="password"``.
    """
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(serving(tmp_path, **settings))


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port of one web process that takes uploads of 1 MiB, for every attack."""
    with serving(tmp_path_factory.mktemp("web"), PXCORE_MAX_UPLOAD_MB="1") as port:
        yield port


def wait_until_up(url: str, seconds: float = 90.0) -> None:
    """Wait until an address answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.2)
    pytest.fail(f"{url} does not answer")
