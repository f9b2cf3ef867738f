"""What is about to get a row stays, whatever the clock says and whoever cleans up."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack

import pytest

from pxcore.runs import datasets, imports
from pxcore.runs.upkeep import cleanup
from pxcore.store.holds import held, held_keys
from pxcore.store.home import Store
from pxcore.store.keys import key_of
from pxcore.types import Dataset, ImportRequest
from pxcore.types.upkeep import Loose, LooseKind
from tests.runs.upkeep.made_store import put

SMALL = ImportRequest(path="demo", options=(("n_cells", "60"), ("size", "16")))
A, B = key_of("a"), key_of("b")


def test_an_import_keeps_its_cells_when_the_clock_is_set_forward(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    register, now, cleaned = datasets.register, time.time(), []

    def two_days_later(
        store: Store, dataset: Dataset, overview_key: str, *, outdated: str = ""
    ) -> Dataset:
        monkeypatch.setattr(time, "time", lambda: now + 48 * 3600)
        put(store, A)  # nobody's; by that clock as old as the cells
        lying = cleanup.preview(store, 1.0)
        assert [one.id for one in lying] == [A]
        with monkeypatch.context() as patch:  # somebody had looked before the cells were held
            patch.setattr(cleanup, "preview", lambda *_: (*lying, *_loose(store)))
            cleaned.append(cleanup.carry_out(store, (*lying, *_loose(store)), 1.0))
        return register(store, dataset, overview_key, outdated=outdated)

    monkeypatch.setattr(datasets, "register", two_days_later)
    dataset = imports.bring_in(store, SMALL, lambda _step, _share: None)
    assert [{one.id for one in done.removed} for done in cleaned] == [{A}]
    overview = datasets.overview_key(store, dataset.id)
    kept = {dataset.pixels_key, dataset.annotation_key, overview}
    assert set(store.artifacts.every_key()) == kept
    assert held_keys(store) == frozenset()


def _loose(store: Store) -> list[Loose]:
    kind = LooseKind.RESULTS
    return [
        Loose(kind=kind, id=key, label="", n_bytes=1, hours=48.0)
        for key in store.artifacts.every_key()
        if key != A
    ]


def test_only_a_living_process_holds(store: Store) -> None:
    with held(store, (A, B)):
        assert held_keys(store) == {A, B}
        (mine,) = store.artifacts.temporaries("held")
        _, host, *_ = mine.name.split("~")
        dead = mine.rename(mine.with_name(f"held~{host}~{2**22 + 1}~1~00000000"))
        assert held_keys(store) == frozenset()
        dead.rename(mine.with_name("held~elsewhere-1~1~1~00000000"))  # who can tell?
        assert held_keys(store) == {A, B}


def test_a_hold_begins_after_the_removal_that_does_not_know_of_it(store: Store) -> None:
    began, over = threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        with held(store, (A,)):
            over.wait(60)

    thread = threading.Thread(target=hold)
    with ExitStack() as removal:
        removal.enter_context(store.database.writing())
        thread.start()
        began.wait(60)
        time.sleep(0.5)
        assert held_keys(store) == frozenset()
    late = time.monotonic() + 60
    while not held_keys(store):
        assert time.monotonic() < late
        time.sleep(0.05)
    over.set()
    thread.join()
