"""The published protocol in miniature, from its draft to its result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from pxcore.data.annotation import Annotation
from pxcore.importance.fold import FoldImportance
from pxcore.runs import drafts, ledger
from pxcore.runs.method_names import method_name
from pxcore.runs.parts import Parts
from pxcore.runs.result import result
from pxcore.runs.saved.scores import load_scores
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import Channel, Dataset, MethodResult, Panel, RunResult, RunSpec
from tests.tiny_lab import carry_on, stored_dataset

LABELS = np.repeat([0, 1], (26, 14))
"""Unequal, so that means over cells are none over classes; the second class is small."""
TOLD = 1
PIXELS = ("integrated_gradients", "deeplift", "lrp", "guided_gradcam")
EXPECTED = {
    "pxpermute": "pxpermute",
    "occlusion": "occlusion",
    "integrated_gradients": "integrated_gradients:aggregate=signed_median:reference=zero",
    "deeplift": "deeplift:aggregate=signed_median:reference=zero",
    "lrp": "lrp:aggregate=signed_median",
    "guided_gradcam": "guided_gradcam:aggregate=signed_median:layer=layer1",
}


def two_classes(store: Store) -> Dataset:
    """Return 40 cells of three channels, 16 x 16, the second brighter in one class."""
    rng = np.random.default_rng(4)
    images = rng.integers(0, 900, (len(LABELS), 3, 16, 16))
    images[:, TOLD, 4:12, 4:12] += 2500 * LABELS[:, None, None]
    masks = np.ones((len(LABELS), 1, 16, 16), np.uint8)
    annotation = Annotation(LABELS, np.full(len(LABELS), -1), ("frequent", "rare"), ())
    panel = Panel(tuple(Channel(name=name) for name in ("BF", "told", "noise")))
    return stored_dataset(store, (images.astype(np.uint16), masks), annotation, panel)


def miniature(spec: RunSpec) -> RunSpec:
    """Return the preset with what must be small here, and without its 45 MB of weights."""
    return replace(
        spec,
        model=replace(spec.model, weights="random"),
        training=replace(spec.training, max_epochs=1, batch_size=16),
        n_folds=2,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    store = open_store(Settings(home=tmp_path_factory.mktemp("paper")))
    spec = miniature(drafts.draft(store, two_classes(store).id, "paper"))
    run_id = ledger.submit(store, drafts.frozen_spec(store, spec))
    carry_on(store)
    yield store, run_id
    store.close()


@pytest.fixture(scope="module")
def found(finished: tuple[Store, str]) -> RunResult:
    return result(*finished)


def folds_of(finished: tuple[Store, str], method: str) -> list[FoldImportance]:
    store, run_id = finished
    parts = Parts(store, ledger.record(store, run_id))
    return [load_scores(folder)[0] for folder in parts.folders(f"explain/{EXPECTED[method]}")]


def named(found: RunResult, method: str) -> MethodResult:
    (one,) = [one for one in found.methods if one.method.partition(":")[0] == method]
    return one


def test_all_six_methods_rank_the_channels_as_published(found: RunResult) -> None:
    assert [method_name(one) for one in found.spec.methods] == list(EXPECTED.values())
    assert len(found.methods) == 6
    assert found.spec.averaging == "published"
    assert (found.spec.decoys, found.where, found.redundancy) == ((), None, None)
    assert found.panel.names == ("BF", "told", "noise")
    for method in found.methods:
        assert sorted(method.ranking.rank) == [1, 2, 3]
        assert np.isfinite(method.ranking.mean).all()
        assert method.ranking.decoy_bound is None


def test_a_hundred_permutations_in_every_fold(found: RunResult) -> None:
    assert named(found, "pxpermute").importance.repeats == (100, 100)
    assert {named(found, one).importance.repeats for one in EXPECTED if one != "pxpermute"} == {
        (1, 1)
    }


@pytest.mark.parametrize("method", PIXELS)
def test_attributions_are_medians_over_the_tile_averaged_over_cells(
    finished: tuple[Store, str], found: RunResult, method: str
) -> None:
    folds = folds_of(finished, method)
    expected = [fold.aggregates["signed_median"].mean(axis=1, dtype=float) for fold in folds]
    told = named(found, method).ranking
    assert sum(len(fold.labels) for fold in folds) == len(LABELS)
    np.testing.assert_allclose(told.folds, expected, rtol=1e-9, atol=1e-15)
    over_classes = [np.nanmean(fold.scores, axis=(0, 2)) for fold in folds]
    assert not np.allclose(told.folds, over_classes, rtol=1e-3)


@pytest.mark.parametrize("method", ["pxpermute", "occlusion"])
def test_drops_are_means_over_both_classes(
    finished: tuple[Store, str], found: RunResult, method: str
) -> None:
    told = named(found, method).ranking
    folds = folds_of(finished, method)
    expected = [fold.scores.mean(axis=(0, 2)) for fold in folds]
    np.testing.assert_allclose(told.folds, expected)
    # A network that has hardly seen a cell may call all one class; its probabilities always move.
    moved = np.mean([fold.probability_drop.mean(axis=(0, 2)) for fold in folds], axis=0)
    np.testing.assert_allclose([one.mean for one in told.probability], moved)
    assert (moved != 0).all()
    assert told.small_classes == ()


def test_it_is_said_what_is_not_as_published(found: RunResult) -> None:
    """Random weights were chosen here, and a class is small."""
    assert found.run.title.endswith("(random weights)")
    assert dict(found.details)["Value of a channel"].endswith("attributions: mean over all cells")
    told = named(found, "pxpermute").ranking.notes
    assert any("as published they are part of the means" in note for note in told)
