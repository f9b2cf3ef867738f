"""A training that is killed goes on where it was; meanwhile it can be looked at, and cancelled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.doors.unlabelled import Unlabelled
from pxcore.runs import ledger
from pxcore.runs.execute import carry_out
from pxcore.runs.job import job_of
from pxcore.runs.plan import plan
from pxcore.runs.progress import progress
from pxcore.runs.saved.encoder import load_weights
from pxcore.runs.work import TaskWork
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.store.keys import encode
from pxcore.training import loop
from pxcore.types import RunState
from pxcore.types.unlabelled_ask import ClusterAsk
from tests.hidden_cells import hidden_dataset, small_ask
from tests.tiny_lab import carry_on

LAST, EPOCHS = 3, 8


class Killed(BaseException):
    """What ends a worker in the middle."""


def weights(store: Store, run_id: str) -> dict[str, np.ndarray]:
    """Return those of a run's encoder."""
    row = next(row for row in ledger.task_rows(store, run_id) if row.kind == "encode")
    return load_weights(store.artifacts.folder(row.key))


def submitted(store: Store) -> tuple[str, ClusterAsk]:
    ask = replace(small_ask(store, hidden_dataset(store, store.home)), epochs=EPOCHS)
    return Unlabelled(store).submit(ask), ask


def kill_in(store: Store, run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Carry the training out up to its third epoch."""
    record = ledger.record(store, run_id)
    step, told = plan(record.spec)[0], TaskWork.epoch

    def epoch(work: TaskWork, point: tuple[float, float, float], step: str, share: float) -> None:
        if step.startswith(f"epoch {LAST + 1} "):
            raise Killed
        told(work, point, step, share)

    monkeypatch.setenv("PXCORE_DEVICE", "cpu")
    with monkeypatch.context() as patch:
        patch.setattr(TaskWork, "epoch", epoch)
        with pytest.raises(Killed):
            carry_out(str(store.home), encode(job_of(step, record.dataset)))


@pytest.fixture
def trained_epochs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every epoch that is really trained."""
    epochs: list[int] = []
    really = loop._epoch

    def epoch(*given: object) -> object:
        epochs.append(len(epochs))
        return really(*given)

    monkeypatch.setattr(loop, "_epoch", epoch)
    return epochs


def test_killed_it_goes_on_and_ends_in_the_same_bits(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained_epochs: list[int]
) -> None:
    run_id, _ = submitted(store)
    kill_in(store, run_id, monkeypatch)
    halfway = Unlabelled(store).live(run_id)
    assert (len(halfway.losses), halfway.epochs) == (LAST, EPOCHS)
    assert halfway.redrawn is not None
    assert halfway.redrawn.epoch == LAST
    assert halfway.redrawn.before.shape == halfway.redrawn.after.shape
    carry_on(store)
    assert len(trained_epochs) == EPOCHS
    other = open_store(Settings(home=tmp_path / "undisturbed"))
    undisturbed, _ = submitted(other)
    carry_on(other)
    first, second = weights(store, run_id), weights(other, undisturbed)
    assert all(np.array_equal(first[name], second[name]) for name in second)
    assert Unlabelled(store).live(run_id).losses[:LAST] == halfway.losses
    other.close()


def test_a_cancelled_training_is_taken_up_by_the_next_that_needs_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, trained_epochs: list[int]
) -> None:
    run_id, ask = submitted(store)
    kill_in(store, run_id, monkeypatch)
    ledger.request_cancel(store, run_id, "")
    carry_on(store)
    assert progress(store, run_id).run.state is RunState.CANCELLED
    again = Unlabelled(store).submit(ask)
    carry_on(store)
    assert progress(store, again).run.state is RunState.FINISHED
    assert len(trained_epochs) == EPOCHS
