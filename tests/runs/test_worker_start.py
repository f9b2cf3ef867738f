"""A host too busy to start its workers in time: said in one line, nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

from pxcore.runs import local_cluster

CODE = """
import sys
from pxcore.runs import local_cluster
local_cluster.START_SECONDS = 0.3
from pxcore.commands.program import main
sys.argv[:] = ["pxcore", "runner", "--until-idle"]
main()
"""


def test_workers_that_are_not_ready_in_time_are_told(tmp_path: Path) -> None:
    environment = os.environ | {"PXCORE_HOME": str(tmp_path / "home"), "PXCORE_DEVICE": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "pxcore: the workers of this host did not start (" in done.stderr
    assert "start the runner again" in done.stderr
    assert "Traceback" not in done.stderr
    left = [one for one in psutil.process_iter(["environ"]) if _of(one, tmp_path)]
    assert left == []


def _of(process: psutil.Process, folder: Path) -> bool:
    return (process.info["environ"] or {}).get("PXCORE_HOME") == str(folder / "home")


def test_a_busy_host_has_minutes() -> None:
    """Sixty seconds were too few: a loaded machine read its libraries for longer."""
    assert local_cluster.START_SECONDS >= 300
