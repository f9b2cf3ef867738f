"""The published way from cells to a channel's value: attributions over cells, F1 over classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pxcore.importance import bootstrap
from pxcore.importance.fold import FoldImportance, class_means, combine
from pxcore.importance.method import ATTRIBUTION
from pxcore.importance.methods import METHODS
from pxcore.importance.rank_ranges import Draws
from pxcore.importance.ranking import MEAN_OVER_CELLS, rank
from pxcore.training.intervals import corrected_interval
from pxcore.types import Array, Averaging, Ranking, Verdict
from tests.made_folds import made_fold

FREQUENT, RARE = range(2)
"""Channels that speak for the class of 900 cells, and for the one of 100."""
LABELS = np.repeat([0, 1], (900, 100))


def attributed(cells: Array, labels: Array, **changes: object) -> FoldImportance:
    """What an attribution method gives whose values of the cells (C, n) are these."""
    plain = made_fold((0.0,) * len(cells), n_cells=len(labels), labels=labels)
    scores = class_means(cells, labels, 3)[None]
    made = replace(
        plain,
        unit=ATTRIBUTION,
        scores=scores,
        probability_drop=np.full(scores.shape, np.nan),
        predictions=None,
        cell_drop=cells,
    )
    return replace(made, **changes)


def two_classes(seed: int) -> FoldImportance:
    """Class means 1.0 and 0.0 of one channel, 0.3 and 2.0 of the other: 0.90 or 0.47 over cells."""
    rng = np.random.default_rng(seed)
    means = np.array([[1.0, 0.0], [0.3, 2.0]])[:, LABELS]
    return attributed((means + rng.normal(0, 0.05, means.shape)).astype(np.float32), LABELS)


FOLDS = [two_classes(seed) for seed in range(3)]


def ranked(folds: list[FoldImportance], averaging: Averaging, **settings: object) -> Ranking:
    importance = combine(folds, [4 * len(fold.labels) for fold in folds])
    draws = Draws(n_samples=200)
    return rank(importance, folds, draws=draws, averaging=averaging, **settings)


UNITS = {method.unit for method in METHODS.values() if method.kind == "attribution"}


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_the_order_of_two_channels_flips(unit: str) -> None:
    folds = [replace(fold, unit=unit) for fold in FOLDS]
    ours, published = ranked(folds, "classes"), ranked(folds, "published")
    assert ours.rank == ours.rank_low == ours.rank_high == (2, 1)
    assert published.rank == published.rank_low == published.rank_high == (1, 2)
    assert (ours.top[RARE][0], published.top[FREQUENT][0]) == (1, 1)
    assert ours.mean == pytest.approx((0.5, 1.15), abs=0.01)
    assert published.mean == pytest.approx((0.9, 0.47), abs=0.01)
    assert published.per_class == ours.per_class
    assert MEAN_OVER_CELLS in published.notes
    assert MEAN_OVER_CELLS not in ours.notes


def test_values_are_means_over_all_cells_of_a_fold_exactly() -> None:
    """Folds with other shares of the classes too, one of them without the rare one."""
    rng = np.random.default_rng(2)
    folds = []
    for counts in ((70, 25, 5), (40, 40, 4), (90, 30, 0)):
        labels = np.repeat(range(3), counts)
        values = rng.normal(labels, 1, (4, len(labels))).astype(np.float32)
        folds.append(attributed(values, labels))
    found = ranked(folds, "published")
    expected = np.array([fold.cell_drop.astype(np.float64).mean(axis=1) for fold in folds])
    np.testing.assert_allclose(found.folds, expected, rtol=1e-12)
    sizes = [len(fold.labels) for fold in folds]
    for c, values in enumerate(expected.T):
        n_train = [4 * n for n in sizes]
        interval = corrected_interval(values.tolist(), n_train, sizes, bounds=None)
        assert (found.low[c], found.high[c]) == pytest.approx((interval.low, interval.high))
    assert found.small_classes == ()
    assert ranked(folds, "classes").small_classes == (2,)


@pytest.mark.parametrize("donors", [None, 12])
def test_resampled_cells_are_averaged_the_same_way(donors: int | None) -> None:
    """With donors the drawn classes change in size, and so do their weights."""
    fold = two_classes(0)
    if donors:
        fold = replace(fold, groups=np.random.default_rng(1).integers(0, donors, 1000))
    drawn = np.concatenate(list(bootstrap._weights(fold, 9, np.random.default_rng(3))))
    moved = bootstrap.cell_part(fold, 9, 1, np.random.default_rng(3), by_cell=True)
    values = fold.cell_drop.astype(np.float64)
    expected = [np.average(values, axis=1, weights=w) - values.mean(axis=1) for w in drawn]
    np.testing.assert_allclose(moved, expected, atol=1e-6)
    some = bootstrap.cell_part(fold, 9, 1, np.random.default_rng(3), (1,), by_cell=True)
    own = LABELS == 1
    expected = [
        np.average(values[:, own], axis=1, weights=w[own]) - values[:, own].mean(axis=1)
        for w in drawn
    ]
    np.testing.assert_allclose(some, expected, atol=1e-6)


def test_drops_in_f1_stay_means_over_classes_and_none_is_left_out() -> None:
    labels = np.repeat(range(3), (100, 45, 5))  # 15 cells over three folds: few
    folds = [made_fold((0.3, 0.0), seed=s, labels=labels) for s in range(3)]
    ours, published = ranked(folds, "classes"), ranked(folds, "published")
    means = np.array([fold.scores.mean(axis=(0, 2)) for fold in folds])
    np.testing.assert_allclose(published.folds, means)
    np.testing.assert_allclose(
        ours.folds, [fold.scores[:, :, :2].mean(axis=(0, 2)) for fold in folds]
    )
    assert published.probability[0].mean == pytest.approx(means.mean(axis=0)[0] / 2)
    assert (ours.small_classes, published.small_classes) == ((2,), ())
    assert ours.verdict[0] is Verdict.INFORMATIVE
    # What is published has no such rule; a claim that leans on 15 cells is still not made.
    assert published.verdict == (Verdict.UNDECIDED, Verdict.UNDECIDED)
    assert any("as published they are part of the means" in note for note in published.notes)
    assert MEAN_OVER_CELLS not in published.notes
    large = [made_fold((0.3, 0.0), seed=s) for s in range(3)]
    assert ranked(large, "published") == ranked(large, "classes")


def test_ranges_of_ranks_weigh_the_drawn_cells_the_same_way() -> None:
    """Five cells that differ widely move a mean over two classes, and hardly one over cells."""
    labels = np.repeat([0, 1], (95, 5))
    wide = np.where(labels == 1, 6 + 10 * np.cos(np.arange(100) * 2), 0)
    cells = np.stack([np.ones(100), wide]).astype(np.float32)
    folds = [attributed(cells, labels)] * 3  # alike, so that only the cells' part moves anything
    found = ranked(folds, "published")
    assert found.rank == found.rank_low == found.rank_high == (1, 2)
    assert found.top == ((1, 1), (0, 1))
