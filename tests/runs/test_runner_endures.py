"""A row nobody can read, a full disk and a database that is away do not take the runner down."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from pxcore.errors import DatabaseAwayError, StoreError
from pxcore.runs import heart, ledger, progress, runner, timing
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.runner import Runner
from pxcore.store.home import Store
from pxcore.store.tables import runs
from pxcore.types import Dataset, MethodSpec, RunState, TaskState
from tests.fake_engine import FakeEngine
from tests.tiny_lab import tiny_dataset, tiny_spec

BOTH_DATABASES = True

AWAY = DatabaseAwayError("the database does not answer")
FULL = OSError(28, "No space left on device")


@pytest.fixture
def dataset(store: Store) -> Dataset:
    return tiny_dataset(store)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(runner, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(heart, "BEAT_SECONDS", 0.0)


class Busy(FakeEngine):
    """Every job ends well at once."""

    def ended(self, timeout: float) -> list:  # type: ignore[type-arg]
        self.do()
        return super().ended(timeout)


def to_idle(store: Store) -> Busy:
    engine = Busy(store)
    living = Runner(store=store, engine=engine, desk=ImportDesk(store))
    living.carry_on(threading.Event(), until_idle=True)
    assert not living.board.running
    return engine


def flaky(real: Callable[..., object], error: Exception) -> Callable[..., object]:
    """Return a function that fails at its calls number 1, 2, 4, 8, ..., and else works."""
    calls: list[int] = []

    def now_and_then(*given: object) -> object:
        calls.append(1)
        if len(calls).bit_count() == 1:
            raise error
        return real(*given)

    return now_and_then


def spoil(store: Store, run_id: str, spec: str = '{"dataset_id": 1}') -> None:
    with store.database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id == run_id).values(spec=spec))


def test_a_row_nobody_can_read_fails_its_run_alone(store: Store, dataset: Dataset) -> None:
    broken, good = (ledger.submit(store, tiny_spec(dataset)) for _ in range(2))
    spoil(store, broken)
    to_idle(store)
    rows = {row.id: row for row in progress.run_rows(store)}
    assert rows[good].state is RunState.FINISHED
    assert rows[broken].state is RunState.FAILED
    assert "cannot be read" in rows[broken].title
    assert {row.state for row in ledger.task_rows(store, broken)} == {TaskState.CANCELLED}
    with store.database.reading() as connection:
        error = connection.scalar(runs.select().with_only_columns(runs.c.error))
    assert "RunSpec cannot be read" in str(error)
    with pytest.raises(StoreError, match="another version"):
        ledger.record(store, broken)


def test_a_run_of_a_method_that_is_gone_stays_in_the_list(store: Store, dataset: Dataset) -> None:
    gone = ledger.submit(store, tiny_spec(dataset))
    text = ledger.encode(tiny_spec(dataset)).replace('"pxpermute"', '"mirrors"')
    spoil(store, gone, text)
    assert ledger.record(store, gone).spec.methods == (MethodSpec(id="mirrors"),)
    to_idle(store)
    (row,) = progress.run_rows(store)
    assert row.state is RunState.FAILED
    assert "'mirrors' is not known" in progress.progress(store, gone).error


@pytest.mark.parametrize(
    ("place", "name", "error"),
    [
        (ledger, "apply", AWAY),
        (ledger, "listed", AWAY),
        (ledger, "renew_tasks", AWAY),
        (ledger, "add_seconds", AWAY),
        (timing, "note", AWAY),
        (heart, "beat", AWAY),
        (runner, "append_log", FULL),
        (runner, "clear", FULL),
        (Store, "note_artifacts", FULL),
        (FakeEngine, "submit", FULL),
    ],
)
def test_steps_fail_now_and_then_and_the_run_is_whole(
    store: Store,
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    place: object,
    name: str,
    error: Exception,
) -> None:
    run_id = ledger.submit(store, tiny_spec(dataset))
    monkeypatch.setattr(place, name, flaky(getattr(place, name), error))
    engine = to_idle(store)
    monkeypatch.undo()
    assert ledger.record(store, run_id).state is RunState.FINISHED
    rows = ledger.task_rows(store, run_id)
    assert {row.state for row in rows} == {TaskState.DONE}
    assert not any(row.reused for row in rows)
    assert engine.log == ["train on heavy", "explain on heavy"] * 2 + ["rank on light"]


def test_no_decision_is_lost_whichever_write_fails(
    store: Store, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ledger.apply
    for failing in range(1, 12):  # a run's own change, five starts, five ends
        run_id = ledger.submit(store, replace(tiny_spec(dataset), seed=failing))
        calls: list[int] = []

        def apply(*given: object, calls: list[int] = calls, failing: int = failing) -> None:
            calls.append(1)
            if len(calls) == failing:
                raise AWAY
            real(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(ledger, "apply", apply)
        to_idle(store)
        assert len(calls) >= failing
        assert ledger.record(store, run_id).state is RunState.FINISHED, failing
        states = {row.state for row in ledger.task_rows(store, run_id)}
        assert states == {TaskState.DONE}, failing


def test_the_heart_beats_while_rounds_fail(
    store: Store, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise FULL

    ledger.submit(store, tiny_spec(dataset))
    stop, beats = threading.Event(), []
    monkeypatch.setattr(runner, "clear", full)

    def beat(*_: object) -> None:
        beats.append(1)
        if len(beats) == 3:
            stop.set()

    monkeypatch.setattr(heart, "beat", beat)
    living = Runner(store=store, engine=FakeEngine(store), desk=ImportDesk(store))
    living.carry_on(stop)
    assert len(beats) == 3
    assert not living.board.running


def test_a_run_that_has_begun_waits_for_room_and_a_new_one_is_told(
    store: Store, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute without room must not cost hours of work; who only begins is told at once."""
    begun = ledger.submit(store, tiny_spec(dataset))
    living = Runner(store=store, engine=FakeEngine(store), desk=ImportDesk(store))
    living.turn()
    monkeypatch.setattr(heart, "locked", lambda _: True)
    free = store.artifacts.free_bytes()
    monkeypatch.setattr(type(store.artifacts), "free_bytes", lambda _: 0)
    new = ledger.submit(store, replace(tiny_spec(dataset), seed=1))
    living = Runner(store=store, engine=Busy(store), desk=ImportDesk(store))
    for _ in range(2):
        living.turn()
    assert ledger.record(store, begun).state is RunState.RUNNING
    assert "waits and goes on by itself" in heart.status(store).problem
    assert ledger.record(store, new).state is RunState.FAILED
    assert "free some space" in ledger.record(store, new).error
    monkeypatch.setattr(type(store.artifacts), "free_bytes", lambda _: free)
    living.carry_on(threading.Event(), until_idle=True)
    assert ledger.record(store, begun).state is RunState.FINISHED
    living.turn()
    assert heart.status(store).problem == ""
