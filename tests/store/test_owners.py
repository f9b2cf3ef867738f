"""Temporary folders go with their process; a child goes with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pxcore.store import owners
from pxcore.store.artifacts import OTHERS_SECONDS, Artifacts
from pxcore.store.owners import orphaned, owned

CODE = (
    "import sys, os, signal, time; from pathlib import Path\n"
    "from pxcore.store.artifacts import Artifacts\n"
    "print(Artifacts(Path(sys.argv[1])).temporary('import').name, flush=True)\n"
    "time.sleep(600)"
)


def holder(root: Path) -> tuple[subprocess.Popen[str], str]:
    """Return a process that holds a temporary folder, and the folder's name."""
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_folder_lives_as_long_as_its_process_even_as_a_zombie(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    mine = artifacts.temporary("import")
    process, name = holder(tmp_path)
    with process:
        folder = tmp_path / "temporary" / name
        (folder / "half").write_text("x")
        artifacts.forget_temporary()
        artifacts.forget_temporary(older_than_seconds=-1)
        assert folder.exists()  # however old it is: its process lives
        process.kill()
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        artifacts.forget_temporary()
        assert not folder.exists()
        assert mine.exists()


def test_a_process_id_given_again_is_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    name = owned("import")
    assert orphaned(name) is False
    before, start, random = name.rsplit("~", 2)
    assert orphaned(f"{before}~{int(start) - 1}~{random}") is True
    monkeypatch.setattr(owners, "_host", lambda: "another")
    assert orphaned(name) is None


def test_folders_of_other_hosts_go_when_they_are_old(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    names = ["x~elsewhere-1~1~5~00000000", "made-by-an-older-version"]
    kept, gone = (
        [tmp_path / "temporary" / f"{age}-{name}" for name in names] for age in ("young", "old")
    )
    for folder in (*kept, *gone):
        folder.mkdir()
    long_ago = time.time() - OTHERS_SECONDS - 60
    for folder in gone:
        os.utime(folder, (long_ago, long_ago))
    artifacts.forget_temporary()
    assert all(folder.exists() for folder in kept)
    assert not any(folder.exists() for folder in gone)


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is told on Linux only")
def test_a_child_whose_parent_died_before_it_asked_ends_at_once() -> None:
    code = (
        "import signal, sys; from pxcore.store.parent import end_with_parent\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "end_with_parent(int(sys.argv[1]), signal.SIGTERM); print('lives')"
    )
    ends = {
        parent: subprocess.run(
            [sys.executable, "-c", code, str(parent)], check=False, capture_output=True, text=True
        )
        for parent in (os.getpid(), os.getppid() + 10**6)
    }
    mine, others = ends.values()
    assert (mine.returncode, mine.stdout) == (0, "lives\n")
    assert (others.returncode, others.stdout) == (-signal.SIGKILL, "")
