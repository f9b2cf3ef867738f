"""Room by who refers to it: what is alone, what is shared, what a person is charged with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from pxcore.errors import DatasetError, StoreError
from pxcore.runs import drafts, imports, ledger
from pxcore.runs.board import RunChange
from pxcore.runs.upkeep import quotas, room, storage
from pxcore.settings import Settings
from pxcore.store import tables
from pxcore.store.home import Store, open_store
from pxcore.store.tables import people
from pxcore.types import ImportRequest, ImportState, RunState
from pxcore.types.people import Person, Rank
from tests.runs.upkeep.made_store import keys_of, made_dataset, made_run, name, put
from tests.tiny_lab import tiny_dataset, tiny_spec


def size(store: Store, keys: set[str]) -> int:
    return sum(store.artifacts.size(key) for key in keys)


def test_every_byte_is_counted_once_and_shared_ones_are_told(store: Store) -> None:
    dataset = made_dataset(store)
    ann = made_run(store, dataset, "ann", repeats=2)
    bob = made_run(store, dataset, "bob", repeats=3)
    put(store, name("loose"), "x" * 100)
    both = keys_of(store, ann) & keys_of(store, bob)
    found = storage.storage(store)
    by_run = {one.id: one for one in found.runs}
    assert by_run[ann].n_bytes == size(store, keys_of(store, ann))
    assert by_run[ann].alone == size(store, keys_of(store, ann) - both)
    assert (found.loose, found.shared) == (100, size(store, both))
    people_of = {one.id: one for one in found.people}
    assert people_of["ann"].charged == size(store, keys_of(store, ann) - both) + (
        size(store, both) / 2
    )
    with store.database.reading() as connection:
        assert storage.person_bytes(connection, "bob") == people_of["bob"].charged
    cells = size(store, {dataset.pixels_key, dataset.annotation_key, "0" * 64})
    assert found.datasets[0].alone == cells
    everything = sum(one.charged for one in found.people) + cells + found.loose
    assert everything == found.artifacts == size(store, set(store.artifacts.every_key()))


def test_an_artifact_without_a_row_is_weighed_by_its_files(store: Store) -> None:
    with store.artifacts.write(name("a")) as folder:
        (folder / "a").write_bytes(b"12345")
    assert storage.storage(store).loose == 5


def _limited(tmp_path: Path, gb: float) -> Store:
    return open_store(Settings(home=tmp_path / "limited", quota_gb=gb, min_free_gb=0))


def _awaited(store: Store) -> int:
    with store.database.reading() as connection:
        return room.awaited_bytes(connection, "ann")


def test_a_run_over_the_quota_is_refused_with_what_to_do(tmp_path: Path) -> None:
    store = _limited(tmp_path, 2**20 / 2**30)  # one MiB; a small training needs four
    spec = tiny_spec(tiny_dataset(store))
    with pytest.raises(StoreError, match=r"'ann' has 0\.00 GiB left.*Delete some"):
        drafts.frozen_spec(store, spec)
    with store.database.writing() as connection:
        row = {"id": "1", "name": "ann", "role": "member", "active": True, "created": ""}
        connection.execute(insert(people).values(**row, quota_gb=1.0, ordinal=1))
    drafts.frozen_spec(store, spec)  # her own quota is larger
    store.close()


def test_an_import_over_the_quota_is_refused_before_it_waits(tmp_path: Path) -> None:
    store = _limited(tmp_path, 10 / 2**30)
    file = tmp_path / "cells.npz"
    file.write_bytes(b"x" * 11)
    request = ImportRequest(path=str(file), owner="ann")
    with pytest.raises(StoreError, match=r"importing 'cells\.npz' needs"):
        imports.queue(store, request)
    with pytest.raises(StoreError, match="quota"):
        imports.bring_in(store, request, lambda _step, _share: None)
    assert imports.all_imports(store) == ()
    store.close()


def test_runs_that_fit_alone_but_not_together_are_not_all_taken(tmp_path: Path) -> None:
    store = _limited(tmp_path, 1.0)
    dataset = tiny_dataset(store)
    spec = tiny_spec(dataset)
    one_run = room.run_bytes(spec, dataset)
    assert one_run >= 4 * 2**20
    store.close()
    store = _limited(tmp_path, 1.5 * one_run / 2**30)
    spec = drafts.frozen_spec(store, spec)
    queued = ledger.submit(store, spec, private=False)
    with pytest.raises(StoreError, match=r"this run needs.*has not ended yet"):
        drafts.frozen_spec(store, spec)
    bob = store.seen_by(Person(name="bob", rank=Rank.MEMBER, id="2"))
    drafts.frozen_spec(bob, replace(spec, owner="bob"))  # it is hers, not his
    for key in keys_of(store, queued):  # what is there is not counted twice
        put(store, key, "x" * (one_run // 4 // len(keys_of(store, queued))))
    with store.database.reading() as connection:
        charged = storage.person_bytes(connection, "ann")
    assert _awaited(store) + charged == one_run
    ledger.apply(store, [RunChange(run_id=queued, state=RunState.CANCELLED)])
    assert _awaited(store) == 0
    drafts.frozen_spec(store, spec)
    store.close()


def test_imports_that_wait_are_counted_but_not_the_one_that_asks(tmp_path: Path) -> None:
    store = _limited(tmp_path, 15 / 2**30)
    first, second = (tmp_path / f"{word}.npz" for word in ("first", "second"))
    for file in (first, second):
        file.write_bytes(b"x" * 10)
    asked = ImportRequest(path=str(first), owner="ann")
    imports.queue(store, asked)
    with pytest.raises(StoreError, match=r"importing 'second\.npz' needs.*has not ended yet"):
        imports.queue(store, ImportRequest(path=str(second), owner="ann"))
    imports.queue(store, ImportRequest(path=str(second), owner="bob"))
    with store.database.writing() as connection:
        connection.execute(update(tables.imports).values(state=ImportState.RUNNING))
    assert _awaited(store) == 10
    with pytest.raises(DatasetError):  # the file is none, but its room was granted
        imports.bring_in(store, asked, lambda _step, _share: None)
    first.unlink()
    assert _awaited(store) == 0
    store.close()


def test_without_a_limit_nobody_is_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "person_bytes", None)
    monkeypatch.setattr(quotas, "awaited_bytes", None)
    quotas.require_quota(store, "ann", 2**50, "this")
