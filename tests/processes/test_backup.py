"""A backup taken while a runner works is a store: a runner finishes it with the same numbers."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from pxcore.runs import ledger
from pxcore.runs.plan import plan
from pxcore.runs.saved.model import load_tested
from pxcore.runs.saved.scores import load_scores
from pxcore.runs.upkeep import backup, checking, cleanup
from pxcore.runs.upkeep.restore import restore
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import RunState, TaskState
from tests.processes.living import Runners, carry_on, wait_for
from tests.runs.upkeep.made_store import put
from tests.tiny_lab import tiny_dataset, tiny_spec

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


def quiet(_step: str, _share: float) -> None: ...


def numbers(store: Store, run_id: str) -> dict[str, np.ndarray]:
    """Every number that a run's trainings and explanations computed."""
    found = {}
    for step in plan(ledger.record(store, run_id).spec):
        folder = store.artifacts.folder(step.key)
        if step.kind == "train":
            found[step.label] = load_tested(folder).probability
        elif step.kind == "explain":
            found[step.label] = load_scores(folder)[0].scores
    return found


def done(store: Store, run_id: str) -> int:
    return sum(row.state is TaskState.DONE for row in ledger.task_rows(store, run_id))


def state(store: Store, run_id: str) -> RunState:
    return ledger.record(store, run_id).state


def test_a_backup_of_a_working_lab_goes_on_elsewhere(
    store: Store, runners: Runners, tmp_path: Path
) -> None:
    run_id = ledger.submit(store, tiny_spec(tiny_dataset(store), max_epochs=3))
    put(store, "0" * 64, kind="overview")
    middle, later = tmp_path / "middle", tmp_path / "later"
    process = runners.start("--until-idle")
    wait_for(lambda: done(store, run_id) >= 1, what="a first step")
    assert state(store, run_id) is RunState.RUNNING
    backup.backup(store, middle, quiet)
    taken = 0
    while process.poll() is None:  # again and again, with clean-ups in between, until all is done
        backup.backup(store, later, quiet)
        cleanup.carry_out(store, cleanup.preview(store, 0.0), 0.0)
        taken += 1
        time.sleep(0.2)  # the runner is to get on as well
    assert (process.returncode, state(store, run_id)) == (0, RunState.FINISHED), runners.log()
    assert taken >= 2
    backup.backup(store, later, quiet)
    expected = numbers(store, run_id)

    restore(Settings(home=tmp_path / "whole"), later, quiet)
    with closing(open_store(Settings(home=tmp_path / "whole"))) as whole:
        assert checking.check(whole, quiet).findings == ()
        same(numbers(whole, run_id), expected)

    brought = restore(Settings(home=tmp_path / "half"), middle, quiet)
    assert brought.gone == ()
    with closing(open_store(Settings(home=tmp_path / "half", device="cpu"))) as half:
        assert state(half, run_id) is RunState.RUNNING
        assert 1 <= done(half, run_id) < len(expected)
        carry_on(half)
        assert state(half, run_id) is RunState.FINISHED
        assert checking.check(half, quiet).sound
        same(numbers(half, run_id), expected)


def same(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    assert first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name], err_msg=name)
