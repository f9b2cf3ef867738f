"""The two databases: how each is reached, and how writers wait for each other in it.

SQLite lies inside the home, for one host. PostgreSQL (``PXCORE_DATABASE_URL``) serves several.
In both a transaction that writes has the database's writing to itself from its first statement
on, so code above reads a row, decides and writes without another writer in between.
"""

from __future__ import annotations

import sqlite3
import time

from psycopg import Connection as PsycopgConnection
from psycopg.abc import Buffer
from psycopg.types.string import StrDumper
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from pxcore.errors import StoreError

BUSY_MS = 30_000
"""So long a writer waits for another; then the database counts as away."""
FROZEN_MS = 60_000
"""A connection that leaves a transaction open for so long is closed by the server."""
WRITERS = 0x7078
"""First half of the advisory lock's number; the second is made of the schema's name."""
TRY_UPKEEP = f"SELECT pg_try_advisory_lock({WRITERS + 1}, hashtext(current_schema()))"
"""The lock of `Database.alone`, beside that of the writers."""
POSTGRES = "postgresql+psycopg"
READER = {"immediate": False}
READER_OF_POSTGRES = READER | {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""Every statement of one reading sees the same rows, as in SQLite."""


def database_address(url: str) -> URL:
    """Return a database's address; ``postgres://`` and ``postgresql://`` mean our driver.

    Raises StoreError for what is no address and for databases that are neither of the two.

    >>> database_address("postgresql://lab@db/pxcore").drivername
    'postgresql+psycopg'
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        message = (
            "PXCORE_DATABASE_URL is not a database address; an example is "
            "postgresql://USER:PASSWORD@HOST:5432/pxcore, empty stands for SQLite in PXCORE_HOME"
        )
        raise StoreError(message) from error
    kind = address.drivername.partition("+")[0]
    if kind in ("postgres", "postgresql"):
        return address.set(drivername=POSTGRES)
    if kind == "sqlite":
        return address
    message = f"PXCORE_DATABASE_URL names a {kind!r} database; sqlite and postgresql are served"
    raise StoreError(message)


def engine_of(address: URL) -> Engine:
    """Return the engine of an address. Nothing is connected yet."""
    if address.drivername.startswith("sqlite"):
        engine = create_engine(address)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediately)
        return engine
    patience = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5,
                "keepalives_count": 3, "tcp_user_timeout": BUSY_MS}  # fmt: skip
    arguments: dict[str, object] = {k: v for k, v in patience.items() if k not in address.query}
    engine = create_engine(  # prepared statements would not outlive a pool between us and it
        address, pool_pre_ping=True, connect_args=arguments | {"prepare_threshold": None}
    )
    event.listen(engine, "connect", _prepare_postgres)
    event.listen(engine, "begin", _wait_for_writers)
    return engine


def reader_of(engine: Engine) -> Engine:
    """Return the same engine for transactions that only read."""
    postgres = engine.dialect.name == "postgresql"
    return engine.execution_options(**(READER_OF_POSTGRES if postgres else READER))


def clock(connection: Connection) -> float:
    """Return the seconds since 1970 by the database's own clock: hosts' clocks differ."""
    if connection.dialect.name == "postgresql":
        told = connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())")
        return float(told.scalar_one())
    return time.time()


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


class _Text(StrDumper):
    """Text for PostgreSQL, which takes no NUL and no half of a surrogate pair."""

    def dump(self, obj: str) -> Buffer | None:
        whole = obj.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
        return super().dump(whole)


def _prepare_postgres(connection: PsycopgConnection, _: ConnectionPoolEntry) -> None:
    """Have the server end what waits or holds for too long: a frozen host stops nobody."""
    connection.adapters.register_dumper(str, _Text)
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = {BUSY_MS}")
    cursor.execute(f"SET idle_in_transaction_session_timeout = {FROZEN_MS}")
    cursor.close()
    connection.commit()


def _wait_for_writers(connection: Connection) -> None:
    """Take the writers' lock of this schema until the transaction ends."""
    if connection.get_execution_options().get("immediate", True):
        connection.exec_driver_sql(
            f"SELECT pg_advisory_xact_lock({WRITERS}, hashtext(current_schema()))"
        )
