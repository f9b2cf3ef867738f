"""The ranking against the number of repeats."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pxcore.importance.fold import combine
from pxcore.importance.rank_ranges import Draws
from pxcore.importance.ranking import rank
from pxcore.importance.stability import stability
from tests.made_folds import made_fold

RATES = (0.3, 0.31, 0.6, 0.1)


def test_values_are_means_of_the_first_repeats() -> None:
    folds = [made_fold(RATES, seed=seed, n_repeats=12) for seed in range(2)]
    found = stability(combine(folds, [1, 1]))
    assert found is not None
    assert found.repeats == (1, 2, 3, 4, 5, 7, 10, 12)
    for fold, values, agreement in zip(folds, found.values, found.agreement, strict=True):
        final = fold.scores.mean(axis=(0, 2))
        for k, row, tau in zip(found.repeats, values, agreement, strict=True):
            expected = fold.scores[:k].mean(axis=(0, 2))
            np.testing.assert_allclose(row, expected)
            assert tau == pytest.approx(stats.kendalltau(expected, final).statistic)
        assert agreement[-1] == 1


def test_a_fold_that_stopped_stands_still() -> None:
    folds = [made_fold(RATES, n_repeats=5), made_fold(RATES, n_repeats=15, seed=1)]
    found = stability(combine(folds, [1, 1]))
    assert found.repeats[-1] == 15
    last = found.values[0][found.repeats.index(5)]
    assert found.values[0][-1] == pytest.approx(last)
    assert np.isfinite(found.values).all()
    assert set(found.agreement[0][found.repeats.index(5) :]) == {1.0}


def test_nothing_to_see_without_repeats() -> None:
    assert stability(combine([made_fold(RATES, n_repeats=1)] * 2, [1, 1])) is None


def test_absent_class_is_left_out() -> None:
    fold = made_fold(RATES, labels=np.arange(150) % 2)
    found = stability(combine([fold], [1]))
    np.testing.assert_allclose(found.values[0][-1], fold.scores[:, :, :2].mean(axis=(0, 2)))


def test_all_channels_equal() -> None:
    found = stability(combine([made_fold((0.0, 0.0), n_repeats=6)], [1]))
    assert set(found.agreement[0]) == {1.0}


def test_thousand_repeats_stay_few_points() -> None:
    found = stability(combine([made_fold((0.1, 0.2), n_cells=9, n_repeats=1000)], [1]))
    assert len(found.repeats) < 30
    assert found.repeats[-1] == 1000


def test_small_classes_are_left_out_as_in_the_ranking() -> None:
    labels = np.repeat([0, 1, 2], (70, 70, 10))
    folds = [made_fold(RATES, seed=seed, n_repeats=6, labels=labels) for seed in range(2)]
    importance = combine(folds, [100, 100])
    ranking = rank(importance, folds, draws=Draws(n_samples=20))
    assert ranking.small_classes == (2,)
    found = stability(importance, ranking.small_classes)
    last = [fold[-1] for fold in found.values]
    np.testing.assert_allclose(last, ranking.folds)
    assert not np.allclose([fold[-1] for fold in stability(importance).values], ranking.folds)


def test_all_classes_stay_where_all_are_small() -> None:
    importance = combine([made_fold(RATES, n_cells=9, n_repeats=4)], [1])
    assert stability(importance, (0, 1, 2)) == stability(importance)
