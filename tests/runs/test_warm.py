"""What a worker does when it starts."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from pxcore.errors import Cancelled
from pxcore.runs.execute import warm
from pxcore.runs.execute.warm import in_one_line


def loaded_by(code: str) -> set[str]:
    """Return the packages that a new process has loaded after some code."""
    told = f"{code}\nimport sys\nprint(*{{one.partition('.')[0] for one in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_a_worker_of_light_steps_loads_no_torch() -> None:
    """It would take seconds of each start, and half of the worker's memory for good."""
    assert warm.needed({"LIGHT": 1.0}) == warm.LIGHT
    assert {"train", "explain"} < set(warm.needed({"CPU": 1.0})) == set(warm.needed({}))
    found = loaded_by(f"from pxcore.runs.execute import warm\nwarm._load({warm.LIGHT})")
    assert "scipy" in found
    assert "torch" not in found


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("pxcore.commands.program", {"distributed", "torch", "dask", "scipy", "streamlit"}),
        ("pxcore.__main__", {"typer", "distributed", "numpy", "sqlalchemy"}),
    ],
)
def test_what_every_process_begins_with_loads_little(module: str, heavy: set[str]) -> None:
    """Dask's workers begin with the file that the runner was started by."""
    assert not heavy & loaded_by(f"import {module}")


def test_a_cancelled_task_is_one_line_in_the_log_of_its_worker() -> None:
    words = "Compute Failed\nKey: %s\nException: %r\nTraceback: %r\n"

    def told(error: Exception) -> str:
        given = ("train-1", repr(error), "File x.py, line 3")
        record = logging.LogRecord("distributed.worker", logging.ERROR, "", 0, words, given, None)
        assert in_one_line(record)
        return record.getMessage()

    assert told(Cancelled("stopped on request")) == "task train-1: stopped on request"
    assert "line 3" in told(ValueError("bad"))
