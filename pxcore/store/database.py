"""The database: SQLite inside the home, or what ``PXCORE_DATABASE_URL`` names.

Migrations run when it is opened, one process at a time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from filelock import FileLock
from sqlalchemy import URL, Connection, Engine, Table, func, make_url, select, text
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from pxcore.errors import DatabaseAwayError, StoreError
from pxcore.store.dialects import READER, TRY_UPKEEP, database_address, engine_of, reader_of
from pxcore.store.files import FREE_SPACE, file_system, is_network

MIGRATIONS = Path(__file__).with_name("migrations")
SERVER = re.compile(r"connection to server .*?failed: ")
NAMED = re.compile(r'"[^"]*"')
Fence = Callable[[Connection], None]
"""Called first in every transaction that writes; what it raises ends the transaction."""


class Database:
    """One SQL database. Every use is one short transaction."""

    def __init__(self, engine: Engine, fence: Fence = lambda _: None) -> None:
        self.engine = engine
        self._reader = reader_of(engine)
        self._fence = fence

    def fenced(self, fence: Fence) -> Database:
        """Return the same database, whose every writing asks ``fence`` first."""
        return Database(self.engine, fence)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection for reading. Raises DatabaseAwayError when it does not answer."""
        with _answering(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection whose changes are committed together, or not at all.

        Raises DatabaseAwayError when the database does not answer or take them.
        """
        with _answering(), self.engine.begin() as connection:
            self._fence(connection)
            yield connection

    @contextmanager
    def alone(self, seconds: float) -> Iterator[bool]:
        """Yield whether the upkeep of this database is ours alone, on whatever host.

        Waits ``seconds`` for somebody else. PostgreSQL frees it whatever becomes of us; SQLite
        serves one host, where a lock file tells: always True.
        """
        if self.engine.dialect.name != "postgresql":
            yield True
            return
        outside = self.engine.execution_options(isolation_level="AUTOCOMMIT", **READER)
        with _answering(), outside.connect() as connection:
            connection.detach()  # closed at the end, not pooled: the lock goes with it
            late = time.monotonic() + seconds
            while not (ours := connection.scalar(text(TRY_UPKEEP))) and time.monotonic() < late:
                time.sleep(0.2)
            yield bool(ours)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def open_database(home: Path, url: str = "") -> Database:
    """Return the migrated database of a home folder.

    Raises StoreError for SQLite on a network file system, for a file that is no database, and
    for a database that a newer version has migrated; DatabaseAwayError for one that does not
    answer.
    """
    address = database_address(url or f"sqlite:///{home / 'pxcore.sqlite'}")
    one_host = address.drivername.startswith("sqlite")
    if one_host:
        folder = Path(address.database or ".").absolute().parent
        refuse_network(folder, file_system(folder))
    database = Database(engine_of(address))
    try:  # PostgreSQL's own lock holds between hosts, a file's may not
        with FileLock(home / "migrations.lock", timeout=60) if one_host else nullcontext():
            _migrate(database.engine)
    except OperationalError as error:
        database.close()
        raise DatabaseAwayError(_unreachable(home, address, error, one_host=one_host)) from error
    except (DatabaseError, CommandError) as error:
        database.close()
        message = (
            f"the database of the store at {home} cannot be opened: {_reason(error)}; "
            "restore it from a backup, or open the store with the version that wrote it"
        )
        raise StoreError(message) from error
    return database


def refuse_network(folder: Path, fstype: str) -> None:
    """Raise StoreError when SQLite must not lie on this file system, and say why."""
    if is_network(fstype):
        message = (
            f"the store {folder} lies on a network file system ({fstype}). SQLite's write-ahead "
            "log needs memory shared by all its users, which hosts on a network do not have: the "
            "database would be damaged. Put PXCORE_HOME on a local disk, or name a PostgreSQL "
            "database in PXCORE_DATABASE_URL"
        )
        raise StoreError(message)


def now() -> str:
    """Return the time as UTC ISO 8601 to the second; for people, never for order."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def next_ordinal(connection: Connection, table: Table) -> int:
    """Return the next number of a table's rows: their order even when the clock jumps."""
    return int(connection.scalar(select(func.max(table.c.ordinal))) or 0) + 1


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _answering() -> Iterator[None]:
    """Turn a database that is gone, busy or full into an error that people can read."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise DatabaseAwayError(_away(error)) from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise DatabaseAwayError(_away(error)) from error


def _away(error: Exception) -> str:
    """Return what pages say, to strangers too: not where the database is, nor by what name."""
    reason = NAMED.sub("…", SERVER.sub("", _reason(error)))
    todo = "try again in a minute"
    if "full" in reason:
        todo = FREE_SPACE
    elif "readonly" in reason:
        todo = "have its disk made writable, then try again"
    elif "I/O" in reason:
        todo = "look at the disk of the store, it fails or takes nothing; then try again"
    return f"the database does not answer or take this now ({reason}); nothing is lost: {todo}"


def _unreachable(home: Path, address: URL, error: Exception, *, one_host: bool) -> str:
    if one_host:
        return (
            f"the database of the store at {home} cannot be opened now: {_reason(error)}; "
            "end what holds it or free its disk, then try again"
        )
    shown = make_url(address).set(drivername="postgresql", query={})
    return (
        f"the database {shown.render_as_string(hide_password=True)} (PXCORE_DATABASE_URL) does "
        f"not answer: {_reason(error)}; start it, or correct the address"
    )


def _reason(error: Exception) -> str:
    """Return the first line of what a database said."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return (str(said).strip().splitlines() or [type(said).__name__])[0]
