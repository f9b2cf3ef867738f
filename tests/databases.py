"""The databases that tests run on: SQLite in a test's folder, or a PostgreSQL started for them.

``PXCORE_TEST_DATABASE=sqlite`` or ``postgres`` names one for every test that opens a store.
Unset, modules that say ``BOTH_DATABASES = True`` run on both, the others on SQLite.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from pxcore.store import home
from pxcore.store.database import Database, open_database
from pxcore.store.home import Store
from pxcore.store.parent import end_with_parent

KINDS = ("sqlite", "postgres")
CHOSEN = os.environ.get("PXCORE_TEST_DATABASE", "")
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60",
        "shared_buffers=16MB", "wal_level=minimal", "max_wal_senders=0")  # fmt: skip


EVERYWHERE: list[Postgres] = []
"""The server that every store of this session is on; none where SQLite is."""


class Postgres:
    """A PostgreSQL of its own on the loopback, by the distribution's package."""

    def __init__(self, folder: Path, programs: Path, port: int) -> None:
        self._folder, self._programs, self.port = folder, programs, port
        self._log = folder.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self.address = "127.0.0.1"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = [part for one in FAST for part in ("-c", one)]
        settings += ["-h", self.address, "-p", str(self.port), "-k", ""]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._folder, *settings],
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=partial(end_with_parent, os.getpid(), signal.SIGQUIT),  # noqa: PLW1509
                **another_user(),
            )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with suppress(psycopg.OperationalError), self.asked() as connection:
                connection.execute("SELECT 1")
                return
            time.sleep(0.05)
        pytest.fail(self._log.read_text()[-2000:])

    def stop(self) -> None:
        """End the server at once, as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    @property
    def running(self) -> bool:
        """True between start and stop."""
        return self._process is not None

    def asked(self) -> psycopg.Connection:
        """Return a connection of the server's owner."""
        return psycopg.connect(self.plain, autocommit=True)

    @property
    def plain(self) -> str:
        """Address of the whole database."""
        return f"postgresql://pxcore@{self.address}:{self.port}/postgres"

    def url(self, folder: Path) -> str:
        """Return the address of the schema that stands for a store's database."""
        name = f"s{sha256(str(folder.absolute()).encode()).hexdigest()[:16]}"
        with self.asked() as connection:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
        return f"{self.plain}?options=-csearch_path%3D{name}"


def another_user() -> dict[str, object]:
    """Return how a process is started that must not be root's: PostgreSQL refuses to."""
    if os.geteuid() != 0:
        return {}
    found = pwd.getpwnam("postgres")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Yield a running PostgreSQL, or skip where the package is not installed."""
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin")), *_on_path()]
    if not found:
        pytest.skip("no PostgreSQL on this host: install the package postgresql")
    place = Path(tempfile.mkdtemp(prefix="pxcore-postgres-"))
    who = another_user()
    if who:
        os.chown(place, int(str(who["user"])), int(str(who["group"])))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = Postgres(place / "data", found[-1], probe.getsockname()[1])
    make = [found[-1] / "initdb", "-D", place / "data", "-U", "pxcore", "-A", "trust",
            "-E", "UTF8", "--locale=C", "--no-sync"]  # fmt: skip
    try:
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, cwd=place, **who)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)


def kinds(*, both: bool) -> tuple[str, ...]:
    """Return the databases that a test runs on."""
    if CHOSEN:
        return (CHOSEN,)
    return KINDS if both else KINDS[:1]


def stores_on(server: Postgres, patch: pytest.MonkeyPatch) -> None:
    """Have every store opened in this process use a schema of the server, one a home.

    Connections end with the database that opened them, also where a test does not close it.
    """

    def opened(folder: Path, url: str = "") -> Database:
        made = open_database(folder, url or server.url(folder))
        weakref.finalize(made, made.engine.dispose)
        return made

    patch.setattr(home, "open_database", opened)


def surroundings_of(folder: Path) -> dict[str, str]:
    """Return the environment in which another process opens a folder's store, made or not."""
    if not EVERYWHERE:
        return {"PXCORE_HOME": str(folder)}
    (server,) = EVERYWHERE
    return {"PXCORE_HOME": str(folder), "PXCORE_DATABASE_URL": server.url(folder)}


def surroundings(store: Store) -> dict[str, str]:
    """Return the environment in which another process opens the same store."""
    url = store.database.engine.url
    named = "" if url.drivername == "sqlite" else url.render_as_string(hide_password=False)
    return {"PXCORE_HOME": str(store.home), "PXCORE_DATABASE_URL": named}


def _on_path() -> list[Path]:
    found = shutil.which("postgres")
    return [Path(found).parent] if found else []
