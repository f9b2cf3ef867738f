"""The compare page's door on a real store with two tiny runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pxcore.api import Lab, open_lab
from pxcore.errors import RunError
from pxcore.settings import Settings
from pxcore.types import MethodSpec, RunState
from pxcore.types.comparison import MOST_ITEMS, Item
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, str, str]]:
    """Return a lab with two finished runs of two data sets and a queued one."""
    home: Path = tmp_path_factory.mktemp("home")
    lab = open_lab(Settings(home=home))
    ids = []
    for seed, seeds in ((0, 1), (3, 2)):
        spec = tiny_spec(tiny_dataset(lab._store, seed=seed))
        methods = (
            MethodSpec(id="pxpermute"),
            MethodSpec(id="occlusion", options=(("fill", "mean"),)),
        )
        methods = (*methods, MethodSpec(id="permute_cells"))
        ids.append(lab.submit(replace(spec, methods=methods, seeds=seeds)))
    carry_on(lab._store)
    lab.submit(tiny_spec(tiny_dataset(lab._store, seed=9)))
    yield lab, ids[0], ids[1]
    lab.close()


def test_items_are_those_of_finished_runs_newest_first(filled: tuple[Lab, str, str]) -> None:
    lab, first, second = filled
    rows = lab.comparing.items()
    methods = ["pxpermute", "occlusion:fill=mean", "permute_cells"]
    assert [str(row.item) for row in rows] == [
        f"{run}:{m}" for run in (second, first) for m in methods
    ]
    assert all(row.run.state is RunState.FINISHED for row in rows)
    assert rows[1].label == "Occlusion (fill mean)"


def test_a_comparison_holds_what_the_results_say(filled: tuple[Lab, str, str]) -> None:
    lab, first, second = filled
    items = [Item(first, "pxpermute"), Item(second, "occlusion:fill=mean"), Item("gone", "lrp")]
    found = lab.comparing.compare([*items, items[0]])
    assert [column.item for column in found.columns] == items[:2]
    assert [item for item, _ in found.missing] == [items[2]]
    assert "'gone'" in found.missing[0][1]
    result = lab.result(first)
    for c, channel in enumerate(found.channels):
        assert channel.name == result.panel.names[c]
        assert found.values[0][c].mean == result.methods[0].ranking.mean[c]
        assert found.ranks[0][c].rank == result.methods[0].ranking.rank[c]
    folds = [value for fold in result.methods[0].ranking.folds for value in fold]
    assert found.scales[0] == (min(folds), max(folds))
    assert len(found.starts[1][0]) == 2
    assert found.starts[0][0] == ()
    assert not found.agreements[0].paired


def test_a_method_that_a_run_does_not_have_is_told(filled: tuple[Lab, str, str]) -> None:
    lab, first, _ = filled
    found = lab.comparing.compare([Item(first, "lrp"), Item(first, "permute_cells")])
    assert [column.item.method for column in found.columns] == ["permute_cells"]
    assert "it has pxpermute, occlusion:fill=mean, permute_cells" in found.missing[0][1]


def test_too_many_are_refused(filled: tuple[Lab, str, str]) -> None:
    lab, first, _ = filled
    with pytest.raises(RunError, match="at most 12"):
        lab.comparing.compare([Item(first, str(n)) for n in range(MOST_ITEMS + 1)])


def test_a_comparison_opens_at_once(filled: tuple[Lab, str, str]) -> None:
    lab, *_ = filled
    items = [row.item for row in lab.comparing.items()]
    lab.comparing.compare(items)
    began = time.process_time()
    lab.comparing.compare(items)
    assert time.process_time() - began < 0.5
