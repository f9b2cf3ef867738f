"""Two hosts as two network namespaces: web, runner and scheduler in one, Dask workers in the other.

The store is one folder that both see. A worker dies for good, the page says that tasks wait,
another takes its place, and the numbers are those of an undisturbed run on one host. A worker
that sees another folder under the store's path gets nothing to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from pxcore.runs import heart, ledger
from pxcore.runs.work import CHECKPOINT
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import RunState
from tests.databases import surroundings
from tests.processes.living import carry_on, wait_for
from tests.processes.plain_workers import PlainCluster, end_at_once
from tests.processes.test_runner import numbers, same, spec_in

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

WEB, WORK = f"pxa{os.getpid()}", f"pxb{os.getpid()}"
WEB_ADDRESS, WORK_ADDRESS = "10.213.77.1", "10.213.77.2"
SCHEDULER_PORT, WEB_PORT = 8786, 8501


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=30)


def within(host: str) -> list[str]:
    return ["ip", "netns", "exec", host]


@pytest.fixture(scope="module")
def two_hosts() -> Iterator[None]:
    """Make two network namespaces that see only each other, or skip."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need the ip command and root")
    try:
        ip("netns", "add", WEB)
        ip("netns", "add", WORK)
        ip("link", "add", "pxveth", "netns", WEB, "type", "veth", "peer", "pxveth", "netns", WORK)
        for host, address in ((WEB, WEB_ADDRESS), (WORK, WORK_ADDRESS)):
            ip("-n", host, "address", "add", f"{address}/24", "dev", "pxveth")
            ip("-n", host, "link", "set", "pxveth", "up")
            ip("-n", host, "link", "set", "lo", "up")
    except subprocess.CalledProcessError as error:
        remove()
        pytest.skip(f"network namespaces are not allowed here: {error.stderr.decode().strip()}")
    yield
    remove()


def remove() -> None:
    for host in (WEB, WORK):
        with suppress(subprocess.CalledProcessError):
            ip("netns", "delete", host)


@pytest.fixture
def cluster(tmp_path: Path, two_hosts: None) -> Iterator[PlainCluster]:
    started = PlainCluster(tmp_path, SCHEDULER_PORT, WEB_ADDRESS)
    try:
        started.scheduler(within(WEB))
        yield started
    finally:
        started.end_all()


@pytest.fixture
def served(store: Store, cluster: PlainCluster, tmp_path: Path) -> Iterator[Path]:
    """Serve web and runner in the first namespace; give the path of their log."""
    told = tmp_path / "serve.log"
    with told.open("wb") as log:
        process = subprocess.Popen(
            [*within(WEB), sys.executable, "-m", "pxcore", "serve", "--port", str(WEB_PORT)],
            env={**os.environ, **surroundings(store), "PXCORE_SCHEDULER": cluster.address,
                 "OMP_NUM_THREADS": "1"},
            cwd=Path(__file__).parents[2],
            stdout=log,
            stderr=log,
        )  # fmt: skip
    yield told
    process.terminate()
    process.wait(60)


def test_web_and_runner_here_workers_there(
    store: Store, cluster: PlainCluster, served: Path, tmp_path: Path
) -> None:
    wait_for(lambda: heart.status(store).problem, 120, "the runner to miss workers")
    assert heart.status(store).problem.startswith("no worker is connected")
    blind = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs none {store.home} && exec "$@"', "sh"]
    options = ["--nthreads", "1", "--name", "blind", "--no-dashboard"]
    other = cluster.plain_worker("blind", *options, within=[*within(WORK), *blind])
    wait_for(lambda: "worker blind" in heart.status(store).problem, 120, "the roll call")
    assert "cannot use the store" in heart.status(store).problem
    run_id = ledger.submit(store, spec_in(store))
    first = cluster.worker("first", "--resources", "CPU=1", within=within(WORK))
    wait_for(lambda: list((store.home / "work").glob(f"*/{CHECKPOINT}/*")), what="a checkpoint")
    there = family(first.pid)
    assert workers_of(store) <= there
    end_at_once(first)
    wait_for(lambda: "tasks wait" in heart.status(store).problem, 120, "the lost worker's mention")
    assert ledger.record(store, run_id).state is RunState.RUNNING
    assert "200" in asked(f"http://127.0.0.1:{WEB_PORT}/_stcore/health")

    second = cluster.worker("second", "--resources", "CPU=1", within=within(WORK))
    wait_for(lambda: family(second.pid) & workers_of(store), what="the second worker to take over")
    there |= family(second.pid)
    wait_for(lambda: ledger.record(store, run_id).state.final, what="the run to end")
    assert ledger.record(store, run_id).state is RunState.FINISHED, served.read_text()
    assert workers_of(store) <= there
    assert not family(other.pid) & workers_of(store)

    alone = open_store(Settings(home=tmp_path / "alone"))
    expected = ledger.submit(alone, spec_in(alone))
    carry_on(alone)
    same(numbers(store, run_id), numbers(alone, expected))
    alone.close()


def family(process_id: int) -> set[int]:
    """Return a process and all that it started."""
    with suppress(psutil.NoSuchProcess):
        own = psutil.Process(process_id)
        return {own.pid, *(one.pid for one in own.children(recursive=True))}
    return set()


def workers_of(store: Store) -> set[int]:
    """Return the processes that carried out steps, by the steps' logs."""
    logs = (path.read_text() for path in (store.home / "work").glob("*/log.txt"))
    return {int(part.split()[0]) for log in logs for part in log.split("process ")[1:]}


def asked(url: str) -> str:
    """Return what the web process answers to somebody on its host."""
    code = f"import urllib.request as r; print(r.urlopen({url!r}, timeout=30).status)"
    command = [*within(WEB), sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
