"""A full disk is told as a full disk, wherever a task meets it."""

from __future__ import annotations

import errno
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from pxcore.errors import OutOfDiskError, StoreError
from pxcore.runs import work
from pxcore.runs.execute import worker
from pxcore.runs.failures import classify
from pxcore.runs.job import job_of
from pxcore.runs.plan import plan
from pxcore.runs.work import read_log
from pxcore.store.artifacts import Artifacts
from pxcore.store.home import Store
from pxcore.store.keys import encode
from tests.tiny_lab import tiny_dataset, tiny_spec

KEY = "ab" * 32

LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np, torch
from pxcore.training import checkpoint
from pxcore.runs.saved.model import Story, save_model
from pxcore.types import Fold, TrainedModel

def kept(size):
    state = {{"weight": torch.full((size,), 1.0)}}
    return checkpoint.Checkpoint(
        history=(), model=state, best={{"weight": state["weight"] + 1}}, optimiser={{}}
    )

def model(size):
    none = np.zeros(0)
    return TrainedModel(
        weights={{"weight": np.ones(size, np.float32)}}, low=none, high=none, history=(),
        best_epoch=1, test_probability=none, test_labels=none, seconds=0.0, device="cpu",
    )

def save(size):
    {save}

folder = Path(sys.argv[1])
none = np.zeros(0, np.int64)
story = Story(history=(), best_epoch=1, seconds=0.0, device="cpu", batch_size=1, n_train=0,
    n_valid=0, n_test=0, versions=())
save(10)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    save(100_000)
except OSError as error:
    print(error.errno)
print(sorted(path.name for path in folder.iterdir()))
found = checkpoint.load(folder, "abc", torch.device("cpu"))
print(found is not None and len(found.model["weight"]))
"""


def _full(number: int = errno.ENOSPC) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("save", "left"),
    [
        ('checkpoint.save(folder, kept(size), "abc")', ["['checkpoint.safetensors']", "10"]),
        (
            "save_model(folder, model(size), Fold(none, none, none), np.zeros(0), story)",
            ["['arrays.npz', 'training.json', 'weights.safetensors']", "False"],
        ),
    ],
    ids=["checkpoint", "weights"],
)
def test_weights_that_do_not_fit_are_an_os_error(
    tmp_path: Path, save: str, left: list[str]
) -> None:
    """A limit on the size of files stands for the full disk: safetensors' own writer hides both."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED.format(save=save), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [str(errno.EFBIG), *left], done.stderr


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_the_class_says_what_to_do(tmp_path: Path, number: int) -> None:
    artifacts = Artifacts(tmp_path)
    with pytest.raises(OutOfDiskError) as raised, artifacts.write(KEY):
        raise _full(number)
    arrived = pickle.loads(pickle.dumps(raised.value))  # as Dask brings it
    for error in (arrived, _full(number)):
        failure = classify(error)
        assert failure
        assert failure.error_class == "out of disk"
        assert os.strerror(number) in failure.message
        assert "free space, then start again: finished steps are kept" in failure.message
    assert list((tmp_path / "temporary").iterdir()) == []


def test_other_errors_of_files_are_not_a_full_disk(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    with pytest.raises(StoreError, match="disk writable") as raised, artifacts.write(KEY):
        raise _full(errno.EROFS)
    failures = [classify(error) for error in (raised.value, _full(errno.EIO))]
    assert [failure and failure.error_class for failure in failures] == ["bad input", "defect"]


def test_a_log_that_cannot_be_written_does_not_hide_the_error(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = tiny_dataset(store)
    step = plan(tiny_spec(dataset))[0]
    job = encode(job_of(step, dataset))
    real = work.append_log

    def first_line_only(folder: Path, text: str) -> None:
        if not text.startswith("started"):
            raise _full()
        real(folder, text)

    def broken(_: object) -> None:
        message = "the real one"
        raise ValueError(message)

    monkeypatch.setattr(work, "append_log", first_line_only)
    monkeypatch.setattr(worker, "_stage", broken)
    with pytest.raises(ValueError, match="the real one"):
        worker.carry_out(str(store.home), job)
    assert not store.artifacts.has(step.key)
    monkeypatch.setattr(worker, "_stage", lambda _: None)
    assert worker.carry_out(str(store.home), job) > 0
    assert store.artifacts.has(step.key)
    assert read_log(store.artifacts.work(step.key)).count("\n") == 2
