"""The rows of a store as one SQLite file, whatever database they come from or go to."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from pxcore.store.database import Database, open_database
from pxcore.store.home import Store
from pxcore.store.tables import heartbeats, login_failures, metadata, sessions

DATABASE = "pxcore.sqlite"
"""As it is called inside a store, and inside a backup."""
LEFT_OUT = frozenset(table.name for table in (heartbeats, sessions, login_failures))
"""What means nothing later: a runner's pulse; and who is logged in must log in again."""
AT_ONCE = 500


@contextmanager
def snapshot(store: Store) -> Iterator[Path]:
    """Yield a SQLite file with all rows as they stood at one moment, while others write on.

    It lies on this host's own disk: SQLite is not written on a network file system.
    """
    with tempfile.TemporaryDirectory(prefix="pxcore-rows-") as folder:
        copy = open_database(Path(folder))
        try:
            with store.database.reading() as source, copy.writing() as target:
                copy_rows(source, target)
        finally:
            copy.close()
        yield Path(folder) / DATABASE


@contextmanager
def opened(file: Path) -> Iterator[Database]:
    """Yield the rows of a backup's file, of this or an earlier version; the file stays as it is."""
    with tempfile.TemporaryDirectory(prefix="pxcore-rows-") as folder:
        copied = Path(folder) / DATABASE
        copied.write_bytes(file.read_bytes())
        database = open_database(Path(folder))
        try:
            yield database
        finally:
            database.close()


def copy_rows(source: Connection, target: Connection) -> None:
    """Add every row of one database to another, referred-to tables first."""
    for table in metadata.sorted_tables:
        if table.name in LEFT_OUT:
            continue
        for part in source.execute(select(table)).mappings().partitions(AT_ONCE):
            target.execute(insert(table), [dict(row) for row in part])


def is_empty(connection: Connection) -> bool:
    """Return True when no table has a row that a backup would bring."""
    tables = [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]
    return not any(connection.scalar(select(func.count()).select_from(table)) for table in tables)
