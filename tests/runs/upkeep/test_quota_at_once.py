"""Several clicks in one second: a quota lets through what fits together, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection

from pxcore.errors import StoreError
from pxcore.runs import imports, ledger
from pxcore.runs.upkeep import quotas, room
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import ImportRequest
from tests.tiny_lab import tiny_dataset, tiny_spec

BOTH_DATABASES = True
CLICKS = 4
Click = Callable[[], object]


def limited(tmp_path: Path, n_bytes: float) -> Store:
    settings = Settings(home=tmp_path / "home", quota_gb=n_bytes / 2**30, min_free_gb=0)
    return open_store(settings)


def passed(click: Click, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return which of several clicks passed that all count before any of them writes."""
    together, counted, met = threading.Barrier(CLICKS), quotas.under_way, threading.local()

    def slowly(connection: Connection, owner: str) -> frozenset[str]:
        found = counted(connection, owner)
        if not getattr(met, "before", False):
            met.before = True
            together.wait(60)
        return found

    def one(_: int) -> bool:
        met.before = False
        try:
            click()
        except StoreError:
            return False
        return True

    monkeypatch.setattr(quotas, "under_way", slowly)
    with ThreadPoolExecutor(CLICKS) as people:
        return list(people.map(one, range(CLICKS)))


def test_of_runs_only_those_that_fit_together_are_taken(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = limited(tmp_path, 1e9)
    dataset = tiny_dataset(store)
    spec = tiny_spec(dataset)
    store.close()
    store = limited(tmp_path, 2.5 * room.run_bytes(spec, dataset))
    found = passed(lambda: ledger.submit(store, spec), monkeypatch)
    assert found.count(True) == len(ledger.records(store)) == 2
    store.close()


def test_of_imports_only_those_that_fit_together_are_taken(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = limited(tmp_path, 25)
    (tmp_path / "cells.npz").write_bytes(b"x" * 10)
    request = ImportRequest(path=str(tmp_path / "cells.npz"), owner="ann")
    found = passed(lambda: imports.queue(store, request), monkeypatch)
    assert found.count(True) == len(imports.all_imports(store)) == 2
    store.close()


def test_nothing_is_counted_twice_while_nothing_else_began(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow count holds up nobody who wants to write."""
    store, asked = limited(tmp_path, 1e9), []
    spec, counted = tiny_spec(tiny_dataset(store)), quotas.awaited_bytes
    monkeypatch.setattr(quotas, "awaited_bytes", lambda *given: asked.append(1) or counted(*given))
    ledger.submit(store, spec)
    assert len(asked) == 1
    store.close()
