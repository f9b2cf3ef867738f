"""A store and runners on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from tests.processes.living import Runners


@pytest.fixture
def store(tmp_path: Path, database: str) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path / "home"))
    yield opened
    opened.close()


@pytest.fixture
def runners(store: Store) -> Iterator[Runners]:
    started = Runners(store)
    yield started
    started.end_all()
