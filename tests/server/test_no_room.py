"""The web process and ``serve`` on a disk that is full or stops, and without the database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pxcore.people import accounts
from pxcore.runs import sharing
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types.people import Rank
from tests.databases import CHOSEN, Postgres, surroundings
from tests.processes.disturbed import failing, fill, read_only, small_disk
from tests.report_values import report
from tests.server.asked import ask
from tests.server.asking import Browser
from tests.server.conftest import serving
from tests.server.tab import tab

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
PASSWORD = "four words in a row"
SHOWN = "Keep PI"
on_the_stores_disk = pytest.mark.skipif(
    CHOSEN == "postgres", reason="a PostgreSQL has a disk of its own: people can still log in"
)
DEFECT = ("Traceback", "reference", "Internal Server Error")


@dataclass
class Lab:
    """A web process that goes on while its store does not."""

    port: int
    token: str
    """Of a shared result."""

    form: tuple[Browser, str] = field(init=False)
    """A browser with the form open, and the form's secret."""

    def __post_init__(self) -> None:
        """Open a form; the first log-in opens the next one."""
        browser = Browser(self.port)
        self.form = browser, browser.ask("/login").field("form")

    def log_in(self) -> tuple[int, str]:
        """Return the status and the words that somebody gets who sends the open form."""
        browser, secret = self.form
        filled = {"form": secret, "next": "/", "name": "Ada", "password": PASSWORD}
        answer = browser.ask("/login", filled)
        if answer.status == 303:
            self.__post_init__()
        assert not [word for word in DEFECT if word in answer.text], answer.text
        return answer.status, answer.text

    def link(self) -> str:
        """Return what a reader of the link sees."""
        with tab(self.port) as reader:
            text = reader.ask(f"link={self.token}", page="shared").text
        assert not [word for word in DEFECT if word in text], text
        return text

    def health(self) -> dict[str, object]:
        answer = ask(self.port, "GET", "/healthz")
        found: dict[str, object] = json.loads(answer.body)
        assert answer.status == 503
        return found


def people(store: Store) -> str:
    """Make an administrator and a shared result; return the result's token."""
    accounts.add(store, "Ada", Rank.ADMIN, PASSWORD)
    return sharing.keep(store, report())[1]


def started(stack: ExitStack, folder: Path, home: Path) -> Lab:
    """Return a web process on the store at ``home``, used once by everybody."""
    with closing(open_store(Settings(home=home, auth="password"))) as store:
        token = people(store)
    settings = {"PXCORE_HOME": str(home), "PXCORE_AUTH": "password"}
    lab = Lab(stack.enter_context(serving(folder, **settings)), token)
    assert lab.log_in()[0] == 303
    assert SHOWN in lab.link()
    return lab


@on_the_stores_disk
def test_a_full_disk_is_told_and_links_are_still_read(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "16m") as disk, ExitStack() as stack:
        lab = started(stack, tmp_path, disk / "home")
        ballast = fill(disk)
        status, said = lab.log_in()
        assert status == 503
        assert "free space" in said
        assert SHOWN in lab.link()
        assert lab.health()["disk"] is False
        ballast.unlink()
        assert lab.log_in()[0] == 303


@on_the_stores_disk
def test_a_disk_that_stops_is_told_and_links_are_still_read(tmp_path: Path) -> None:
    with failing(tmp_path / "disk") as disk, ExitStack() as stack:
        lab = started(stack, tmp_path, disk.folder / "home")
        disk.stop()
        status, said = lab.log_in()
        assert status == 503
        assert "look at the disk" in said
        assert SHOWN in lab.link()
        assert lab.health()["disk"] is False


def test_a_database_that_is_gone_is_told_and_comes_back(
    shared: Store, postgres_server: Postgres, tmp_path: Path
) -> None:
    token = people(shared)
    settings = {**surroundings(shared), "PXCORE_AUTH": "password"}
    with serving(tmp_path, **settings) as port:
        lab = Lab(port, token)
        assert lab.log_in()[0] == 303
        postgres_server.stop()
        try:
            status, said = lab.log_in()
            assert status == 503
            for told in (said, lab.link(), Browser(port).ask("/login").text):
                assert "database does not answer" in told
                assert "Connection refused" in told
                assert SHOWN not in told
                assert "127.0.0.1" not in told  # no stranger's business
                assert str(postgres_server.port) not in told
            assert lab.health()["database"] is False
        finally:
            postgres_server.start()
        assert lab.log_in()[0] == 303
        assert SHOWN in lab.link()


def serve(home: Path, **settings: str) -> str:
    """Return the one line with which ``serve`` ends where it cannot begin."""
    environment = os.environ | {"PXCORE_HOME": str(home)} | settings
    done = subprocess.run(
        [sys.executable, "-m", "pxcore", "serve", "--port", "8759"],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_serve_says_why_it_cannot_begin(tmp_path: Path) -> None:
    home = tmp_path / "home"
    open_store(Settings(home=home)).close()
    with read_only(home, tmp_path / "seen") as seen:
        assert "Read-only file system; expected a folder on a disk" in serve(seen)
    away = "postgresql://lab:hunter2@127.0.0.1:9/pxcore"
    said = serve(home, PXCORE_DATABASE_URL=away)
    assert "does not answer" in said
    assert "hunter2" not in said
    with small_disk(tmp_path / "disk", "1m") as disk:
        fill(disk)
        assert "cannot be" in serve(disk / "home")
