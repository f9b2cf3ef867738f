"""Planned runs that were measured: made once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pxcore.api import Lab
from pxcore.runs.panels.questions import PanelAsk
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types import MethodSpec
from tests.runs.staged.made_cells import learning, marker_dataset, queue
from tests.runs.staged.measured_plans import ALL, EVEN, FINAL, FIRST, SECOND, Measured
from tests.tiny_lab import carry_on


@pytest.fixture(scope="package")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    store = open_store(Settings(home=tmp_path_factory.mktemp("staged")))
    made = {"first": FIRST, "second": SECOND, "final": FINAL, "all": ALL}
    data = {name: marker_dataset(store, m, name, EVEN) for name, m in made.items()}
    runs = {name: queue(store, data[name]) for name in ("second", "final", "all")}
    runs["first"] = queue(store, data["first"], training=learning())
    pixels = (MethodSpec(id="pxpermute"),)
    runs["by pixels"] = queue(store, data["first"], methods=pixels)
    runs["without CD19"] = queue(store, data["first"], (0, 1, 2))
    carry_on(store)
    ask = PanelAsk(search=False)
    runs["asked"] = Lab(store).panels.ask(runs["final"], ask)
    carry_on(store)
    runs["queued"] = queue(store, data["first"], seed=7)
    yield Measured(store, {name: one.id for name, one in data.items()}, runs)
    store.close()


@pytest.fixture
def lab(measured: Measured) -> Lab:
    return Lab(measured.store)
