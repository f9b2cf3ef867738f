"""Clusters that people named become labels, which go the way of all labels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from pxcore.api import Lab, open_lab
from pxcore.errors import ClusteringError
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import MethodSpec
from pxcore.types.panel import Constraints
from pxcore.types.unlabelled_views import ClusterResult
from tests.hidden_cells import BF, LEFT, RIGHT, hidden_dataset, hidden_kinds, small_ask
from tests.tiny_lab import carry_on


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path_factory.mktemp("named") / "home"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def lab(store: Store) -> Iterator[Lab]:
    with closing(open_lab(Settings(home=store.home))) as opened:
        yield opened


@pytest.fixture(scope="module")
def found(store: Store, lab: Lab) -> ClusterResult:
    cells = hidden_dataset(store, store.home, labelled=False)
    run_id = lab.unlabelled.submit(small_ask(store, cells))
    carry_on(store)
    return lab.unlabelled.result(run_id)


def kind_of(found: ClusterResult, kind: int) -> int:
    """Return the cluster that a kind is."""
    return int(np.bincount(found.cluster[hidden_kinds() == kind]).argmax())


def test_a_named_set_has_its_pixels_and_says_where_its_classes_are_from(
    lab: Lab, found: ClusterResult
) -> None:
    first, second, third = (kind_of(found, kind) for kind in range(3))
    names: dict[int, str | None] = {first: " left ", second: "right", third: None}
    made = lab.unlabelled.name(found.run.id, names, "Named")
    assert made.title == "Named"
    assert set(made.classes) == {"left", "right"}
    assert made.pixels_key == found.dataset.pixels_key
    labels = lab.cells(made.id, range(60)).labels
    expected = np.where(hidden_kinds(60) == 0, made.classes.index("left"), -1)
    expected = np.where(hidden_kinds(60) == 1, made.classes.index("right"), expected)
    assert np.array_equal(labels, expected)
    assert made.report is not None
    origin = made.report.notes[-1]
    assert found.run.id in origin
    assert f"'left' is cluster {first + 1} (40 cells)" in origin
    assert f"left out: {third + 1} (40)" in origin
    assert [one.id for one in lab.unlabelled.named(found.run.id)] == [made.id]
    assert lab.unlabelled.named("another") == ()


def test_clusters_of_one_name_are_one_class(lab: Lab, found: ClusterResult) -> None:
    made = lab.unlabelled.name(found.run.id, {0: "a", 1: "b", 2: "a"})
    assert dict(zip(made.classes, made.class_counts, strict=True)) == {"a": 80, "b": 40}
    assert made.title == "hidden, named clusters"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({0: "a", 3: "b"}, "cluster 4 was named; this run has clusters 1 to 3"),
        ({0: "a", 1: "a"}, "at least two different names"),
        ({0: "a", 1: " ", 2: None}, "named clusters: a; expected"),
        ({0: "a" * 81, 1: "b"}, "81 letters"),
    ],
)
def test_names_that_make_no_classes(
    lab: Lab, found: ClusterResult, names: dict[int, str | None], said: str
) -> None:
    with pytest.raises(ClusteringError, match=said):
        lab.unlabelled.name(found.run.id, names)


def test_a_named_set_is_trained_on_and_ranked(store: Store, lab: Lab, found: ClusterResult) -> None:
    """The whole way: no labels, clusters, names, an ordinary run, and which stains are enough."""
    names = {kind_of(found, kind): name for kind, name in enumerate(("left", "right", "none"))}
    made = lab.unlabelled.name(found.run.id, names)
    spec = lab.draft(made.id, "fast")
    spec = replace(
        spec,
        training=replace(spec.training, max_epochs=6, batch_size=16),
        methods=(MethodSpec(id="permute_cells"),),
        n_folds=2,
        repeats=2,
        decoys=(),
        redundancy=False,
    )
    run_id = lab.submit(spec)
    carry_on(store)
    ranking = lab.result(run_id).methods[0].ranking
    assert {ranking.rank[LEFT], ranking.rank[RIGHT]} == {1, 2}
    answer = lab.panels.ask(
        run_id, lab.panels.question(Constraints(), search=False, ticked=((BF, LEFT),))
    )
    carry_on(store)
    assert lab.progress(answer).error == ""
    told = lab.panels.advice_json(answer, Constraints())
    assert set(told["verdicts"]) == {"BF", "Left", "Right"}
    (run,) = [one for one in lab.panels.answers() if one.run.id == answer]
    assert run.asked_of == (run_id,)
    trained = {trial.members for trial in lab.panels.findings(answer).evidence.trials}
    assert {(BF, LEFT, RIGHT), (BF, LEFT)} <= trained
