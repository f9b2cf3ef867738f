"""A task's folder: progress, marks, its log; its errors and its batches."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from distributed.scheduler import KilledWorker

from pxcore.errors import Cancelled, DatasetError
from pxcore.runs.execute import memory
from pxcore.runs.execute.memory import with_smaller_batches
from pxcore.runs.failures import classify
from pxcore.runs.work import (
    CHECKPOINT,
    PROGRESS,
    TaskWork,
    WorkProgress,
    append_log,
    ask_to_stop,
    clear,
    read_log,
    read_progress,
)


def test_progress_is_read_as_it_was_told(tmp_path: Path) -> None:
    work = TaskWork(tmp_path)
    assert read_progress(tmp_path).share == 0.0
    work.epoch((0.5, 0.6, 0.7), "epoch 1 of 4", 0.25)
    work.epoch((0.4, 0.5, 0.8), "epoch 2 of 4", 0.5)
    told = read_progress(tmp_path)
    assert (told.step, told.share) == ("epoch 2 of 4", 0.5)
    assert told.curve == ((0.5, 0.6, 0.7), (0.4, 0.5, 0.8))
    work.tell("too soon", 0.9)
    assert read_progress(tmp_path).share == 0.5
    clear(tmp_path)
    assert read_progress(tmp_path).curve == ()
    for half in (b"", b'{"step": "epo', b"null", b"\0\0\0"):  # after a power cut
        (tmp_path / PROGRESS).write_bytes(half)
        assert read_progress(tmp_path) == WorkProgress()


def test_a_mark_stops_a_task_and_a_cleared_one_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pxcore.runs.work.LOOK_SECONDS", -1.0)
    work = TaskWork(tmp_path)
    assert not work.stop()
    ask_to_stop(tmp_path)
    assert work.stop()
    with pytest.raises(Cancelled):
        work.check()
    clear(tmp_path)
    assert not TaskWork(tmp_path).stop()


def test_the_mark_is_looked_for_a_few_times_a_second_only(tmp_path: Path) -> None:
    work = TaskWork(tmp_path)
    work.stop()
    ask_to_stop(tmp_path)
    assert not work.stop()
    time.sleep(0.25)
    assert work.stop()


def test_a_log_is_kept_and_cut_at_whole_lines(tmp_path: Path) -> None:
    for number in range(100):
        append_log(tmp_path, f"line {number}\nsecond half")
    whole = read_log(tmp_path)
    assert whole.count("\n") == 200
    tail = read_log(tmp_path, limit=300)
    assert whole.endswith(tail)
    assert tail.startswith("2")
    assert len(tail) < 300


def test_every_error_has_a_class_and_one_clear_line() -> None:
    out_of_memory = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")
    killed = KilledWorker("task", None, 2)
    found = {
        error: classify(error)
        for error in (
            out_of_memory,
            MemoryError(),
            killed,
            DatasetError("no cells"),
            KeyError("x"),
        )
    }
    classes = [failure.error_class for failure in found.values() if failure]
    assert classes == ["out of memory", "out of memory", "killed", "bad input", "defect"]
    assert all(failure and "\n" not in failure.message for failure in found.values())
    assert "3 times" in str(found[killed])
    assert classify(Cancelled("asked")) is None


def test_batches_are_halved_until_they_fit(tmp_path: Path) -> None:
    work, tried = TaskWork(tmp_path), []
    (work.checkpoint / "a").write_text("of the larger batch")

    def attempt(batch_size: int) -> str:
        tried.append((batch_size, (tmp_path / CHECKPOINT).exists()))
        if batch_size > 40:
            message = "CUDA out of memory"
            raise torch.OutOfMemoryError(message)
        return "done"

    assert with_smaller_batches(attempt, 128, work) == ("done", 32)
    assert tried == [(128, True), (64, False), (32, False)]
    assert "trying again with 32" in read_log(tmp_path)


def test_memory_that_never_suffices_is_told_and_other_errors_pass(tmp_path: Path) -> None:
    def hungry(_: int) -> None:
        message = "CUDA out of memory"
        raise torch.OutOfMemoryError(message)

    def broken(_: int) -> None:
        message = "shapes"
        raise RuntimeError(message)

    with pytest.raises(torch.OutOfMemoryError):
        with_smaller_batches(hungry, 64, TaskWork(tmp_path))
    assert memory.SMALLEST_BATCH == 4
    with pytest.raises(RuntimeError, match="shapes"):
        with_smaller_batches(broken, 64, TaskWork(tmp_path))
