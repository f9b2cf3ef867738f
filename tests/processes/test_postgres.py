"""Real runners on PostgreSQL: the server goes away in mid-run; a second host stands by."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pxcore.errors import DatabaseAwayError
from pxcore.runs import heart, ledger
from pxcore.runs.work import CHECKPOINT
from pxcore.store.home import Store
from pxcore.types import RunState
from tests.databases import Postgres, surroundings
from tests.processes.living import Runners, wait_for
from tests.tiny_lab import tiny_dataset, tiny_spec

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
AWAY_SECONDS = float(os.environ.get("PXCORE_TEST_AWAY_SECONDS", "8"))


def test_a_database_that_is_away_for_a_while_costs_nothing(
    shared: Store, postgres_server: Postgres
) -> None:
    runners = Runners(shared)
    run_id = ledger.submit(shared, tiny_spec(tiny_dataset(shared), max_epochs=6))
    runner = runners.start("--until-idle")
    try:
        wait_for(
            lambda: list((shared.home / "work").glob(f"*/{CHECKPOINT}/*")), what="a checkpoint"
        )
        postgres_server.stop()
        for asked in (heart.status, ledger.records):
            with pytest.raises(DatabaseAwayError, match="nothing is lost"):
                asked(shared)
        time.sleep(AWAY_SECONDS)
        assert runner.poll() is None, runners.log()
        postgres_server.start()
        assert ledger.record(shared, run_id).state is RunState.RUNNING
        assert runner.wait(200) == 0, runners.log()
    finally:
        if not postgres_server.running:
            postgres_server.start()
        runners.end_all()
    assert ledger.record(shared, run_id).state is RunState.FINISHED
    logs = [path.read_text() for path in (shared.home / "work").glob("*/log.txt")]
    assert {log.count("started on") for log in logs} == {1}  # no step began twice
    assert "a round failed and is tried again" in runners.log()


def test_a_second_host_stands_by_until_the_first_has_ended(shared: Store, tmp_path: Path) -> None:
    runners = Runners(shared)
    first = runners.start()
    wait_for(lambda: heart.status(shared).alive, what="the first to serve")
    second = on_another_host(shared, tmp_path)
    try:
        wait_for(lambda: "this one stands by" in told(tmp_path), 90, "the second to stand by")
        first.terminate()
        assert first.wait(60) == 0
        run_id = ledger.submit(shared, tiny_spec(tiny_dataset(shared)))
        wait_for(lambda: ledger.record(shared, run_id).state.final, what="the second to work")
        assert ledger.record(shared, run_id).state is RunState.FINISHED, told(tmp_path)
        second.terminate()
        assert second.wait(60) == 0
    finally:
        second.kill()
        second.wait()
        runners.end_all()
    assert heart.status(shared).seconds_since_heartbeat is None


def on_another_host(store: Store, folder: Path) -> subprocess.Popen[bytes]:
    """Start a runner that takes itself for another host's: its own start of the system, its own
    lock file, as on a network file system whose locks end at the host.
    """
    if shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("another host's runner needs a mount namespace, and so root")
    boot, lock = folder / "boot_id", folder / "other.lock"
    boot.write_text("another start\n")
    lock.touch()
    binds = (
        f"mount --bind {boot} /proc/sys/kernel/random/boot_id && "
        f'mount --bind {lock} {store.runner_lock} && exec "$@"'
    )
    with (folder / "second.log").open("wb") as log:
        return subprocess.Popen(
            ["unshare", "-m", "sh", "-c", binds, "sh", sys.executable, "-m", "pxcore", "runner"],
            env={**os.environ, **surroundings(store), "PXCORE_WORKERS": "1",
                 "PXCORE_DEVICE": "cpu", "OMP_NUM_THREADS": "1"},
            cwd=Path(__file__).parents[2],
            stdout=log,
            stderr=log,
        )  # fmt: skip


def told(folder: Path) -> str:
    return (folder / "second.log").read_text()
