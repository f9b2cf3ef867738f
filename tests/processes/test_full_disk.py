"""A disk that fills up, and a store that is read-only."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from pxcore.errors import StoreError
from pxcore.runs import heart, ledger
from pxcore.runs.progress import progress
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types import RunState, TaskState
from tests.processes.disturbed import fill, read_only, small_disk
from tests.processes.living import Runners, wait_for
from tests.processes.test_faults import whole
from tests.processes.test_runner import numbers, same, spec_in, states, undisturbed

__all__ = ["undisturbed"]
pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


def test_a_disk_that_fills_up_and_is_freed(
    tmp_path: Path, undisturbed: tuple[dict, dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says that it is full; freed, what was done is kept, and the rest can be done."""
    monkeypatch.setenv("PXCORE_MIN_FREE_GB", "0")
    with small_disk(tmp_path / "disk", "16m") as disk, ExitStack() as stack:
        store = stack.enter_context(
            closing(open_store(Settings(home=disk / "home", min_free_gb=0)))
        )
        runners = Runners(store)
        stack.callback(runners.end_all)
        run_id = ledger.submit(store, spec_in(store))
        runners.start()
        wait_for(lambda: TaskState.DONE in states(store, run_id), what="a finished task")
        ballast = fill(disk)

        def told() -> str:
            fill(disk)  # what a failed step gives back is taken too
            return heart.status(store).problem + progress(store, run_id).error

        wait_for(lambda: "full" in told() or "No space" in told(), 60, "the page to say so")
        ballast.unlink()
        wait_for(lambda: ledger.record(store, run_id).state.final, what="an end")
        if ledger.record(store, run_id).state is RunState.FAILED:
            (failed,) = [row for row in ledger.task_rows(store, run_id) if row.error]
            assert failed.error_class == "out of disk"
            assert "free space, then start again" in failed.error
            kept = states(store, run_id).count(TaskState.DONE)
            assert kept
            run_id = ledger.submit(store, ledger.record(store, run_id).spec)
        wait_for(lambda: ledger.record(store, run_id).state.final, what="the run to end")
        whole(store, run_id)
        same(numbers(store, run_id), undisturbed[0])


def test_a_read_only_store_is_told_and_nothing_breaks(tmp_path: Path) -> None:
    home = tmp_path / "home"
    open_store(Settings(home=home)).close()
    with read_only(home, tmp_path / "seen") as seen:
        with pytest.raises(StoreError, match="Read-only file system; expected a folder on a disk"):
            open_store(Settings(home=seen))
        done = subprocess.run(
            [sys.executable, "-m", "pxcore", "runner", "--until-idle"],
            env=os.environ | {"PXCORE_HOME": str(seen)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("pxcore: the store")
        assert len(done.stderr.splitlines()) == 1
