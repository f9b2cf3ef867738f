"""What every test may ask for."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from tests.databases import CHOSEN, Postgres, kinds, postgres, stores_on

# Told to keep no compiled modules, every process that a test starts would compile torch anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A busy machine is no failure: no test has a time limit of its own but the runner's.
settings.register_profile("pxcore", deadline=None)
settings.load_profile("pxcore")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have what takes longest begin first, so that at the end no process waits for another.

    With ``--dist loadfile`` the tests of a file stay on one process, with what they share.
    (``xdist_group`` has no effect with this pytest: xdist 3.8 writes a name that it no longer
    reads, and every test went its own way.)
    """
    items.sort(key=lambda item: not item.get_closest_marker("processes"))
    items.sort(key=lambda item: not item.get_closest_marker("browser"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real recordings, or skip: the project builds without it."""
    folder = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real recordings (../shared/data) are not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """Return a PostgreSQL of this session's own."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session", autouse=CHOSEN == "postgres")
def _everywhere(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have every store of the whole suite in PostgreSQL, when that is asked for."""
    with pytest.MonkeyPatch.context() as patch:
        if CHOSEN == "postgres":
            server = request.getfixturevalue("postgres_server")
            stores_on(server, patch)
            patch.setattr("tests.databases.EVERYWHERE", [server])
        yield


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests of modules that say ``BOTH_DATABASES`` on both."""
    if "database" in metafunc.fixturenames:
        both = getattr(metafunc.module, "BOTH_DATABASES", False)
        metafunc.parametrize("database", kinds(both=both), indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the kind of database that the stores of this test have."""
    if request.param == "postgres":
        stores_on(request.getfixturevalue("postgres_server"), monkeypatch)
    return str(request.param)


@pytest.fixture
def shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_server: Postgres
) -> Iterator[Store]:
    """Return a store that several hosts may have."""
    stores_on(postgres_server, monkeypatch)
    opened = open_store(Settings(home=tmp_path / "shared"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return the one Chromium of this process, or skip where the host has none."""
    found = os.environ.get("PXCORE_CHROMIUM") or shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium on this host; PXCORE_CHROMIUM may name one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()
