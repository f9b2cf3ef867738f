"""A disk that stops under a run, a held database, a clock that is set."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from pxcore.runs import heart, ledger
from pxcore.runs.health import health
from pxcore.runs.progress import progress
from pxcore.runs.upkeep import checking
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import RunState, TaskState
from tests.processes.disturbed import (
    failing,
    held,
    settable_clock,
)
from tests.processes.living import Runners, wait_for
from tests.processes.test_runner import numbers, same, spec_in, states, undisturbed
from tests.tiny_lab import tiny_dataset, tiny_spec

__all__ = ["undisturbed"]
pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
DAYS = 86_400.0
AWAY_SECONDS = float(os.environ.get("PXCORE_TEST_AWAY_SECONDS", "3"))
"""For which the database is held."""
NO_OVERVIEW = "0" * 64
"""Of ``tiny_dataset``, which is registered without an import."""


def whole(store: Store, run_id: str) -> None:
    """Everything is there once, and as it was written."""
    assert ledger.record(store, run_id).state is RunState.FINISHED
    assert set(states(store, run_id)) == {TaskState.DONE}
    found = checking.check(store, lambda _step, _share: None).findings
    assert [one.said for one in found if one.key != NO_OVERVIEW] == []


def test_a_disk_that_stops_under_a_run(
    tmp_path: Path, undisturbed: tuple[dict, dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It turns read-only; the page says so; mended, the run goes on and its numbers are equal."""
    monkeypatch.setenv("PXCORE_MIN_FREE_GB", "0")
    with failing(tmp_path / "disk") as disk:
        settings = Settings(home=disk.folder / "home", min_free_gb=0)
        with closing(open_store(settings)) as store, ExitStack() as stack:
            runners = Runners(store)
            stack.callback(runners.end_all)
            run_id = ledger.submit(store, spec_in(store))
            runners.start()
            wait_for(lambda: TaskState.DONE in states(store, run_id), what="a finished task")
            assert health(store).disk
            disk.stop()
            wait_for(lambda: heart.status(store).problem, 90, "the page to say so")
            assert "have it made writable" in heart.status(store).problem
            assert progress(store, run_id).run.state is RunState.RUNNING
            assert not health(store).disk
        disk.mend()
        with closing(open_store(settings)) as store:
            Runners(store).to_idle()
            whole(store, run_id)
            same(numbers(store, run_id), undisturbed[0])


def test_a_clock_that_is_set_and_a_database_that_is_held(
    store: Store,
    runners: Runners,
    tmp_path: Path,
    undisturbed: tuple[dict, dict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Days forward, days back, and seconds without the database: no step begins twice."""
    clock = settable_clock(tmp_path / "clock", monkeypatch)
    run_id = ledger.submit(store, spec_in(store))
    process = runners.start("--until-idle")
    wait_for(lambda: TaskState.RUNNING in states(store, run_id), what="a training")
    clock.write_text(str(3 * DAYS))
    wait_for(lambda: TaskState.DONE in states(store, run_id), what="a finished task")
    clock.write_text(str(-3 * DAYS))
    with held(store.home / "pxcore.sqlite"):
        before = time.monotonic()
        assert progress(store, run_id).run.id == run_id  # reading waits for nobody
        assert time.monotonic() - before < 5
        time.sleep(AWAY_SECONDS)
        assert process.poll() is None, runners.log()
    assert process.wait(220 + AWAY_SECONDS) == 0, runners.log()
    whole(store, run_id)
    same(numbers(store, run_id), undisturbed[0])
    logs = [path.read_text() for path in (store.home / "work").glob("*/log.txt")]
    assert {log.count("started on") for log in logs} == {1}
    assert 0 < ledger.record(store, run_id).seconds < 600
    later = ledger.submit(store, tiny_spec(tiny_dataset(store), repeats=1))
    assert [row.id for row in ledger.records(store)] == [later, run_id]  # by number, not by time
