"""Planned runs that were measured: made once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pxcore.api import Lab
from pxcore.runs import datasets
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types import MethodSpec
from tests.runs.staged.made_cells import marker_dataset, queue
from tests.runs.staged.measured_plans import ALL, EVEN, Measured, measured_runs
from tests.tiny_lab import carry_on


@pytest.fixture(scope="package")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    store = open_store(Settings(home=tmp_path_factory.mktemp("staged")))
    found = measured_runs(store)
    first, every = datasets.one(store, found.data["first"]), marker_dataset(store, ALL, "all", EVEN)
    pixels = (MethodSpec(id="pxpermute"),)
    more = {
        "all": queue(store, every),
        "by pixels": queue(store, first, methods=pixels),
        "without CD19": queue(store, first, (0, 1, 2)),
    }
    carry_on(store)
    more["queued"] = queue(store, first, seed=7)
    yield Measured(store, found.data | {"all": every.id}, found.runs | more)
    store.close()


@pytest.fixture
def lab(measured: Measured) -> Lab:
    return Lab(measured.store)
