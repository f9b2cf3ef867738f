"""The database opens migrated, refuses what would damage it, and serialises writers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text

from pxcore.errors import StoreError
from pxcore.settings import Settings
from pxcore.store.database import next_ordinal, open_database, refuse_network
from pxcore.store.home import Store, open_store
from pxcore.store.tables import artifacts, metadata
from tests.databases import CHOSEN, surroundings

BOTH_DATABASES = True


def test_migrations_lead_to_the_tables(store: Store) -> None:
    with store.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_sqlite_is_set_for_many_processes(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path}/own.sqlite"))
    with store.database.reading() as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
        ]
    store.close()
    assert values == ["wal", 30_000, 1, 2]


def test_opening_again_keeps_the_rows(tmp_path: Path) -> None:
    for expected in (1, 2):
        store = open_store(Settings(home=tmp_path))
        _add(store)
        with store.database.reading() as connection:
            assert len(connection.execute(select(artifacts.c.key)).all()) == expected
        store.close()


def test_writers_wait_for_each_other(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: _add(store), range(40)))
    with store.database.reading() as connection:
        sizes = sorted(connection.scalars(select(artifacts.c.size)))
    assert sizes == list(range(1, 41))


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    with suppress(ValueError), store.database.writing() as connection:
        connection.execute(insert(artifacts).values(key="a", kind="x", size=1, created=""))
        raise ValueError
    with store.database.reading() as connection:
        assert connection.execute(select(artifacts)).all() == []


def test_network_file_systems_are_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"network file system \(nfs4\).*shared.*local disk"):
        refuse_network(tmp_path, "nfs4")


@pytest.mark.skipif(CHOSEN == "postgres", reason="a PostgreSQL does not lie on the store's disk")
def test_no_sqlite_is_made_on_a_network_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pxcore.store.database.file_system", lambda _: "cifs")
    with pytest.raises(StoreError, match="network file system"):
        open_store(Settings(home=tmp_path))
    assert not (tmp_path / "pxcore.sqlite").exists()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "pxcore.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match=r"cannot be opened.*backup"):
        open_database(tmp_path)


def test_a_database_of_a_newer_version_is_left_alone(store: Store) -> None:
    with store.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"cannot be opened.*version that wrote it"):
        open_database(store.home, surroundings(store)["PXCORE_DATABASE_URL"])


@pytest.mark.parametrize("url", ["nonsense", "mysql://lab@db/pxcore"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(StoreError, match="PXCORE_DATABASE_URL"):
        open_database(tmp_path, url)


def test_space_is_checked_with_its_reserve(store: Store) -> None:
    store.require_space(1, "a run")
    with pytest.raises(StoreError, match=r"a run needs .* GiB and must leave 1.0 GiB free"):
        store.require_space(store.artifacts.free_bytes() - 2**29, "a run")


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(StoreError, match="PXCORE_HOME"):
        open_store(Settings(home=tmp_path / "home"))


def _add(store: Store) -> None:
    with store.database.writing() as connection:
        count = len(connection.execute(select(artifacts.c.key)).all()) + 1
        connection.execute(
            insert(artifacts).values(key=str(count), kind="x", size=count, created="")
        )
        assert next_ordinal(connection, metadata.tables["runs"]) == 1
