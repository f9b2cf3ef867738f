"""What is asked for under the write lock, or at every click, is found by an index."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Select, delete, func, select
from sqlalchemy.sql.dml import Delete

from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.store.tables import imports, login_failures, metadata, runs, sessions

BOTH_DATABASES = True
NUMBERED = [table for table in metadata.sorted_tables if "ordinal" in table.columns]
LOOKED_UP = {
    "runs_by_dataset": select(func.count()).where(runs.c.dataset_id == "x"),
    "imports_by_state": select(imports.c.request).where(imports.c.state == "queued"),
    "imports_by_dataset": delete(imports).where(imports.c.dataset_id == "x"),
    "sessions_by_person": delete(sessions).where(sessions.c.person_id == "x"),
    "sessions_by_expiry": delete(sessions).where(sessions.c.expires < 5.0),
    "login_failures_by_name": select(func.count()).where(login_failures.c.name == "x"),
    "login_failures_by_address": select(func.count()).where(login_failures.c.address == "x"),
    "login_failures_by_time": delete(login_failures).where(login_failures.c.at < 5.0),
}


@pytest.mark.parametrize("table", NUMBERED, ids=lambda table: table.name)
def test_the_next_number_is_read_from_an_index(store: Store, table: object) -> None:
    asked = select(func.max(table.c.ordinal))  # type: ignore[attr-defined]
    with store.database.reading() as connection:
        assert f"{table.name}_by_ordinal" in way(connection, asked)  # type: ignore[attr-defined]


@pytest.mark.parametrize("index", LOOKED_UP)
def test_look_ups_have_their_index(store: Store, index: str) -> None:
    with store.database.reading() as connection:
        assert index in way(connection, LOOKED_UP[index])


def way(connection: Connection, asked: Select[tuple[object]] | Delete) -> str:
    """Return how the database would carry out a statement, which is not carried out.

    An empty PostgreSQL table is read through, as that is quicker; so it is asked not to.
    """
    text = asked.compile(connection, compile_kwargs={"literal_binds": True})
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return str(connection.exec_driver_sql(f"EXPLAIN {text}").all())
    return str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all())


def test_the_log_is_in_order_and_can_be_shortened(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = ("2024-12-31T23:59:59+00:00", "2025-01-01T00:00:00+00:00", "2025-02-01T00:00:00+00:00")
    for day in days:
        monkeypatch.setattr(audit, "now", lambda day=day: day)
        with store.database.writing() as connection:
            audit.note(connection, "ann", "run started", "r", day)
    assert audit.shorten(store, "2025-01-01", "ada") == 1
    told = [(row.action, row.detail or row.subject) for row in audit.rows(store)]
    assert told == [
        ("log shortened", "1 rows before 2025-01-01"),
        ("run started", days[2]),
        ("run started", days[1]),
    ]
    assert audit.shorten(store, "2025-01-01", "ada") == 0
