"""A store where people log in, and the people of its lab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from pxcore.people import accounts, passwords
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types.people import Rank

PASSWORD = "four words in a row"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little work: the tests log in hundreds of times."""
    quicker = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", quicker)
    passwords._nobodys.cache_clear()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path / "home", auth="password"))
    yield opened
    opened.close()


@pytest.fixture
def lab(store: Store, quick: None) -> Store:
    """Return a store with an administrator, a member and a reader."""
    for name, rank in (("Ada", Rank.ADMIN), ("Bob", Rank.MEMBER), ("Eve", Rank.READER)):
        accounts.add(store, name, rank, PASSWORD)
    return store
