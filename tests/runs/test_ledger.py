"""Rows of runs: submitted once where two tabs ask at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import update

from pxcore.runs import ledger, progress
from pxcore.runs.board import RunChange, TaskChange
from pxcore.runs.tasks import TrainTask
from pxcore.store.home import Store
from pxcore.store.tables import runs
from pxcore.types import RunState, TaskState
from tests.tiny_lab import tiny_dataset, tiny_spec

BOTH_DATABASES = True


def test_two_tabs_start_one_run(store: Store) -> None:
    spec = replace(tiny_spec(tiny_dataset(store)), title="Demo")
    with ThreadPoolExecutor(4) as tabs:
        made = set(tabs.map(lambda _: ledger.submit(store, spec, once=True), range(8)))
    assert len(made) == 1
    assert len(ledger.records(store)) == 1


def test_once_minds_title_and_end_only(store: Store) -> None:
    spec = replace(tiny_spec(tiny_dataset(store)), title="Demo")
    first = ledger.submit(store, spec, once=True)
    assert ledger.submit(store, replace(spec, owner="bob"), once=True) == first
    assert ledger.submit(store, replace(spec, title="Other"), once=True) != first
    assert ledger.submit(store, spec) != first
    for record in ledger.records(store):
        ledger.apply(store, [RunChange(run_id=record.id, state=RunState.CANCELLED)])
    assert ledger.submit(store, spec, once=True) not in {first}
    ledger.request_cancel(store, ledger.records(store)[0].id, "ann")
    before = len(ledger.records(store))
    ledger.submit(store, spec, once=True)
    assert len(ledger.records(store)) == before + 1


def test_once_passes_over_a_run_that_cannot_be_read(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    spec = replace(tiny_spec(tiny_dataset(store)), title="Demo")
    broken = ledger.submit(store, spec)
    with store.database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id == broken).values(spec='{"later": 1}'))
    made = ledger.submit(store, spec, once=True)
    assert made != broken
    assert ledger.submit(store, spec, once=True) == made
    assert f"run {broken} cannot be read and is passed over" in caplog.text


@pytest.mark.parametrize("state", [RunState.CANCELLED, RunState.FAILED])
def test_a_run_that_ended_early_shows_the_tasks_it_keeps(
    store: Store, state: RunState, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tasks weigh nothing once the run is over: a quick one that is done counts like a slow one.
    monkeypatch.setattr(
        progress.Speeds, "seconds", lambda _, task, __: 1.0 if isinstance(task, TrainTask) else 999
    )
    run_id = ledger.submit(store, tiny_spec(tiny_dataset(store)))
    done, *others = [task.key for task in ledger.task_rows(store, run_id)]
    ledger.apply(store, [
        TaskChange(run_id=run_id, key=done, state=TaskState.DONE, seconds=1.0),
        *(TaskChange(run_id=run_id, key=key, state=TaskState.CANCELLED) for key in others),
        RunChange(run_id=run_id, state=state),
    ])  # fmt: skip
    (row,) = progress.run_rows(store)
    assert row.share == progress.progress(store, run_id).share == 1 / (1 + len(others))
    ledger.apply(store, [RunChange(run_id=run_id, state=RunState.FINISHED)])
    assert progress.run_rows(store)[0].share == 1.0
