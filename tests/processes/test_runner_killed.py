"""SIGKILL in mid-run: the run finishes, what was done is reused, the numbers are the same."""

from __future__ import annotations

import os
import signal

import numpy as np
import psutil
import pytest

from pxcore.runs import heart, ledger
from pxcore.runs.tables import run_json
from pxcore.runs.work import CHECKPOINT
from pxcore.store.home import Store
from pxcore.types import RunState, TaskState
from tests.processes.living import Runners, alive, wait_for
from tests.processes.test_runner import (
    numbers,
    same,
    spec_in,
    states,
    training_worker,
    undisturbed,
)

__all__ = ["undisturbed"]
pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


def test_killed_worker(
    store: Store, runners: Runners, undisturbed: tuple[dict[str, np.ndarray], dict]
) -> None:
    """The worker dies in the middle of a training, which goes on from its checkpoint."""
    run_id = ledger.submit(store, spec_in(store))
    runner = runners.start("--until-idle")
    wait_for(lambda: list((store.home / "work").glob(f"*/{CHECKPOINT}/*")), what="a checkpoint")
    os.kill(training_worker(runner.pid, store), signal.SIGKILL)
    assert runner.wait(220) == 0, runners.log()
    assert ledger.record(store, run_id).state is RunState.FINISHED
    same(numbers(store, run_id), undisturbed[0])
    log = next(
        path.read_text()
        for path in (store.home / "work").glob("*/log.txt")
        if path.read_text().count("started on") == 2
    )
    assert "done in" in log


def test_killed_runner(
    store: Store, runners: Runners, undisturbed: tuple[dict[str, np.ndarray], dict]
) -> None:
    """Its workers end by themselves; the next runner reuses what was done."""
    run_id = ledger.submit(store, spec_in(store))
    runner = runners.start()
    wait_for(lambda: TaskState.DONE in states(store, run_id), what="a finished task")
    workers = psutil.Process(runner.pid).children(recursive=True)
    assert heart.status(store).alive
    runner.kill()
    runner.wait()
    assert not heart.status(store).alive
    wait_for(lambda: not any(alive(w.pid) for w in workers), 60, "workers to end by themselves")
    done = {row.key for row in ledger.task_rows(store, run_id) if row.state is TaskState.DONE}
    before = {key: store.artifacts.folder(key).stat().st_mtime_ns for key in done}
    assert not ledger.record(store, run_id).state.final
    runners.to_idle()
    assert ledger.record(store, run_id).state is RunState.FINISHED
    same(numbers(store, run_id), undisturbed[0])
    assert run_json(store, run_id)["cache"] == {"computed": 5, "reused": 0}
    assert {key: store.artifacts.folder(key).stat().st_mtime_ns for key in done} == before
