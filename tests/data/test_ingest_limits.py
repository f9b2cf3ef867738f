"""The import process: what becomes of it when a file does harm; see test_import_door too."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from pxcore.data import convert, ingest_child
from pxcore.data.limits import MIB, Limits
from pxcore.errors import Cancelled, DatasetError
from tests.import_runs import assert_clean, run, sparse, stack_file


def test_memory_is_limited(tmp_path: Path) -> None:
    sparse(tmp_path / "cells.h5", (1, 128, 1024, 1024))  # one cell of 1 GiB
    with pytest.raises(DatasetError, match=r"more than 700\.0 MiB of memory"):
        run(tmp_path, tmp_path / "cells.h5", Limits(memory=700 * MIB, keep_free=0))
    assert_clean(tmp_path)


def test_processor_time_is_limited(tmp_path: Path) -> None:
    sparse(tmp_path / "cells.h5", (6000, 1, 512, 512))
    with pytest.raises(DatasetError, match="more than 1 seconds of processor time"):
        run(tmp_path, tmp_path / "cells.h5", Limits(cpu_seconds=1, keep_free=0))
    assert_clean(tmp_path)


def test_wall_time_is_limited(tmp_path: Path) -> None:
    sparse(tmp_path / "cells.h5", (6000, 1, 512, 512))
    start = time.monotonic()
    with pytest.raises(DatasetError, match="longer than 1 seconds"):
        run(tmp_path, tmp_path / "cells.h5", Limits(wall_seconds=1, keep_free=0))
    assert time.monotonic() - start < 10
    assert_clean(tmp_path)


@pytest.mark.parametrize(
    ("number", "says"),
    [(signal.SIGKILL, "killed from outside"), (signal.SIGSEGV, r"crashed while reading \(SIGSEGV")],
)
def test_a_killed_child_is_told(number: int, says: str, tmp_path: Path) -> None:
    sparse(tmp_path / "cells.h5", (6000, 1, 512, 512))

    def kill(step: str, share: float) -> None:
        if step == "Reading cells":
            for child in psutil.Process().children():
                if "pxcore.data.ingest_child" in child.cmdline():
                    os.kill(child.pid, number)

    with pytest.raises(DatasetError, match=says):
        run(tmp_path, tmp_path / "cells.h5", tell=kill)
    assert_clean(tmp_path)


def test_a_teller_that_raises_ends_the_import(tmp_path: Path) -> None:
    sparse(tmp_path / "cells.h5", (6000, 1, 512, 512))

    def stop(step: str, share: float) -> None:
        if step == "Reading cells":
            raise Cancelled

    with pytest.raises(Cancelled):
        run(tmp_path, tmp_path / "cells.h5", tell=stop)
    assert_clean(tmp_path)


def test_the_child_sees_no_more_than_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PXCORE_DATABASE_URL", "secret")
    monkeypatch.setenv("HDF5_PLUGIN_PATH", "/tmp/evil")
    seen: list[dict[str, str]] = []

    def look(step: str, share: float) -> None:
        children = psutil.Process().children()
        ours = [child for child in children if "pxcore.data.ingest_child" in child.cmdline()]
        seen.extend(child.environ() for child in ours)

    run(tmp_path, stack_file(tmp_path / "cells.h5"), tell=look)
    assert seen
    assert "PXCORE_DATABASE_URL" not in seen[0]
    assert seen[0]["HDF5_PLUGIN_PRELOAD"] == "::"
    assert seen[0]["HDF5_PLUGIN_PATH"] != "/tmp/evil"


def test_a_file_inside_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "cells/7.h5")

    order = {"request": {"path": "cells", "options": []}, "workspace": str(tmp_path)}
    text = json.dumps(order | {"limits": dataclasses.asdict(Limits())})
    monkeypatch.setattr(convert, "convert", refuse)
    monkeypatch.setattr(ingest_child, "limit_process", lambda *_: None)
    monkeypatch.setattr(ingest_child, "end_with_parent", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["ingest_child", "1"])
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    assert ingest_child.main() == 2
    answer = json.loads(capsys.readouterr().out)
    assert answer["kind"] == "DatasetError"
    assert answer["error"].startswith("cells/7.h5 may not be read by the user")
    assert "chmod" in answer["error"]
