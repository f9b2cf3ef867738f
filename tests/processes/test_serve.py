"""``serve`` on a real port: both processes answer, come back after SIGKILL, end together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from pxcore.runs import heart, ledger
from pxcore.runs.serve import warmed_up
from pxcore.runs.work import CHECKPOINT
from pxcore.store.home import Store
from pxcore.types import RunState
from tests.databases import surroundings
from tests.processes.living import alive, wait_for
from tests.server.wire import visit
from tests.tiny_lab import tiny_dataset, tiny_spec

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

EPOCHS = 40


@pytest.fixture
def served(store: Store) -> Iterator[tuple[subprocess.Popen[str], str, Store]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "pxcore", "serve", "--port", str(port)],
        env={**os.environ, **surroundings(store), "PXCORE_DEVICE": "cpu",
             "OMP_NUM_THREADS": "1",
             "PXCORE_LOG": "json"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    yield process, f"http://127.0.0.1:{port}", store
    family = _family(process.pid)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=40)
    process.kill()
    wait_for(lambda: not any(alive(one.pid) for one in family), 30, "everything to end")


def test_both_answer_come_back_and_end_together(
    served: tuple[subprocess.Popen[str], str, Store],
) -> None:
    """The web process is killed in the middle of a run, which does not notice."""
    process, address, store = served
    assert process.stdout is not None
    assert process.stdout.readline().strip() == f"{address}/"
    assert _answers(f"{address}/_stcore/health")
    run_id = ledger.submit(store, tiny_spec(tiny_dataset(store), max_epochs=EPOCHS))
    wait_for(lambda: list((store.home / "work").glob(f"*/{CHECKPOINT}/*")), what="a checkpoint")
    runner = _only(process.pid, "runner")
    _kill(process.pid, "pages.web")
    assert ledger.record(store, run_id).state is RunState.RUNNING
    wait_for(lambda: ledger.record(store, run_id).state.final, what="the run to end")
    assert ledger.record(store, run_id).state is RunState.FINISHED
    logs = [path.read_text() for path in (store.home / "work").glob("*/log.txt")]
    assert {log.count("started on") for log in logs} == {1}  # no step began twice
    assert _only(process.pid, "runner") == runner

    wait_for(lambda: _answers(f"{address}/_stcore/health"), what="the web process to answer")
    assert warmed_up(address)
    seen = visit(int(address.rpartition(":")[2]), "run", f"run={run_id}")
    assert seen.finished
    assert "tiny: fast" in seen.text.replace("\\", "")
    assert "F1" in seen.text

    _kill(process.pid, "runner")
    told = store.logs / "runner.log"
    wait_for(lambda: told.read_text().count('"serving ') == 2, what="the runner to serve again")
    wait_for(lambda: heart.status(store).workers, what="its workers")
    family = _family(process.pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    wait_for(lambda: not any(alive(one.pid) for one in family), 30, "every process to end")
    assert not heart.status(store).alive
    _told(process, store, run_id)
    assert heart.status(store).seconds_since_heartbeat is None


def _told(process: subprocess.Popen[str], store: Store, run_id: str) -> None:
    """Our lines are JSON objects, those on the run bear its id. (Python's own speak as well
    when a process is killed: of semaphores it left.)"""
    assert process.stderr is not None
    lines = [json.loads(line) for line in process.stderr.read().splitlines() if line[:1] == "{"]
    of_run = [line for line in lines if line["run"] == run_id]
    assert {line["process"] for line in lines} >= {"serve", "runner", "worker"}
    assert {line["process"] for line in of_run} == {"runner", "worker"}
    assert any(line["event"].endswith("done") for line in of_run)
    for name in ("serve", "runner"):
        kept = (store.logs / f"{name}.log").read_text().splitlines()
        assert [json.loads(one)["event"] for one in kept] == [
            line["event"] for line in lines if line["process"] == name
        ]


def _only(process_id: int, word: str) -> psutil.Process:
    (found,) = [one for one in _family(process_id) if _named(one, word)]
    return found


def _kill(process_id: int, word: str) -> None:
    """SIGKILL the process of this name, and wait until there is another."""
    victim = _only(process_id, word)
    victim.kill()
    wait_for(
        lambda: [one for one in _family(process_id) if _named(one, word) and one != victim],
        what=f"another {word}",
    )


def _family(process_id: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(process_id).children(recursive=True)
    return []


def _named(process: psutil.Process, word: str) -> bool:
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return process.status() != psutil.STATUS_ZOMBIE and word in process.cmdline()
    return False


def _answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=10) as answer:
        return bool(answer.status == 200)
    return False
