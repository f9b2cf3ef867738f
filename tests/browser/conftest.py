"""A real server, a real Chromium."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pxcore.api import Lab, open_lab
from pxcore.settings import Settings
from pxcore.types import MethodSpec, RunState
from tests.hidden_cells import hidden_dataset, small_ask
from tests.tiny_lab import tiny_dataset, tiny_spec

ROOT = Path(__file__).resolve().parents[2]
JURKAT = Path("jurkat_cell_cycle") / "jurkat_cell_cycle.h5"
CELLS_OF_A_CLASS = 100
"""Of the recording: enough to learn what its stain tells, in half a minute."""
READY_SECONDS = 180
RUN_SECONDS = 400
METHODS = ("pxpermute", "permute_cells", "occlusion")
SETTLED = """() => document.fonts.status === 'loaded'
  && !document.querySelector('[data-testid="stSkeleton"]')
  && [...document.querySelectorAll('[data-testid="stPlotlyChart"]')]
    .every(e => !e.offsetParent || e.querySelector('.main-svg'))"""
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
    """Return the folder whose files may be registered: recorded cells, where they are here."""
    folder = tmp_path_factory.mktemp("allowed")
    recording = ROOT.parent / "shared" / "data" / JURKAT
    if recording.is_file():
        _some_of(recording, folder / JURKAT)
    return folder


def _some_of(recording: Path, path: Path) -> None:
    """Write the first cells of every class of a recording, as it is written itself."""
    path.parent.mkdir()
    with h5py.File(recording) as whole, h5py.File(path, "w") as part:
        labels = whole["labels"][:]
        firsts = [np.flatnonzero(labels == one)[:CELLS_OF_A_CLASS] for one in np.unique(labels)]
        chosen = np.sort(np.concatenate(firsts))
        part["labels"], part["images"] = labels[chosen], whole["images"][:][chosen]
        part.attrs.update(whole.attrs)


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


def until_finished(lab: Lab, *runs: str) -> None:
    """Wait until the server's own runner has carried runs out."""
    deadline = time.monotonic() + RUN_SECONDS
    for run in runs:
        while not (told := lab.progress(run)).run.state.final and time.monotonic() < deadline:
            time.sleep(0.2)
        assert told.run.state is RunState.FINISHED, told.error


@dataclass(frozen=True)
class Ranked:
    """A finished run of METHODS on tiny cells."""

    dataset: str
    run: str


@pytest.fixture(scope="session")
def ranked(server: Server) -> Ranked:
    """Return a run that nobody deletes."""
    lab = open_lab(Settings(home=server.home))
    dataset = tiny_dataset(lab._store)
    methods = tuple(MethodSpec(id=one) for one in METHODS)
    run = lab.submit(replace(tiny_spec(dataset), methods=methods, title="To be read"))
    until_finished(lab, run)
    lab.close()
    return Ranked(dataset.id, run)


@pytest.fixture(scope="session")
def clustered(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a finished clustering with a ranking and maps."""
    lab = open_lab(Settings(home=server.home))
    dataset = hidden_dataset(lab._store, tmp_path_factory.mktemp("hidden"), 60)
    ask = small_ask(lab._store, dataset, epochs=1)
    run = lab.unlabelled.submit(replace(ask, rank=True, maps=True))
    until_finished(lab, run)
    lab.close()
    return run


@contextmanager
def person(chromium: Browser, server: Server) -> Iterator[BrowserContext]:
    """Yield a fresh browser context that must not ask any foreign host for anything."""
    made = chromium.new_context(viewport={"width": 1440, "height": 1100}, accept_downloads=True)
    foreign: list[str] = []
    made.on("request", lambda r: None if _own(r.url, server) else foreign.append(r.url))
    yield made
    made.close()
    assert foreign == []


def _own(url: str, server: Server) -> bool:
    return url.startswith((server.address, "data:", "blob:", "ws://127.0.0.1:"))


@pytest.fixture
def context(chromium: Browser, server: Server) -> Iterator[BrowserContext]:
    """Return somebody's browser."""
    with person(chromium, server) as made:
        yield made


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Return an empty tab."""
    return _tab(context)


@pytest.fixture(scope="module")
def reader(chromium: Browser, server: Server) -> Iterator[Page]:
    """Return a tab for all tests of a file that only read: it loads the dashboard once."""
    with person(chromium, server) as made:
        yield _tab(made)


def _tab(context: BrowserContext) -> Page:
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    return tab


def drawn(page: Page) -> None:
    """Wait until a page says something, runs no more, and has its figures and fonts."""
    main = page.locator("[data-testid='stMain'] :is(h1, [data-testid='stAlert'])")
    main.first.wait_for(timeout=90_000)
    page.locator("[data-testid='stApp'][data-test-script-state='notRunning']").wait_for(
        timeout=90_000
    )
    page.wait_for_function(SETTLED)
    page.wait_for_timeout(300)
