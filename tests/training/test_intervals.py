"""The corrected interval: closed forms, one and no fold, and its coverage."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcore.training.intervals import corrected_interval

T_4 = 2.7764451051977987  # 97.5 % point of Student's t with 4 degrees of freedom, from tables


def test_closed_form() -> None:
    values = [0.1, 0.2, 0.3, 0.4, 0.5]  # s² = 0.025
    shown = corrected_interval(values, n_train=80, n_test=20)
    half = T_4 * math.sqrt((1 / 5 + 20 / 80) * 0.025)
    assert shown.mean == pytest.approx(0.3)
    assert shown.low == pytest.approx(0.3 - half)
    assert shown.high == pytest.approx(0.3 + half)
    assert shown.folds == tuple(values)


def test_counts_per_fold_are_pooled() -> None:
    values = [0.2, 0.3, 0.1]
    assert corrected_interval(values, [90, 100, 110], [40, 50, 60]) == corrected_interval(
        values, n_train=300, n_test=150
    )


def test_no_correction_is_the_plain_t_interval() -> None:
    shown = corrected_interval([0.1, 0.2, 0.3, 0.4, 0.5], n_train=10**12, n_test=1)
    assert shown.high - shown.mean == pytest.approx(T_4 * math.sqrt(0.025 / 5), rel=1e-6)


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=10),
    st.integers(1, 10_000),
    st.integers(1, 10_000),
)
def test_holds_the_mean_within_bounds(values: list[float], n_train: int, n_test: int) -> None:
    shown = corrected_interval(values, n_train, n_test, bounds=(0.0, 1.0))
    slack = 1e-12
    assert 0 <= shown.low <= shown.mean + slack
    assert shown.mean - slack <= shown.high <= 1
    wider = corrected_interval(values, n_train, n_test, level=0.99, bounds=(0.0, 1.0))
    assert wider.low <= shown.low
    assert wider.high >= shown.high


@pytest.mark.parametrize("absent", [math.nan, None])
def test_absent_folds_are_left_out_and_keep_their_place(absent: float | None) -> None:
    with_gap = corrected_interval([absent, 0.2, 0.4], 100, 20)
    assert with_gap.folds == (None, 0.2, 0.4)
    assert with_gap.known == (0.2, 0.4)
    assert replace(with_gap, folds=(0.2, 0.4)) == corrected_interval([0.2, 0.4], 100, 20)


def test_one_fold_says_that_nothing_is_known_of_the_spread() -> None:
    shown = corrected_interval([0.7], 100, 20, bounds=(0.0, 1.0))
    assert (shown.mean, shown.low, shown.high, shown.folds) == (0.7, 0.0, 1.0, (0.7,))


def test_no_fold_is_the_whole_range_at_zero() -> None:
    shown = corrected_interval([math.nan, math.nan], 100, 20, bounds=(0.0, 1.0))
    assert (shown.mean, shown.low, shown.high, shown.folds) == (0.0, 0.0, 1.0, (None, None))


def test_refuses_what_would_be_a_lie() -> None:
    with pytest.raises(ValueError, match="lie outside"):
        corrected_interval([3.0, 4.0], 100, 20)
    with pytest.raises(ValueError, match="finite"):
        corrected_interval([math.inf, 0.1], 100, 20)
    with pytest.raises(ValueError, match="no interval"):
        corrected_interval([3.0], 100, 20, bounds=None)
    assert corrected_interval([3.0, 4.0], 100, 20, bounds=None).mean == 3.5


def test_covers_where_the_plain_interval_does_not() -> None:
    """Repeated random splits of one small sample; the truth is the model's error on all cells.

    The model is the training mean, its score the mean squared error on held-out values. Held-out
    sets overlap, so the plain t interval covers the expected score far too seldom; the corrected
    one should be near its 95 %. Both bounds are five standard errors of 400 simulations away.
    """
    generator = np.random.default_rng(7)
    n, n_test, n_splits, n_simulations = 60, 20, 15, 400
    truth = 1.0 + 1.0 / (n - n_test)  # E[(x - mean)²] = sigma² (1 + 1 / n_train)
    corrected = plain = 0
    for _ in range(n_simulations):
        sample = generator.standard_normal(n)
        scores = []
        for _ in range(n_splits):
            order = generator.permutation(n)
            held, kept = sample[order[:n_test]], sample[order[n_test:]]
            scores.append(float(np.mean((held - kept.mean()) ** 2)))
        ours = corrected_interval(scores, n - n_test, n_test, bounds=None)
        naive = corrected_interval(scores, 10**12, 1, bounds=None)
        corrected += ours.low <= truth <= ours.high
        plain += naive.low <= truth <= naive.high
    assert corrected / n_simulations > 0.90
    assert plain / n_simulations < 0.75
