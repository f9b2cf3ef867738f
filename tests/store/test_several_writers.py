"""What both databases promise: writers one after the other, readers one state, clear errors."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from pxcore.errors import DatabaseAwayError, RunError, StoreError
from pxcore.runs.upkeep import cleanup
from pxcore.store.audit import note
from pxcore.store.database import open_database
from pxcore.store.dialects import clock
from pxcore.store.home import Store
from pxcore.store.tables import artifacts, audit
from tests.databases import Postgres, surroundings

BOTH_DATABASES = True

ROW = {"kind": "x", "size": 2**40, "created": ""}


def test_numbers_are_given_once_whoever_writes_at_the_same_time(store: Store) -> None:
    def write(number: int) -> None:
        with store.database.writing() as connection:
            note(connection, "ann", "run started", str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    with store.database.reading() as connection:
        numbers = sorted(connection.scalars(select(audit.c.ordinal)))
    assert numbers == list(range(1, 41))


def test_a_reader_sees_one_state_however_long_it_looks(store: Store) -> None:
    wanted = select(func.count()).select_from(artifacts)
    with store.database.reading() as connection:
        assert connection.scalar(wanted) == 0
        with store.database.writing() as other:
            other.execute(insert(artifacts).values(key="a", **ROW))
        assert connection.scalar(wanted) == 0
    with store.database.reading() as connection:
        assert connection.scalar(wanted) == 1
        assert connection.scalar(select(artifacts.c.size)) == 2**40


def test_a_fence_keeps_a_writer_out_before_its_first_change(store: Store) -> None:
    def shut(_: object) -> None:
        message = "not yours"
        raise RunError(message)

    with pytest.raises(RunError, match="not yours"), store.database.fenced(shut).writing() as own:
        own.execute(insert(artifacts).values(key="a", **ROW))
    with store.database.fenced(shut).reading() as connection:
        assert connection.execute(select(artifacts)).all() == []


def test_stores_opened_at_once_are_migrated_once(tmp_path: Path, store: Store) -> None:
    url = surroundings(store)["PXCORE_DATABASE_URL"]
    folder = tmp_path / "together"
    folder.mkdir()
    if url:
        url = url.replace(url[-16:], "0" * 16)
        with store.database.writing() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {'s' + '0' * 16}")
    with ThreadPoolExecutor(4) as pool:
        for opened in pool.map(lambda _: open_database(folder, url), range(4)):
            with opened.reading() as connection:
                assert connection.execute(select(artifacts)).all() == []
            opened.close()


def test_odd_text_is_found_again_or_not_at_all(store: Store) -> None:
    with store.database.writing() as connection:
        note(connection, "a\0b", "run started", "x")
    with store.database.reading() as connection:
        assert connection.scalar(select(audit.c.who).where(audit.c.subject == "\0")) is None
        assert str(connection.scalar(select(audit.c.who))).startswith("a")


def test_a_busy_database_says_that_nothing_is_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pxcore.store.dialects.BUSY_MS", 200)
    url = surroundings(store)["PXCORE_DATABASE_URL"]
    other = open_database(store.home, url)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store.database.writing():
            held.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    try:
        with pytest.raises(DatabaseAwayError, match=r"nothing is lost: try again"):
            other.writing().__enter__()
    finally:
        done.set()
        holder.join()
        other.close()


def test_a_postgres_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAwayError, match=r"lab:\*\*\*@127\.0\.0\.1:9/pxcore.*start it") as e:
        open_database(tmp_path, "postgresql://lab:secret@127.0.0.1:9/pxcore?connect_timeout=2")
    assert "secret" not in str(e.value)


def test_a_connection_that_the_server_closed_is_not_used_again(
    store: Store, postgres_server: Postgres
) -> None:
    with store.database.reading() as connection:
        before = clock(connection)
    with postgres_server.asked() as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    with store.database.reading() as connection:
        assert 0 <= clock(connection) - before < 60


def test_upkeep_is_one_at_a_time_between_hosts_and_nobody_who_works_waits(
    database: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup, "LOCK_SECONDS", 0.3)
    with ExitStack() as elsewhere:  # another host, whose lock file means nothing here
        ours = elsewhere.enter_context(store.database.alone(0.3))
        with store.database.writing() as connection:
            note(connection, "ann", "run started", "1")
        if database == "postgres":
            with pytest.raises(StoreError, match="cleaned up now"):
                cleanup.carry_out(store, ())
    assert ours
    assert cleanup.carry_out(store, ()).removed == ()
    with store.database.alone(0.3) as again, store.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(audit)) == 1
    assert again
