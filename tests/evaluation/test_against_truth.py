"""Recall of planted channels, the spread of class means, and how rankings stand to both."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

import tests.example_values as ex
from pxcore.errors import RunError
from pxcore.evaluation.against_truth import against_truth
from pxcore.evaluation.class_spread import class_spread
from pxcore.evaluation.recall import recall_at_k, recalls, usual_ks
from pxcore.types import MethodResult
from pxcore.types.truth import ChannelTruth


def method(*folds: tuple[float, ...]) -> MethodResult:
    """Return a ranking of five channels by the mean over these folds."""
    one = ex.result().methods[0]
    mean = tuple(float(value) for value in np.mean(folds, axis=0))
    return replace(one, ranking=replace(one.ranking, mean=mean, folds=folds))


def test_recall_counts_known_channels_among_the_first() -> None:
    values = [0.1, 0.9, 0.3, 0.8, 0.2]
    assert recalls(values, [1, 2], (1, 2, 3, 5, 9)) == (0.5, 0.5, 1.0, 1.0, 1.0)
    assert recall_at_k([-0.1, -0.9, float("nan")], [2], 2) == 0.0


def test_equal_values_share_their_places() -> None:
    """The same as the mean over every order that equal values could stand in."""
    values, known = np.array([0.5, 0.2, 0.2, 0.2, 0.1, 0.2]), [1, 4, 5]
    tied = [1, 2, 3, 5]
    for k in range(1, 7):
        found = []
        for order in permutations(tied):
            first = [0, *order, 4][:k]
            found.append(len(set(first) & set(known)) / len(known))
        assert recall_at_k(values, known, k) == pytest.approx(np.mean(found))
    assert recall_at_k(np.zeros(30), range(6), 6) == pytest.approx(6 / 30)


def test_recall_of_nothing_is_refused() -> None:
    for known, k in (((), 3), ((1,), 0)):
        with pytest.raises(RunError, match="has no meaning"):
            recall_at_k([0.1, 0.2], known, k)


def test_the_usual_places_end_with_the_channels() -> None:
    assert usual_ks(2, 5) == (2, 3, 4, 5)


def test_spread_is_the_published_formula() -> None:
    """g = (|μ1 − μ2| + |μ2 − μ3| + |μ3 − μ1|) / μ1, written out by hand."""
    means = np.array([[2.0, 4.0, 1.0], [3.0, 4.0, 1.0], [7.0, 4.0, 0.5]])  # (K, C)
    cells = np.concatenate([means - 0.5, means + 0.5, np.full((1, 3), 99.0)])
    labels = np.array([0, 1, 2, 0, 1, 2, -1])
    found = class_spread(cells, labels, 3)
    np.testing.assert_allclose(found, [(1 + 4 + 5) / 2, 0.0, (0 + 0.5 + 0.5) / 1])
    two = class_spread(cells, np.array([0, 1, -1, 0, 1, -1, -1]), 3)  # no cell of the third class
    np.testing.assert_allclose(two, [0.5, 0.0, 0.0])
    for unlabelled in (np.full(7, -1), np.where(labels == 0, 0, -1)):
        assert class_spread(cells, unlabelled, 3).tolist() == [0.0, 0.0, 0.0]


def test_each_single_cell_counts_once() -> None:
    """Means of images that hold several cells each, against the cells one by one."""
    rng = np.random.default_rng(5)
    counts, labels = np.array([1, 5, 0, 2, 9]), np.array([0, 0, 0, 1, 1])
    images = [rng.random((n, 3)) for n in counts]
    means = np.array([one.mean(axis=0) if len(one) else np.zeros(3) for one in images])
    one_by_one = class_spread(np.concatenate(images), np.repeat(labels, counts), 2)
    np.testing.assert_allclose(class_spread(means, labels, 2, counts), one_by_one)
    assert not np.allclose(class_spread(means, labels, 2), one_by_one)
    none = class_spread(means, labels, 2, np.array([0, 0, 0, 2, 9]))  # no cell of the first class
    assert none.tolist() == [0.0, 0.0, 0.0]


def test_a_first_class_without_signal_makes_no_infinite_spread() -> None:
    means = np.array([[0.0, 0.0, -1.0, 5.0], [4.0, 0.0, 3.0, 6.0]])
    found = class_spread(means, np.array([0, 1]), 2)
    np.testing.assert_allclose(found, [4 / 0.004, 0.0, 4 / 0.003, 0.2])


def test_planted_channels_are_looked_for_among_the_real_ones() -> None:
    """The last channel is a decoy: it takes no place."""
    found = against_truth(
        method((0.5, 0.1, 0.4, 0.9), (0.1, 0.2, 0.4, 0.9)),
        ChannelTruth(kind="planted", informative=(0, 2)),
        3,
    )
    assert found.recall == ((2, 1.0), (3, 1.0))
    assert found.fold_recall == ((1.0, 1.0), (0.5, 1.0))
    assert found.spearman is None


def test_means_are_compared_by_order_and_first_channels() -> None:
    spread = (5.0, 4.0, 3.0, 2.0, 1.0, 0.0)
    same = against_truth(
        method((0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 9.0)), ChannelTruth(kind="means", spread=spread), 6
    )
    assert same.spearman == pytest.approx(1.0)
    assert (same.top, same.shared) == (3, (0, 1, 2))
    other = against_truth(
        method((0.1, 0.6, 0.4, 0.3, 0.2, 0.5, 9.0)), ChannelTruth(kind="means", spread=spread), 6
    )
    assert other.shared == (1, 2)
    assert other.spearman == pytest.approx(1 - 6 * 42 / (6 * 35))  # 1 − 6 Σd² / n(n² − 1)
    flat = against_truth(method((0.5,) * 6), ChannelTruth(kind="means", spread=spread), 6)
    assert flat.spearman is None
    assert flat.shared == ()


@pytest.mark.parametrize("turned", [False, True])
def test_no_order_of_the_panel_decides_between_equals(turned: bool) -> None:
    """Two channels share the third of three places, and one has no score: none of them takes it."""
    values, spread = [0.9, 0.8, 0.4, 0.4, 0.1, math.nan], [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    if turned:
        values, spread = values[::-1], spread[::-1]
    truth = ChannelTruth(kind="means", spread=tuple(spread))
    assert set(against_truth(method(tuple(values)), truth, 6).shared) == (
        {5, 4} if turned else {0, 1}
    )
