"""The bootstrap against slow rewrites of it, and what its ranges are worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from pxcore.importance import bootstrap
from pxcore.importance.fold import FoldImportance
from pxcore.types import Array
from tests.made_folds import made_fold

RATES = (0.5, 0.2, 0.0)


def slow_values(fold: FoldImportance, cells: Array, n_repeats: int) -> Array:
    """(C,) channel values of a list of cells, with scikit-learn, one by one."""
    true = fold.labels[cells]
    classes = np.unique(true)

    def f1(predicted: Array) -> Array:
        return f1_score(true, predicted[cells], labels=classes, average=None, zero_division=0)

    base = f1(fold.base_predictions)
    return np.array(
        [
            np.mean([np.mean(base - f1(repeat)) for repeat in channel[:n_repeats]])
            for channel in fold.predictions
        ]
    )


@pytest.mark.parametrize("donors", [False, True])
def test_weighted_counts_are_resampled_cells(donors: bool) -> None:
    groups = np.random.default_rng(1).integers(0, 6, 90) if donors else None
    fold = made_fold(RATES, n_cells=90, groups=groups)
    weights = np.concatenate(list(bootstrap._weights(fold, 12, np.random.default_rng(3))))
    moved = bootstrap.cell_part(fold, 12, 4, np.random.default_rng(3))
    observed = slow_values(fold, np.arange(90), 4)
    for drawn, found in zip(weights, moved, strict=True):
        cells = np.repeat(np.arange(90), drawn.astype(int))
        np.testing.assert_allclose(found, slow_values(fold, cells, 4) - observed, atol=1e-6)


def test_cells_are_drawn_within_their_class() -> None:
    fold = made_fold(RATES, n_cells=100)
    weights = np.concatenate(list(bootstrap._weights(fold, 200, np.random.default_rng(0))))
    for label in range(3):
        own = weights[:, fold.labels == label]
        np.testing.assert_array_equal(own.sum(axis=1), own.shape[1])
    assert weights.mean() == pytest.approx(1)
    # Drawn with replacement: counts spread like a binomial's, variance about 1 - 1 / n.
    assert weights.var() == pytest.approx(1 - 3 / 100, abs=0.05)


def test_donors_are_drawn_whole() -> None:
    groups = np.random.default_rng(1).integers(0, 5, 100)
    fold = made_fold(RATES, n_cells=100, groups=groups)
    assert bootstrap.draws_donors(fold)
    weights = np.concatenate(list(bootstrap._weights(fold, 50, np.random.default_rng(0))))
    for donor in range(5):
        own = weights[:, groups == donor]
        assert (own == own[:, :1]).all()
    per_donor = np.stack([weights[:, groups == donor][:, 0] for donor in range(5)], axis=1)
    np.testing.assert_array_equal(per_donor.sum(axis=1), 5)
    assert not bootstrap.draws_donors(replace(fold, groups=np.zeros(100, int)))


# Three donors: two hold classes 0 and 1, the third alone holds class 2.
ALONE = np.where(np.arange(90) % 3 == 2, 2, np.arange(90) // 3 % 2)


def three_donors() -> FoldImportance:
    return made_fold(RATES, n_cells=90, labels=np.arange(90) % 3, groups=ALONE)


def test_samples_of_donors_without_a_class_are_means_over_the_others_and_counted() -> None:
    fold = three_donors()
    weights = np.concatenate(list(bootstrap._weights(fold, 300, np.random.default_rng(3))))
    moved = bootstrap.cell_part(fold, 300, 2, np.random.default_rng(3))
    observed = slow_values(fold, np.arange(90), 2)
    lacks = np.array([len(np.unique(fold.labels[drawn > 0])) < 3 for drawn in weights])
    for drawn, found in zip(weights[lacks][:5], moved[lacks], strict=False):
        cells = np.repeat(np.arange(90), drawn.astype(int))
        np.testing.assert_allclose(found, slow_values(fold, cells, 2) - observed, atol=1e-6)
    counted = bootstrap.lacking(fold, 300, np.random.default_rng(3))
    assert counted == lacks.sum()
    # The third donor is missed by (2/3)^3 of the samples, both others by (1/3)^3.
    assert counted / 300 == pytest.approx(9 / 27, abs=0.1)
    cells_only = replace(fold, groups=None)
    assert bootstrap.lacking(cells_only, 300, np.random.default_rng(3)) == 0


def test_samples_without_any_class_give_way_to_others() -> None:
    """Of class 2 alone, the samples without the third donor know nothing and are no zeros."""
    fold = three_donors()
    weights = np.concatenate(list(bootstrap._weights(fold, 300, np.random.default_rng(3))))
    moved = bootstrap.cell_part(fold, 300, 2, np.random.default_rng(3), (2,))
    empty = weights[:, fold.labels == 2].sum(axis=1) == 0
    assert 0 < empty.sum() == bootstrap.lacking(fold, 300, np.random.default_rng(3), (2,))
    np.testing.assert_array_equal(moved[empty], moved[~empty][: empty.sum()])
    assert np.isfinite(moved).all()
    gone = replace(fold, labels=np.arange(90) % 2)
    nothing = bootstrap.cell_part(gone, 9, 2, np.random.default_rng(3), (2,))
    np.testing.assert_array_equal(nothing, 0)
    assert bootstrap.lacking(gone, 9, np.random.default_rng(3), (2,)) == 0


def test_memory_is_bounded_and_chunks_do_not_change_what_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fold = made_fold(RATES, n_cells=60)
    monkeypatch.setattr(bootstrap, "_CHUNK_BYTES", 60 * 4 * 7)
    chunks = list(bootstrap._weights(fold, 20, np.random.default_rng(0)))
    assert [len(chunk) for chunk in chunks] == [7, 7, 6]
    assert bootstrap.cell_part(fold, 20, 5, np.random.default_rng(0)).shape == (20, 3)


def test_cell_part_has_the_spread_of_new_cells() -> None:
    """The bootstrap's spread against that of freshly drawn cells."""
    fold = made_fold(RATES, n_cells=300, n_repeats=3)
    moved = bootstrap.cell_part(fold, 400, 3, np.random.default_rng(0))
    fresh = [
        slow_values(made_fold(RATES, n_cells=300, n_repeats=3, seed=s), np.arange(300), 3)
        for s in range(60)
    ]
    # New cells bring new repeats and new model errors too, so theirs is the wider one.
    ratio = moved.std(axis=0)[:2] / np.std(fresh, axis=0)[:2]
    assert (ratio > 0.7).all()
    assert (ratio < 1.3).all()
    np.testing.assert_allclose(moved.mean(axis=0), 0, atol=0.005)
    np.testing.assert_array_equal(moved[:, 2], 0)


def test_attributions_are_resampled_from_their_cells() -> None:
    fold = replace(made_fold(RATES), predictions=None, unit="attribution")
    weights = np.concatenate(list(bootstrap._weights(fold, 9, np.random.default_rng(3))))
    moved = bootstrap.cell_part(fold, 9, 1, np.random.default_rng(3))

    def slow(drawn: Array) -> list[float]:
        classes = [fold.labels == label for label in range(3)]
        return [
            float(np.mean([np.average(row[own], weights=drawn[own]) for own in classes]))
            for row in fold.cell_drop
        ]

    observed = np.array(slow(np.ones(150)))
    expected = np.array([slow(drawn) for drawn in weights]) - observed
    np.testing.assert_allclose(moved, expected, atol=1e-6)
    nothing = bootstrap.cell_part(replace(fold, cell_drop=None), 9, 1, np.random.default_rng(3))
    np.testing.assert_array_equal(nothing, 0)


def test_fold_part_has_the_variance_of_the_corrected_interval() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.1, (12, 3))
    moved = bootstrap.fold_part(values, 1 / 11, 200_000, rng)
    corrected = (1 / 12 + 1 / 11) * values.var(axis=0, ddof=1)
    # The t distribution's own variance with 11 degrees of freedom.
    np.testing.assert_allclose(moved.var(axis=0), corrected * 11 / 9, rtol=0.03)
    np.testing.assert_allclose(moved.mean(axis=0), 0, atol=1e-3)


def test_one_fold_has_no_fold_part() -> None:
    moved = bootstrap.fold_part(np.array([[0.1, 0.2]]), 0.5, 10, np.random.default_rng(0))
    np.testing.assert_array_equal(moved, np.zeros((10, 2)))


def test_fewer_repeats_when_it_would_take_long() -> None:
    folds = [made_fold(RATES, n_cells=100, n_repeats=n) for n in (20, 30)]
    one = 2 * 2 * 1000 * 100 * 9
    assert bootstrap.repeats_used(folds, 1000) == 30
    assert bootstrap.repeats_used(folds, 1000, work=17.5 * one) == 17
    assert bootstrap.repeats_used(folds, 1000, work=one) == 5


def test_ranks_of_equal_channels_fall_by_chance() -> None:
    rng = np.random.default_rng(0)
    values = np.tile([0.0, 0.3, 0.0, -0.1], (4000, 1))
    found = bootstrap.ranks(values, rng)
    np.testing.assert_array_equal(np.sort(found, axis=1), np.tile([1, 2, 3, 4], (4000, 1)))
    assert (found[:, 1] == 1).all()
    assert (found[:, 3] == 4).all()
    assert (found[:, 0] == 2).mean() == pytest.approx(0.5, abs=0.03)
    distinct = rng.normal(size=(50, 6))
    expected = (-distinct).argsort(axis=1).argsort(axis=1) + 1
    np.testing.assert_array_equal(bootstrap.ranks(distinct, rng), expected)


@pytest.mark.parametrize(("n_folds", "least"), [(3, 0.89), (5, 0.92), (10, 0.94)])
def test_ranges_of_ranks_hold_the_truth(n_folds: int, least: float) -> None:
    """Eight channels 0.3 standard deviations of a fold apart, folds related as folds are."""
    rng = np.random.default_rng(7)
    truth, share = -0.3 * np.arange(8), 1 / (n_folds - 1)
    held = []
    for _ in range(150):
        shared, own = rng.normal(size=(1, 8)), rng.normal(size=(n_folds, 8))
        values = truth + np.sqrt(1 / n_folds) * shared + np.sqrt(1 - 1 / n_folds) * own
        moved = bootstrap.fold_part(values, share, 400, rng)
        ranks = bootstrap.ranks(values.mean(axis=0) + moved, rng)
        low, high = np.quantile(ranks, (0.025, 0.975), axis=0, method="inverted_cdf")
        held.append((low <= np.arange(1, 9)) & (np.arange(1, 9) <= high))
    assert np.mean(held) > least
