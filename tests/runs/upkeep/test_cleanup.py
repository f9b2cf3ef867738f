"""A clean-up removes what nothing refers to, all of it, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from pxcore.doors.upkeep import Upkeep
from pxcore.errors import AccessError, StoreError
from pxcore.runs import imports
from pxcore.runs.upkeep import cleanup, deletion
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.store.tables import artifacts, datasets, metadata, plan_versions, runs, shares, tasks
from pxcore.types import ImportRequest, RunState
from pxcore.types.people import Person, Rank
from pxcore.types.upkeep import LooseKind
from tests.runs.upkeep.made_store import keys_of, made_dataset, made_run, name, put, queued_run

KEYS = tuple(name(f"key {n}") for n in range(7))
some = st.lists(st.sampled_from(KEYS), max_size=4)


def clean(store: Store, grace_hours: float = 0.0) -> set[str]:
    """Remove everything that may go; return the ids of what went."""
    done = cleanup.carry_out(store, cleanup.preview(store, grace_hours), grace_hours)
    return {one.id for one in done.removed}


def test_what_a_deleted_run_had_goes_and_what_others_reuse_stays(store: Store) -> None:
    dataset = made_dataset(store)
    first, second = (made_run(store, dataset, repeats=n) for n in (2, 3))  # one training, two looks
    both, mine = keys_of(store, first) & keys_of(store, second), keys_of(store, first)
    assert both
    assert mine - both
    assert clean(store) == set()
    deletion.delete_run(store, first)
    assert clean(store) == mine - both
    assert set(store.artifacts.every_key()) == keys_of(store, second) | {
        dataset.pixels_key, dataset.annotation_key, "0" * 64,
    }  # fmt: skip


def test_nothing_young_goes_and_nothing_that_is_put_there_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, name("old"))
    assert cleanup.preview(store) == ()
    later = time.time() + 25 * 3600
    monkeypatch.setattr("pxcore.store.artifacts.time.time", lambda: later)
    found = cleanup.preview(store)
    assert [one.id for one in found] == [name("old")]
    os.utime(store.artifacts.folder(name("old")), (later, later))  # as a second writer does
    assert cleanup.carry_out(store, found).kept == found


@pytest.mark.parametrize("hours", [0.0, 0.99, -1.0, float("nan")])
def test_nobody_cleans_up_what_was_put_there_within_the_hour(store: Store, hours: float) -> None:
    put(store, name("about to be registered"))
    upload = _upload(store, "of a form that is being filled in")
    door = Upkeep(store)
    with pytest.raises(StoreError, match="at least 1 hour"):
        door.loose(hours)
    with pytest.raises(StoreError, match="at least 1 hour"):
        door.clean(cleanup.preview(store, 0.0), hours)
    assert door.loose(1.0) == ()
    assert door.clean(cleanup.preview(store, 0.0), 1.0).removed == ()
    assert upload.exists()


def test_a_second_writer_makes_an_artifact_young_again(store: Store) -> None:
    put(store, name("a"))
    folder = store.artifacts.folder(name("a"))
    os.utime(folder, (0, 0))
    put(store, name("a"))
    assert time.time() - folder.stat().st_mtime < 60


def test_a_run_that_starts_after_the_preview_keeps_its_results(database: str, store: Store) -> None:
    dataset = made_dataset(store)
    gone = made_run(store, dataset)
    keys = keys_of(store, gone)
    deletion.delete_run(store, gone)
    found = cleanup.preview(store, 0.0)
    assert {one.id for one in found} == keys
    queued_run(store, dataset)
    assert cleanup.carry_out(store, found, 0.0).removed == ()
    assert keys < set(store.artifacts.every_key())


def test_a_run_that_starts_right_before_the_removal_keeps_its_results(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = made_dataset(store)
    gone = made_run(store, dataset)
    keys = keys_of(store, gone)
    for key in keys:
        (store.artifacts.work(key) / "checkpoint").mkdir()
    deletion.delete_run(store, gone)
    found = cleanup.preview(store, 0.0)
    assert {one.kind for one in found} == {LooseKind.RESULTS, LooseKind.WORK}
    monkeypatch.setattr(cleanup, "preview", lambda *_: found)  # looked at before the run came
    queued_run(store, dataset)
    assert cleanup.carry_out(store, found, 0.0).removed == ()
    assert all(store.artifacts.has(key) for key in keys)
    assert all((store.home / "work" / key / "checkpoint").is_dir() for key in keys)


def test_scratch_of_runs_that_are_gone_goes_and_of_living_ones_stays(store: Store) -> None:
    dataset = made_dataset(store)
    live, ended = queued_run(store, dataset), made_run(store, dataset, seed=5)
    for key in (*keys_of(store, live), *keys_of(store, ended), name("nobody's")):
        work = store.artifacts.work(key)
        (work / "log.txt").write_text("told")
        (work / "checkpoint").mkdir()
        (work / "checkpoint" / "state").write_text("half")
    went = {(one.kind, one.id) for one in cleanup.preview(store, 0.0)}
    assert went == {(LooseKind.WORK, name("nobody's"))} | {
        (LooseKind.CHECKPOINTS, key) for key in keys_of(store, ended) - keys_of(store, live)
    }
    clean(store)
    for key in keys_of(store, live):
        assert (store.artifacts.work(key) / "checkpoint" / "state").exists()
    for key in keys_of(store, ended) - keys_of(store, live):
        assert (store.artifacts.work(key) / "log.txt").exists()  # told on the run's page
        assert not (store.artifacts.work(key) / "checkpoint").exists()


def test_uploads_and_half_written_folders_go(store: Store) -> None:
    left, awaited = (_upload(store, word) for word in ("left", "awaited"))
    imports.queue(store, ImportRequest(path=str(awaited / "a.h5")))
    mine = store.artifacts.temporary("import")
    host = mine.name.split("~")[1]
    dead = store.home / "temporary" / f"import~{host}~{2**22 + 1}~1~00000000"
    dead.mkdir()
    assert clean(store) == {f"uploads/ann/{left.name}", f"temporary/{dead.name}"}
    assert [one.exists() for one in (left, awaited, mine, dead)] == [False, True, True, False]


def _upload(store: Store, word: str) -> Path:
    folder = store.uploads / "ann" / word
    folder.mkdir(parents=True)
    (folder / "a.h5").write_text("cells")
    return folder


def test_only_administrators_clean_up_and_one_at_a_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = store.seen_by(Person(name="bob", rank=Rank.MEMBER, id="1"))
    with pytest.raises(AccessError, match="administrators"):
        cleanup.preview(bob)
    monkeypatch.setattr(cleanup, "LOCK_SECONDS", 0.1)
    with cleanup.upkeep_lock(store, "backed up"), pytest.raises(StoreError, match="under way"):
        cleanup.carry_out(store, ())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path_factory.mktemp("random")))
    yield opened
    opened.close()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sets=st.lists(st.tuples(*[st.sampled_from(KEYS)] * 3), max_size=3),
    made=st.lists(st.tuples(st.integers(0, 2), some, st.sampled_from(RunState)), max_size=4),
    plans=st.lists(some, max_size=2),
    links=st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), max_size=3),
    deleted=st.sets(st.integers(0, 3)),
)
def test_exactly_what_nothing_refers_to_goes(
    shared: Store,
    sets: list[tuple[str, str, str]],
    made: list[tuple[int, list[str], RunState]],
    plans: list[list[str]],
    links: list[tuple[str, bool]],
    deleted: set[int],
) -> None:
    made = [one for one in made if one[0] < len(sets)]
    _fill(shared, sets, made, plans, links)
    for key in KEYS:
        put(shared, key)
    for number in deleted & set(range(len(made))):
        if made[number][2].final:
            deletion.delete_run(shared, f"run{number}")
    kept = {key for one in sets for key in one} | {key for one in plans for key in one}
    kept |= {key for key, revoked in links if not revoked}
    for number, (_, keys, state) in enumerate(made):
        if number not in deleted or not state.final:
            kept |= set(keys)
    assert clean(shared) == set(KEYS) - kept
    assert set(shared.artifacts.every_key()) == kept
    with shared.database.reading() as connection:
        assert {row.key for row in connection.execute(artifacts.select())} == kept


def _fill(
    store: Store,
    sets: list[tuple[str, str, str]],
    made: list[tuple[int, list[str], RunState]],
    plans: list[list[str]],
    links: list[tuple[str, bool]],
) -> None:
    """Replace every row of the store."""
    with store.database.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        for n, (pixels, annotation, overview) in enumerate(sets):
            value = f'{{"title":"t","pixels_key":"{pixels}","later":["{annotation}"]}}'
            row = {"id": f"set{n}", "value": value, "overview_key": overview}
            connection.execute(insert(datasets).values(**row, created="", ordinal=n))
        for n, (number, keys, state) in enumerate(made):
            row = {"id": f"run{n}", "spec": "{}", "dataset_id": f"set{number}", "state": state}
            connection.execute(insert(runs).values(**row, created="", ordinal=n))
            for position, key in enumerate(dict.fromkeys(keys)):
                told = {"run_id": f"run{n}", "key": key, "position": position, "kind": "train"}
                connection.execute(insert(tasks).values(**told, label="l", state="done"))
        for n, keys in enumerate(plans):
            row = {"plan_id": f"plan{n}", "version": 1, "step": 1, "title": "p", "at": ""}
            connection.execute(insert(plan_versions).values(**row, body=str(keys), ordinal=n))
        for n, (key, revoked) in enumerate(links):
            row = {"id": f"s{n}", "token_hash": str(n), "kind": "run", "subject": "run0"}
            row |= {"title": "t", "snapshot_key": key, "owner": "ann", "created": ""}
            past = "2026-01-01" if revoked else ""
            connection.execute(insert(shares).values(**row, expires=0, revoked=past, ordinal=n))
