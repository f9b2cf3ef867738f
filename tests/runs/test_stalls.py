"""A runner that lives and says nothing: the page says why."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from pxcore.runs import stalls
from pxcore.runs.stalls import stalled
from pxcore.store.home import Store

ROOM = {"f_flag": 0, "f_bavail": 10**6, "f_frsize": 4096, "f_files": 100, "f_favail": 50}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({}, "the database does not take it"),
        ({"f_flag": os.ST_RDONLY}, "read-only; have it made writable"),
        ({"f_bavail": 3}, "is full; free space"),
        ({"f_favail": 0}, "is full; free space"),
        ({"f_files": 0, "f_favail": 0}, "the database does not take it"),  # does not count files
    ],
)
def test_a_silence_is_explained_by_looking(
    store: Store, monkeypatch: pytest.MonkeyPatch, found: dict[str, int], said: str
) -> None:
    monkeypatch.setattr(stalls.os, "statvfs", lambda _: SimpleNamespace(**ROOM | found))
    assert stalled(store, 2.0) == ""
    told = stalled(store, 90.0)
    assert said in told
    assert "nothing is lost" in told
