"""Following a run from the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pxcore.api import open_lab
from pxcore.commands.following import Following
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import Progress, RunState, TaskState
from tests.tiny_lab import tiny_dataset, tiny_spec


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("PXCORE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PXCORE_DEVICE", "cpu")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    opened = open_store(Settings(home=tmp_path / "home"))
    yield opened
    opened.close()


def test_progress_never_goes_backwards(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = open_lab()
    run_id = lab.submit(tiny_spec(tiny_dataset(store)))
    first = lab.progress(run_id)
    begun = replace(first.tasks[0], state=TaskState.RUNNING)
    shares = iter((0.5, 0.1, 0.6))

    def told(_: str) -> Progress:
        share = next(shares, None)
        if share is None:
            return replace(first, run=replace(first.run, state=RunState.FINISHED))
        task = replace(begun, label=f"step {share}")
        return replace(first, tasks=(task,), share=share, runner_alive=True)

    monkeypatch.setattr("pxcore.commands.following.LOOK_SECONDS", 0.01)
    monkeypatch.setattr(lab, "progress", told)
    Following(lab, run_id).to_the_end()
    lab.close()
    shown = [int(found) for found in re.findall(r"(\d+)% step", capsys.readouterr().err)]
    assert shown == [50, 50, 60]
