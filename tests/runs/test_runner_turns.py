"""The runner turn by turn, with an engine that does as it is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import delete, select

from pxcore.errors import Cancelled, TrainingError
from pxcore.runs import heart, ledger, runner, stopping, timing
from pxcore.runs import tasks as planning
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.plan import plan
from pxcore.runs.runner import Runner
from pxcore.runs.runner_lock import hold_lock
from pxcore.runs.work import MARK, PROGRESS, append_log, read_log
from pxcore.store.home import Store
from pxcore.store.tables import artifacts
from pxcore.types import Dataset, RunState, TaskState
from tests.fake_engine import FakeEngine
from tests.tiny_lab import tiny_dataset, tiny_spec

BOTH_DATABASES = True


@pytest.fixture
def dataset(store: Store) -> Dataset:
    return tiny_dataset(store)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.0)


def alive(store: Store) -> tuple[Runner, FakeEngine]:
    engine = FakeEngine(store)
    return Runner(store=store, engine=engine, desk=ImportDesk(store)), engine


def drive(living: Runner, engine: FakeEngine, turns: int = 12) -> None:
    for _ in range(turns):
        living.turn()
        engine.do()
    living.turn()


def states(store: Store, run_id: str) -> list[TaskState]:
    return [row.state for row in ledger.task_rows(store, run_id)]


def test_a_run_goes_through_in_order_and_leaves_rows(store: Store, dataset: Dataset) -> None:
    run_id = ledger.submit(store, tiny_spec(dataset))
    living, engine = alive(store)
    drive(living, engine)
    assert ledger.record(store, run_id).state is RunState.FINISHED
    assert engine.log == ["train on heavy", "explain on heavy"] * 2 + ["rank on light"]
    rows = ledger.task_rows(store, run_id)
    assert {row.state for row in rows} == {TaskState.DONE}
    assert not any(row.reused for row in rows)
    with store.database.reading() as connection:
        kept = set(connection.scalars(select(artifacts.c.key)))
    assert kept - {dataset.pixels_key, dataset.annotation_key} == {row.key for row in rows}
    speeds = timing.Speeds(store, "cpu")
    step = plan(tiny_spec(dataset))[0]
    assert speeds.seconds(step.task, dataset) == pytest.approx(2.0)


def test_an_artifact_without_a_row_is_adopted_and_a_row_without_one_is_recomputed(
    store: Store, dataset: Dataset
) -> None:
    spec = tiny_spec(dataset)
    ledger.submit(store, spec)
    living, engine = alive(store)
    drive(living, engine)
    first, second = (step.key for step in plan(spec)[:2])
    with store.database.writing() as connection:
        connection.execute(delete(artifacts).where(artifacts.c.key == first))
    store.artifacts.folder(second).rename(store.home / "lost")
    run_id = ledger.submit(store, spec)
    living, engine = alive(store)
    drive(living, engine)
    assert engine.log == ["explain on heavy"]
    reused = {row.key: row.reused for row in ledger.task_rows(store, run_id)}
    assert reused.pop(second) is False
    assert set(reused.values()) == {True}
    with store.database.reading() as connection:
        assert first in set(connection.scalars(select(artifacts.c.key)))


def test_a_runner_that_died_after_the_artifact_and_before_the_row(
    store: Store, dataset: Dataset
) -> None:
    """The task counts as computed by this run, and is not computed again."""
    run_id = ledger.submit(store, tiny_spec(dataset))
    living, engine = alive(store)
    living.turn()
    (job,) = engine.jobs.values()
    with store.artifacts.write(job.key) as folder:
        (folder / "a").write_text("")
    assert states(store, run_id)[0] is TaskState.RUNNING
    living, engine = alive(store)
    drive(living, engine)
    assert engine.log[0] == "explain on heavy"
    assert not any(row.reused for row in ledger.task_rows(store, run_id))


def test_cancel_before_and_during_a_run(store: Store, dataset: Dataset) -> None:
    early = ledger.submit(store, tiny_spec(dataset))
    ledger.request_cancel(store, early, "ann")
    assert ledger.record(store, early).row.state is RunState.CANCELLED
    running = ledger.submit(store, tiny_spec(dataset))
    living, engine = alive(store)
    living.turn()
    assert ledger.record(store, early).state is RunState.CANCELLED
    assert set(states(store, early)) == {TaskState.CANCELLED}
    (job,) = engine.jobs.values()
    ledger.request_cancel(store, running, "ann")
    living.turn()
    assert ledger.record(store, running).state is RunState.CANCELLED
    assert (store.artifacts.work(job.key) / MARK).exists()
    engine.end(job.key, Cancelled("stopped"))
    living.turn()
    assert not living.board.running
    again = ledger.submit(store, tiny_spec(dataset))
    living.turn()
    assert not (store.artifacts.work(job.key) / MARK).exists()
    drive(living, engine)
    assert ledger.record(store, again).state is RunState.FINISHED


def test_a_task_that_does_not_stop_has_its_worker_restarted(
    store: Store, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = ledger.submit(store, tiny_spec(dataset))
    living, engine = alive(store)
    living.turn()
    (job,) = engine.jobs.values()
    ledger.request_cancel(store, run_id, "ann")
    living.turn()
    assert engine.killed == []
    monkeypatch.setattr(stopping, "PATIENCE_SECONDS", -1.0)
    living.turn()
    living.turn()
    assert engine.killed == [job.key]
    assert not living.board.running


def test_failure_goes_to_rows_and_log_and_other_runs_go_on(store: Store, dataset: Dataset) -> None:
    bad = ledger.submit(store, tiny_spec(dataset))
    good = ledger.submit(store, replace(tiny_spec(dataset), seed=9, owner="bob"))
    living, engine = alive(store)
    living.turn()
    (job,) = engine.jobs.values()
    engine.end(job.key, TrainingError("the loss is not a number"))
    drive(living, engine)
    record = ledger.record(store, bad)
    assert record.state is RunState.FAILED
    assert record.error == "Train fold 1 of 2: bad input: the loss is not a number"
    assert ledger.task_rows(store, bad)[0].error_class == "bad input"
    assert "not a number" in read_log(store.artifacts.work(job.key))
    assert ledger.record(store, good).state is RunState.FINISHED


def test_success_without_an_artifact_is_a_failure(store: Store, dataset: Dataset) -> None:
    run_id = ledger.submit(store, tiny_spec(dataset))
    living, engine = alive(store)
    living.turn()
    engine.end(next(iter(engine.jobs)))
    living.turn()
    assert "same PXCORE_HOME" in ledger.record(store, run_id).error


def test_a_full_disk_fails_the_run_before_it_starts(
    store: Store, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = ledger.submit(store, tiny_spec(dataset))
    monkeypatch.setattr(type(store.artifacts), "free_bytes", lambda _: 10)
    living, engine = alive(store)
    living.turn()
    assert ledger.record(store, run_id).state is RunState.FAILED
    assert "GiB" in ledger.record(store, run_id).error
    assert engine.jobs == {}


def test_heartbeat_and_silence(store: Store, dataset: Dataset) -> None:
    assert not heart.status(store).alive
    ledger.submit(store, tiny_spec(dataset))
    with hold_lock(store):
        living, _ = alive(store)
        living.turn()
        status = heart.status(store)
        assert status.alive
        assert (status.workers, status.device, status.running, status.queued) == (1, "cpu", 1, 0)
    assert not heart.status(store).alive
    heart.silence(store)
    assert heart.status(store).seconds_since_heartbeat is None


def test_an_old_log_stays_and_old_progress_goes(store: Store, dataset: Dataset) -> None:
    spec = tiny_spec(dataset)
    folder = store.artifacts.work(plan(spec)[0].key)
    append_log(folder, "first life")
    (folder / PROGRESS).write_text("{}")
    ledger.submit(store, spec)
    living, _ = alive(store)
    living.turn()
    assert "first life" in read_log(folder)
    assert not (folder / PROGRESS).exists()


def test_equal_runs_of_two_people_share_one_computation(store: Store, dataset: Dataset) -> None:
    first = ledger.submit(store, tiny_spec(dataset))
    second = ledger.submit(store, replace(tiny_spec(dataset), owner="bob", title="mine"))
    living, engine = alive(store)
    drive(living, engine)
    assert len(engine.log) == 5
    logs = [read_log(store.artifacts.work(step.key)) for step in plan(tiny_spec(dataset))]
    assert "Train fold 1 of 2" in logs[0]
    assert not any(run in log for run in (first, second) for log in logs)
    counts = [[row.reused for row in ledger.task_rows(store, run)] for run in (first, second)]
    assert all(a != b for a, b in zip(*counts, strict=True))


def test_a_run_planned_by_another_version_gets_this_versions_steps(
    store: Store, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = ledger.submit(store, tiny_spec(dataset))
    before = {row.key for row in ledger.task_rows(store, run_id)}
    monkeypatch.setitem(planning.VERSIONS, "train", 99)
    living, engine = alive(store)
    drive(living, engine)
    rows = ledger.task_rows(store, run_id)
    assert {row.state for row in rows} == {TaskState.DONE}
    assert not before & {row.key for row in rows}
    assert ledger.record(store, run_id).state is RunState.FINISHED


def test_running_time_is_counted_to_the_end(
    store: Store, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = ledger.submit(store, tiny_spec(dataset))
    living, engine = alive(store)
    living.turn()
    living._counted -= 100.0
    drive(living, engine)
    assert 100.0 <= ledger.record(store, run_id).seconds < 160.0
    living._counted -= 100.0
    living._pulse()
    assert ledger.record(store, run_id).seconds < 160.0
