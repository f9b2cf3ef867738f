"""Rows of artifacts: many at once, in one transaction, and only for those that are there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, select

from pxcore.store import home
from pxcore.store.database import Database
from pxcore.store.home import Store
from pxcore.store.keys import key_of
from pxcore.store.tables import artifacts

BOTH_DATABASES = True


def rows(store: Store) -> dict[str, str]:
    with store.database.reading() as connection:
        found = connection.execute(select(artifacts.c.key, artifacts.c.kind, artifacts.c.size))
        return {row.key: f"{row.kind} {row.size}" for row in found}


def test_many_are_noted_in_one_transaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "PORTION", 3)
    keys = [key_of("train", 1, number) for number in range(8)]
    for key in keys[:7]:
        with store.artifacts.write(key) as folder:
            (folder / "a").write_text("abc")
    store.note_artifacts({"train": keys[0]})
    real, writes = Database.writing, []

    @contextmanager
    def writing(own: Database) -> Iterator[Connection]:
        writes.append(1)
        with real(own) as connection:
            yield connection

    monkeypatch.setattr(Database, "writing", writing)
    store.note_kinds(dict.fromkeys(keys, "train"))
    noted = rows(store)
    assert set(noted) == set(keys[:7])
    assert {words.split()[0] for words in noted.values()} == {"train"}
    assert len(set(noted.values())) == 1
    assert len(writes) == 1
    store.note_kinds(dict.fromkeys(keys, "train"))
    assert len(writes) == 1
