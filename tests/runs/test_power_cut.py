"""The power goes between any two steps of writing: nothing is lost, nothing is double.

A process is ended before its n-th rename or commit, and another one goes on. What the system had
not been asked to put on the disk by then counts as lost.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from pxcore.runs import datasets, imports, ledger
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.runner import Runner
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.store.tables import artifacts
from pxcore.types import ImportRequest, ImportState, RunState, TaskState
from tests.databases import CHOSEN
from tests.fake_engine import FakeEngine
from tests.tiny_lab import tiny_dataset, tiny_spec

pytestmark = pytest.mark.skipif(
    CHOSEN == "postgres",
    reason="a store that was cut off is copied with the file of its SQLite; files and rows come "
    "in the same order on PostgreSQL, by the same code",
)

CUT = 77
FORK = multiprocessing.get_context("fork")
CELLS = ImportRequest(path="demo", options=(("n_cells", "24"), ("size", "16")), owner="ann")


class Power:
    """Counts renames and commits, ends the process before one, and loses what was not synced."""

    def __init__(self, home: Path, cut_at: int) -> None:
        self.home, self.cut_at, self.count = home, cut_at, 0
        there = (path.stat() for path in home.rglob("*") if path.is_file())
        self._synced = {(told.st_ino, told.st_size) for told in there}
        self._real = os.fsync, os.rename, os.replace

    def watch(self, store: Store) -> None:
        fsync, rename, replace_ = self._real

        def synced(descriptor: int) -> None:
            fsync(descriptor)
            told = os.fstat(descriptor)
            self._synced.add((told.st_ino, told.st_size))

        def renamed(real: Callable[..., None]) -> Callable[..., None]:
            def go(*given: object, **named: object) -> None:
                self.tick()
                real(*given, **named)

            return go

        os.fsync, os.rename, os.replace = synced, renamed(rename), renamed(replace_)
        event.listen(store.database.engine, "commit", lambda _: self.tick())

    def tick(self) -> None:
        self.count += 1
        if self.count == self.cut_at:
            for path in self.home.rglob("*"):
                self._lose(path)
            os._exit(CUT)

    def _lose(self, path: Path) -> None:
        """Empty a file that nobody asked the system to keep. SQLite keeps its own."""
        with suppress(FileNotFoundError):
            told = path.stat()
            kept = (told.st_ino, told.st_size) in self._synced or "sqlite" in path.name
            if path.is_file() and not kept:
                os.truncate(path, 0)


class Busy(FakeEngine):
    """Every job ends well at once."""

    def ended(self, timeout: float) -> list:  # type: ignore[type-arg]
        self.do()
        return super().ended(timeout)


def carry_on(store: Store) -> None:
    desk = ImportDesk(store)
    living = Runner(store=store, engine=Busy(store), desk=desk)
    living.carry_on(threading.Event(), until_idle=True)


def until_cut(home: Path, cut_at: int) -> None:
    """Carry on in this process of its own until the power goes; ends with 0 when it never did."""
    store = open_store(Settings(home=home))
    power = Power(home, cut_at)
    power.watch(store)
    carry_on(store)
    os._exit(0)


def cut(home: Path, cut_at: int) -> bool:
    process = FORK.Process(target=until_cut, args=(home, cut_at))
    process.start()
    process.join(60)
    assert process.exitcode in (0, CUT)
    return process.exitcode == CUT


def stores_cut(begun: Path, last: int) -> Iterator[Store]:
    """Yield a copy of a store for every third moment at which the power went, until it does not."""
    for cut_at in range(1, last, 3):
        home = shutil.copytree(begun, begun.with_name(str(cut_at)))
        if not cut(home, cut_at):
            return
        with closing(open_store(Settings(home=home))) as store:
            yield store


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pxcore.runs.runner.LOOK_SECONDS", 0.0)


def rows_and_files(store: Store) -> tuple[set[str], set[str]]:
    """Return the keys that have a row and those that have files; no key has two rows."""
    with store.database.reading() as connection:
        keys = list(connection.scalars(select(artifacts.c.key)))
        assert connection.scalar(select(func.count()).select_from(artifacts)) == len(set(keys))
    return set(keys), {path.name for path in (store.home / "artifacts").glob("*/*")}


def test_a_run_goes_on_from_every_moment(tmp_path: Path) -> None:
    begun, cuts = tmp_path / "begun", 0
    with closing(open_store(Settings(home=begun))) as store:
        run_id = ledger.submit(store, tiny_spec(tiny_dataset(store)))
    for store in stores_cut(begun, 200):
        cuts += 1
        keys, there = rows_and_files(store)
        assert keys <= there, f"a row came before its files, cut {cuts}"
        for path in (store.home / "artifacts").glob("*/*/a.json"):
            assert path.read_text(), f"an artifact came before its bytes, cut {cuts}"
        assert not ledger.record(store, run_id).state.final or keys == there
        carry_on(store)
        assert ledger.record(store, run_id).state is RunState.FINISHED
        rows = ledger.task_rows(store, run_id)
        assert {row.state for row in rows} == {TaskState.DONE}
        assert not [row.label for row in rows if row.reused], cuts
        keys, there = rows_and_files(store)
        assert {row.key for row in rows} <= keys <= there
        assert len(ledger.records(store)) == 1
    assert cuts > 6, cuts


def test_an_import_goes_on_from_every_moment(tmp_path: Path) -> None:
    """One real import is enough to know its steps; its process is not what is cut here."""
    begun, cuts, found = tmp_path / "begun", 0, set()
    with closing(open_store(Settings(home=begun))) as store:
        import_id = imports.queue(store, CELLS)
    for store in stores_cut(begun, 60):
        cuts += 1
        keys, there = rows_and_files(store)
        assert keys <= there
        known = {one.pixels_key for one in datasets.all_datasets(store)}
        assert known <= keys, f"a data set came before its cells, cut {cuts}"
        carry_on(store)
        end = imports.progress(store, import_id)
        assert end.state is ImportState.FINISHED, end.error
        (dataset,) = datasets.all_datasets(store)
        assert not datasets.notices(dataset)
        found.add(dataset.id)
        assert set(rows_and_files(store)[1]) == keys | rows_and_files(store)[0]
    assert cuts > 3, cuts
    assert len(found) == 1
