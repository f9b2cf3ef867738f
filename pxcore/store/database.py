"""The database: SQLite inside the home, or what ``PXCORE_DATABASE_URL`` names.

Migrations run when it is opened, one process at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from filelock import FileLock
from sqlalchemy import Connection, Engine, Table, create_engine, event, func, select
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from pxcore.errors import StoreError
from pxcore.store.files import file_system, is_network

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_MS = 30_000


class Database:
    """One SQL database. Every use is one short transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reader = engine.execution_options(immediate=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection for reading."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection whose changes are committed together, or not at all."""
        with self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def open_database(home: Path, url: str = "") -> Database:
    """Return the migrated database of a home folder.

    Raises StoreError for SQLite on a network file system, for a file that is no database, and
    for a database that a newer version has migrated.
    """
    path = home / "pxcore.sqlite"
    if not url:
        refuse_network(path.parent, file_system(path.parent))
    try:
        engine = create_engine(url or f"sqlite:///{path}")
    except ArgumentError as error:
        message = f"PXCORE_DATABASE_URL is not a database address: {error}"
        raise StoreError(message) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediately)
    database = Database(engine)
    try:
        with FileLock(home / "migrations.lock", timeout=60):
            _migrate(engine)
    except (DatabaseError, CommandError) as error:
        database.close()
        reason = str(error).splitlines()[0]
        message = (
            f"the database of the store at {home} cannot be opened: {reason}; "
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


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # sqlite3 must not begin transactions by itself
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediately(connection: Connection) -> None:
    """Take the write lock at the start: a read that turns into a write cannot wait for it."""
    immediate = connection.get_execution_options().get("immediate", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
