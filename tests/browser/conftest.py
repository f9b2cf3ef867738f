"""A real server, a real Chromium."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 180
expect.set_options(timeout=60_000)


@dataclass(frozen=True)
class Server:
    """A running dashboard."""

    address: str
    home: Path
    folder: Path
    """Its one allowed folder."""


@pytest.fixture(scope="session")
def allowed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder whose files may be registered: the recordings where they are here."""
    recordings = ROOT.parent / "shared" / "data"
    return recordings if recordings.is_dir() else tmp_path_factory.mktemp("allowed")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, allowed: Path) -> Iterator[Server]:
    """Start ``python -m pxcore serve`` on an empty store; end it after the last test."""
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"PXCORE_HOME": str(home), "PXCORE_DATA_FOLDERS": str(allowed)}
    told = home.parent / f"serve-{port}.log"
    with told.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pxcore", "serve", "--port", str(port)],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_told(process, told, address)
        yield Server(address, home, allowed)
    finally:
        process.terminate()
        process.wait(60)


def _wait_until_told(process: subprocess.Popen[bytes], told: Path, address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if any(line.startswith(address) for line in told.read_text().splitlines()):
            return
        if process.poll() is not None:
            break
        time.sleep(0.3)
    pytest.fail(f"the server did not get ready:\n{told.read_text()[-3000:]}")


@pytest.fixture
def context(chromium: Browser, server: Server) -> Iterator[BrowserContext]:
    """Return a fresh browser context that must not ask any foreign host for anything."""
    made = chromium.new_context(viewport={"width": 1440, "height": 1100}, accept_downloads=True)
    foreign: list[str] = []
    made.on("request", lambda r: None if _own(r.url, server) else foreign.append(r.url))
    yield made
    made.close()
    assert foreign == []


def _own(url: str, server: Server) -> bool:
    return url.startswith((server.address, "data:", "blob:", "ws://127.0.0.1:"))


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Return an empty tab."""
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    return tab
