"""A foreign scheduler with real workers: one of another version, a scheduler that dies."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

import pxcore
from pxcore.errors import RunError
from pxcore.runs import cluster as clusters
from pxcore.runs import ledger
from pxcore.runs.cluster import ClusterEngine, connect
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.runner import Runner
from pxcore.runs.tasks import Lane
from pxcore.store.home import Store
from pxcore.types import RunState
from tests.processes.living import wait_for
from tests.processes.plain_workers import PlainCluster, end_at_once, plain_cluster
from tests.tiny_lab import tiny_dataset, tiny_spec

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[PlainCluster]:
    with plain_cluster(tmp_path) as started:
        yield started


@contextmanager
def carrying_on(store: Store, engine: ClusterEngine) -> Iterator[None]:
    """Have a runner in this process carry out the store's runs meanwhile."""
    runner = Runner(store=store, engine=engine, desk=ImportDesk(store))
    stop = threading.Event()
    carried = threading.Thread(target=runner.carry_on, args=(stop,))
    carried.start()
    try:
        yield
    finally:
        stop.set()
        carried.join()


def older(folder: Path) -> Path:
    """Return a copy of the package that says another version."""
    copy = folder / "older"
    shutil.copytree(Path(pxcore.__file__).parent, copy / "pxcore")
    (copy / "pxcore" / "__init__.py").write_text('__version__ = "0.0.1"\n')
    return copy


def test_another_version_gets_nothing_and_a_dead_scheduler_is_outlived(
    store: Store, plain: PlainCluster, tmp_path: Path
) -> None:
    with closing(ClusterEngine(store.home, plain.address)) as engine:
        plain.worker("old", environment={"PYTHONPATH": str(older(tmp_path))})
        wait_for(lambda: "worker old" in engine.problem, 120, "the old one to be looked at")
        assert "runs pxcore 0.0.1" in engine.problem
        assert not any(engine.lanes().values())
        plain.worker("good")
        wait_for(lambda: engine.lanes()[Lane.HEAVY], 120, "the good one to be admitted")
        run_id = ledger.submit(store, tiny_spec(tiny_dataset(store), max_epochs=6))
        with carrying_on(store, engine):
            wait_for(lambda: list((store.home / "work").glob("*/progress.json")), what="a task")
            for process in plain.processes:
                end_at_once(process)
            wait_for(lambda: "does not answer" in engine.problem, 60, "the scheduler's loss")
            plain.scheduler()
            plain.worker("new")
            wait_for(lambda: ledger.record(store, run_id).state.final, what="the run to end")
        assert ledger.record(store, run_id).state is RunState.FINISHED
        assert engine.problem == ""


def test_a_task_whose_workers_leave_three_times_is_given_up(
    store: Store, plain: PlainCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "RECALL_SECONDS", 0.5)
    with closing(ClusterEngine(store.home, plain.address)) as engine:
        run_id = ledger.submit(store, tiny_spec(tiny_dataset(store), max_epochs=5000))
        with carrying_on(store, engine):
            for number in range(3):
                worker = plain.worker(f"w{number}")
                wait_for(lambda n=number: attempts(store) > n, what="the task to begin")
                end_at_once(worker)
            wait_for(lambda: ledger.record(store, run_id).state.final, what="the end")
        assert "killed 3 times" in ledger.record(store, run_id).error


def test_the_units_worker_listens_where_the_firewall_expects_it(plain: PlainCluster) -> None:
    """And starts again at the same ports: a training that does not stop is ended so."""
    unit = Path(__file__).parents[2] / "docs" / "operation" / "pxcore-worker@.service"
    command = unit.read_text().replace("\\\n", " ").split("ExecStart=")[1].splitlines()[0]
    given = {"${LAB_ADDRESS}": "127.0.0.2", "%i": "3"}
    for word, value in given.items():
        command = command.replace(word, value)
    words = command.split("${PXCORE_SCHEDULER}")[1].split(" --local-directory")[0].split()
    worker = plain.plain_worker("unit", *words)
    ports = {8793, 8803}
    with closing(connect(plain.address)) as client:
        for _ in range(2):
            client.wait_for_workers(1, timeout=120)
            wait_for(lambda: listening(worker.pid) == ports, 60, "worker and nanny to listen")
            client.restart_workers(["tcp://127.0.0.2:8793"], timeout=60)


def listening(process_id: int) -> set[int]:
    """Return at which ports others than this host itself reach a process and its children."""
    own = psutil.Process(process_id)
    found = [link for one in (own, *own.children(True)) for link in one.net_connections("inet")]
    heard = [link.laddr for link in found if link.status == "LISTEN"]
    return {place.port for place in heard if place.ip != "127.0.0.1"}


def attempts(store: Store) -> int:
    logs = (path.read_text() for path in (store.home / "work").glob("*/log.txt"))
    return sum(log.count("started on") for log in logs)


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "PATIENCE_SECONDS", 0.5)
    with pytest.raises(RunError, match=r"tcp://127\.0\.0\.1:9 \(PXCORE_SCHEDULER\) does not"):
        connect("tcp://127.0.0.1:9")
