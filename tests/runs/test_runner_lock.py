"""One runner a store, and what only it may tidy."""

from __future__ import annotations

import pytest

from pxcore.errors import RunError
from pxcore.runs.runner_lock import hold_lock, tidy
from pxcore.store.home import Store


def test_a_second_runner_is_refused_until_the_first_lets_go(store: Store) -> None:
    with hold_lock(store), pytest.raises(RunError, match="already serves"):
        hold_lock(store, timeout=0.1)
    with hold_lock(store, timeout=0.1):
        pass


def test_tidy_removes_what_dead_workers_left(store: Store) -> None:
    (store.home / "workers" / "dask-scratch-space").mkdir(parents=True)
    tidy(store)
    assert list((store.home / "workers").iterdir()) == []
