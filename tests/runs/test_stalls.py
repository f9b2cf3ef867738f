"""A runner that lives and says nothing: the page says why."""

from __future__ import annotations

import errno
import os

import pytest

from pxcore.runs import health, stalls
from pxcore.runs.stalls import disk_problem, stalled
from pxcore.store.home import Store


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (None, "the database does not take it"),
        (errno.EROFS, "cannot be written (Read-only file system); have it made writable"),
        (errno.EIO, "cannot be written (Input/output error)"),
        (errno.ENOSPC, "is full; free space"),
        (errno.EDQUOT, "is full; free space"),
    ],
)
def test_a_silence_is_explained_by_trying(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int | None, said: str
) -> None:
    def broken(*_: object) -> None:
        assert number is not None
        raise OSError(number, os.strerror(number))

    if number is not None:
        monkeypatch.setattr(stalls.os, "write", broken)
    assert stalled(store, 2.0) == ""
    told = stalled(store, 90.0)
    assert said in told
    assert "nothing is lost" in told
    assert health.health(store).disk is (number is None)
    monkeypatch.undo()
    assert disk_problem(store) == ""
    assert list((store.home / "temporary").iterdir()) == []
