"""A run from submission to result by a real runner, and one that fails."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from pxcore.runs import ledger
from pxcore.runs.plan import plan
from pxcore.runs.progress import progress
from pxcore.runs.result import result
from pxcore.runs.runner_lock import hold_lock
from pxcore.runs.saved.model import load_tested
from pxcore.runs.saved.scores import load_scores
from pxcore.runs.tables import run_json
from pxcore.runs.work import CHECKPOINT
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import RunSpec, RunState, TaskState
from tests.processes.living import Runners, carry_on
from tests.tiny_lab import tiny_dataset, tiny_spec

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

EPOCHS = 6


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, np.ndarray], dict]:
    """Numbers and JSON of the same run in one process that nobody disturbed."""
    home = tmp_path_factory.mktemp("undisturbed")
    with closing(open_store(Settings(home=home, device="cpu"))) as store:
        run_id = ledger.submit(store, spec_in(store))
        carry_on(store)
        return numbers(store, run_id), run_json(store, run_id)


def spec_in(store: Store) -> RunSpec:
    return tiny_spec(tiny_dataset(store), max_epochs=EPOCHS)


def numbers(store: Store, run_id: str) -> dict[str, np.ndarray]:
    """Every number a run computed, by task and name."""
    found: dict[str, np.ndarray] = {}
    for step in plan(ledger.record(store, run_id).spec):
        folder = store.artifacts.folder(step.key)
        if step.kind == "train":
            found[f"{step.label} test"] = load_tested(folder).probability
        elif step.kind == "explain":
            scores, _ = load_scores(folder)
            found[f"{step.label} scores"] = scores.scores
            assert scores.predictions is not None
            found[f"{step.label} predictions"] = scores.predictions
    for method in result(store, run_id).methods:
        found[f"{method.method} ranking"] = np.array(
            [method.ranking.mean, method.ranking.low, method.ranking.high, method.ranking.rank]
        )
    return found


def same(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    assert first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name], err_msg=name)


def states(store: Store, run_id: str) -> list[TaskState]:
    return [row.state for row in ledger.task_rows(store, run_id)]


def training_worker(runner_id: int, store: Store) -> int:
    """Process of the worker that has a training under way, by its own log."""
    text = "".join(path.read_text() for path in (store.home / "work").glob("*/log.txt"))
    told = [int(part.split()[0]) for part in text.split("process ")[1:]]
    children = {child.pid for child in psutil.Process(runner_id).children(recursive=True)}
    return next(number for number in reversed(told) if number in children)


def test_a_run_from_submission_to_result(
    store: Store, runners: Runners, undisturbed: tuple[dict[str, np.ndarray], dict]
) -> None:
    """The numbers are those of a single process; started twice, nothing is computed."""
    spec = spec_in(store)
    run_id = ledger.submit(store, spec)
    runners.to_idle()
    assert ledger.record(store, run_id).state is RunState.FINISHED, runners.log()
    same(numbers(store, run_id), undisturbed[0])
    told = run_json(store, run_id)
    assert told["cache"] == {"computed": 5, "reused": 0}
    assert "NaN" not in json.dumps(told, allow_nan=False)
    assert not list((store.home / "work").glob(f"*/{CHECKPOINT}"))

    again = ledger.submit(store, replace(spec, title="again", owner="bob"))
    carry_on(store)
    second = run_json(store, again)
    assert second["cache"] == {"computed": 0, "reused": 5}
    assert second["importance"] == told["importance"]
    shown = progress(store, again)
    assert shown.share == 1.0
    assert [label for label, points in shown.curves if len(points) == EPOCHS] == [
        "Train fold 1 of 2",
        "Train fold 2 of 2",
    ]


def test_one_runner_a_store(store: Store, runners: Runners) -> None:
    with hold_lock(store):
        second = runners.start()
        assert second.wait(200) == 2
    assert "a runner already serves the store" in runners.log()


def test_a_failing_task_fails_its_run_with_class_message_and_log(
    store: Store, runners: Runners, tmp_path: Path
) -> None:
    """Pixels that are gone: one run fails clearly, the one on other cells goes on."""
    broken = tiny_dataset(store, seed=1)
    bad = ledger.submit(store, tiny_spec(broken))
    good = ledger.submit(store, spec_in(store))
    store.artifacts.folder(broken.pixels_key).rename(tmp_path / "gone")
    runners.to_idle()
    assert ledger.record(store, good).state is RunState.FINISHED
    record = ledger.record(store, bad)
    assert record.state is RunState.FAILED
    assert record.error.startswith("Train fold 1 of 2: bad input: artifact")
    failed = next(row for row in ledger.task_rows(store, bad) if row.state is TaskState.FAILED)
    assert failed.error_class == "bad input"
    assert "is not in the store" in failed.error
    assert "StoreError" in progress(store, bad).log_tail
