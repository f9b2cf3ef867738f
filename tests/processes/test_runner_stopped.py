"""A run that is cancelled, and a task that is given up: the others go on."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import replace

import psutil
import pytest

from pxcore.runs import heart, ledger
from pxcore.runs.progress import progress
from pxcore.runs.work import CHECKPOINT
from pxcore.store.home import Store
from pxcore.types import RunState, TaskState
from tests.processes.living import Runners, alive, wait_for
from tests.processes.test_runner import states, training_worker
from tests.tiny_lab import tiny_dataset, tiny_spec

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


def test_cancel_stops_a_training_even_one_that_does_not_listen(
    store: Store, runners: Runners
) -> None:
    """A run of hours ends at once; its frozen worker is replaced; the other run goes on."""
    dataset = tiny_dataset(store)
    long = ledger.submit(store, tiny_spec(dataset, max_epochs=5000))
    runner = runners.start()
    wait_for(lambda: list((store.home / "work").glob(f"*/{CHECKPOINT}/*")), what="a checkpoint")
    other = ledger.submit(store, replace(tiny_spec(dataset), owner="bob"))
    shown = progress(store, long)
    assert shown.run.state is RunState.RUNNING
    assert shown.runner_alive
    assert shown.curves
    frozen = training_worker(runner.pid, store)
    os.kill(frozen, signal.SIGSTOP)
    ledger.request_cancel(store, long, "ann")
    wait_for(lambda: ledger.record(store, long).state is RunState.CANCELLED, what="the cancel")
    assert set(states(store, long)) == {TaskState.CANCELLED}
    wait_for(lambda: ledger.record(store, other).state is RunState.FINISHED, what="the other run")
    assert not alive(frozen)
    runner.terminate()
    assert runner.wait(60) == 0, runners.log()
    assert not heart.status(store).alive


def test_a_task_that_kills_its_worker_three_times_is_given_up(
    store: Store, runners: Runners
) -> None:
    """Killed in the middle of an epoch: within its first moments Dask may not know it yet."""
    run_id = ledger.submit(store, tiny_spec(tiny_dataset(store), max_epochs=5000))
    runner = runners.start("--until-idle")
    killed: list[int] = []
    for _ in range(3):
        wait_for(lambda: _worker_other_than(killed, runner.pid, store), what="a training")
        killed.append(_worker_other_than(killed, runner.pid, store))
        begun = time.time()
        wait_for(lambda begun=begun: _told_since(store, begun), what="an epoch")
        os.kill(killed[-1], signal.SIGKILL)
    assert runner.wait(200) == 0, runners.log()
    (failed, *_) = ledger.task_rows(store, run_id)
    assert failed.error_class == "killed"
    assert "killed 3 times" in ledger.record(store, run_id).error


def _told_since(store: Store, moment: float) -> bool:
    """Return whether a training has told of an epoch since then."""
    told = (store.home / "work").glob("*/progress.json")
    return any(path.stat().st_mtime > moment for path in told)


def _worker_other_than(killed: list[int], runner_id: int, store: Store) -> int:
    """Process of a training that was not killed yet; 0 when none has begun."""
    with suppress(StopIteration, psutil.NoSuchProcess):
        found = training_worker(runner_id, store)
        return 0 if found in killed else found
    return 0
