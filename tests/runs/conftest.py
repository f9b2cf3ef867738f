"""A small data set's card, specs for it, and a store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import Channel, MethodSpec, Panel, Role, RunSpec

PANEL = Panel(
    (Channel(name="BF", role=Role.BRIGHTFIELD), Channel(name="CD3"), Channel(name="CD19"))
)


@pytest.fixture
def spec() -> RunSpec:
    return RunSpec(
        dataset_id="d" * 16,
        panel=PANEL,
        classes=("a", "b"),
        methods=(MethodSpec(id="pxpermute"), MethodSpec(id="permute_cells")),
        n_folds=2,
        owner="ann",
    )


@pytest.fixture
def store(tmp_path: Path, database: str) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path / "home"))
    yield opened
    opened.close()
