"""SIGKILL while an autoencoder learns: the clustering ends with the numbers it would have had."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.doors.unlabelled import Unlabelled
from pxcore.runs import ledger
from pxcore.runs.saved.clusters import load_codes
from pxcore.runs.saved.encoder import load_weights
from pxcore.runs.work import CHECKPOINT
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import RunState
from tests.hidden_cells import hidden_dataset, small_ask
from tests.processes.living import Runners, carry_on, wait_for
from tests.processes.test_runner import same, training_worker

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

EPOCHS = 120
"""Long enough to be killed in the middle."""


def submitted(store: Store) -> str:
    ask = small_ask(store, hidden_dataset(store, store.home), EPOCHS)
    return Unlabelled(store).submit(replace(ask, maps=True))


def numbers(store: Store, run_id: str) -> dict[str, np.ndarray]:
    """Every number the run computed, by part and name."""
    folders = {
        part: store.artifacts.folder(row.key)
        for row in ledger.task_rows(store, run_id)
        for part in row.parts
    }
    found = Unlabelled(store).result(run_id)
    assert found.calls is not None
    weights = {
        f"{part} {name}": value
        for part in ("encode", "explain_clusters")
        for name, value in load_weights(folders[part]).items()
    }
    return weights | {
        "codes": load_codes(folders["codes"]).codes,
        "clusters": found.cluster,
        "posterior": found.posterior,
        "map": found.places,
        "trust": np.array([found.trust.agreement, found.trust.by_chance]),
        "calls": np.array(found.calls.recall),
        "losses": np.array(found.live.losses),
    }


def test_a_killed_worker_changes_no_number(store: Store, runners: Runners, tmp_path: Path) -> None:
    run_id = submitted(store)
    runner = runners.start("--until-idle")
    wait_for(lambda: list((store.home / "work").glob(f"*/{CHECKPOINT}/*")), what="a checkpoint")
    os.kill(training_worker(runner.pid, store), signal.SIGKILL)
    assert runner.wait(220) == 0, runners.log()
    assert ledger.record(store, run_id).state is RunState.FINISHED, runners.log()
    logs = [path.read_text() for path in (store.home / "work").glob("*/log.txt")]
    (killed,) = [log for log in logs if log.count("started on") == 2]
    assert f"epoch {EPOCHS}:" in killed
    with closing(open_store(Settings(home=tmp_path / "undisturbed", device="cpu"))) as other:
        undisturbed = submitted(other)
        carry_on(other)
        same(numbers(store, run_id), numbers(other, undisturbed))
