"""Leaking donors, and models trained again without channels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from pxcore.errors import MethodError
from pxcore.evaluation.leakage import Judged, leakage
from pxcore.evaluation.left_out import left_out
from pxcore.evaluation.values import Sizes
from pxcore.training.intervals import corrected_interval
from pxcore.types import Interval, Performance
from tests.example_values import performance

SIZES = Sizes(n_train=(200,) * 4, n_test=(50,) * 4)


def judged(*folds: float, sizes: Sizes = SIZES) -> Judged:
    return Judged(performance=of(*folds), sizes=sizes)


def of(*folds: float | None) -> Performance:
    return replace(performance(), f1_macro=corrected_interval(folds, 200, 50, bounds=(0, 1)))


def test_gap_is_the_unpaired_interval() -> None:
    first, second = (0.70, 0.74, 0.69, 0.75), (0.90, 0.91, 0.90, 0.92)
    found = leakage(judged(*first), judged(*second))
    assert found.gap.mean == pytest.approx(np.mean(second) - np.mean(first))
    assert found.by_donor.folds == first
    assert found.by_cell.folds == second
    # Without shared training cells (n_test / n_train = 0) it is Welch's.
    apart = Sizes(n_train=(10**12,) * 4, n_test=(1,) * 4)
    plain = leakage(judged(*first, sizes=apart), judged(*second, sizes=apart)).gap
    welch = stats.ttest_ind(second, first, equal_var=False).confidence_interval(0.95)
    assert (plain.low, plain.high) == pytest.approx((welch.low, welch.high), abs=1e-6)
    # With, both variances grow by (1 / 4 + 1 / 4) / (1 / 4).
    assert found.gap.high - found.gap.low == pytest.approx(np.sqrt(2) * (plain.high - plain.low))


def test_covers_the_truth_of_overlapping_folds() -> None:
    """Folds correlated by the share n_test / (n_train + n_test): at least 95 % hold the truth."""
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(400):
        sides = []
        for mean, sd in ((0.7, 0.03), (0.8, 0.01)):
            common, own = rng.normal(0, np.sqrt(0.2)), rng.normal(0, np.sqrt(0.8), 4)
            sides.append(np.clip(mean + sd * (common + own), 0, 1))
        gap = leakage(judged(*sides[0]), judged(*sides[1])).gap
        hits += gap.low <= 0.1 <= gap.high
    assert hits >= 376


def test_little_evidence_is_a_wide_gap() -> None:
    one = leakage(judged(0.7), judged(0.8, 0.9))
    assert (one.gap.low, one.gap.high) == (-1, 1)
    same = leakage(judged(0.7, 0.7), judged(0.8, 0.8))
    assert (same.gap.low, same.gap.high) == pytest.approx((0.1 - 3 / 200, 0.1 + 3 / 200))


def test_left_out_is_paired() -> None:
    full, without = of(0.9, 0.8, 0.7, 0.95), of(0.85, 0.76, 0.64, 0.91)
    found = left_out([3, 1], full, without, SIZES)
    assert found.channels == (3, 1)
    assert found.f1_macro == without.f1_macro
    expected = corrected_interval((0.05, 0.04, 0.06, 0.04), 200, 50)
    assert (found.drop.low, found.drop.mean, found.drop.high) == pytest.approx(
        (expected.low, expected.mean, expected.high)
    )
    assert found.drop.high - found.drop.low < 0.15 * (full.f1_macro.high - full.f1_macro.low)


def test_left_out_needs_the_same_trainings() -> None:
    with pytest.raises(MethodError, match="3 trainings without some channels stand beside 4"):
        left_out([0], of(0.9, 0.8, 0.7, 0.9), of(0.9, 0.8, 0.7), SIZES)
    gap = left_out([0], of(0.9, None, 0.7, 0.9), of(0.8, 0.7, 0.6, 0.8), SIZES).drop
    assert gap.folds == pytest.approx((0.1, None, 0.1, 0.1))


def test_sums_may_leave_the_range_of_a_drop() -> None:
    sizes = Sizes(n_train=(2, 2), n_test=(1, 1))
    found = sizes.interval(np.array([-1.4, -1.2]))
    assert isinstance(found, Interval)
    assert found.low <= -1.4
