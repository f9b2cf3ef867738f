"""Good enough beside the full panel: closed forms, a slow rewrite, errors of the sequence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pxcore.errors import PanelError
from pxcore.evaluation.values import Sizes
from pxcore.panel.noninferiority import non_inferior, paired, with_bounds_of
from pxcore.panel.noninferiority import tested_down as passed_down
from pxcore.types import Array, Interval
from pxcore.types.panel import PanelTrial
from tests.panel.made_trials import SIZES, J, trial

FULL = trial((0, 1, 2), [0.90, 0.91, 0.92, 0.93, 0.94])
ALL, SOME = (0, 1, 2), (0, 2)
folds = st.lists(st.floats(0.2, 0.9), min_size=J, max_size=J)


def test_a_slow_rewrite_gives_the_same() -> None:
    rng = np.random.default_rng(0)
    sizes = Sizes(n_train=(300, 310, 320), n_test=(90, 100, 110))
    for _ in range(50):
        full, fewer = rng.uniform(0.5, 0.9, (2, 3))
        test = non_inferior(
            trial(ALL, full, sizes=sizes), trial(SOME, fewer, sizes=sizes), sizes, 0.1, 1
        )
        d = fewer - full
        error = np.sqrt((1 / 3 + 300 / 930) * d.var(ddof=1))
        lower, upper = (d.mean() + stats.t.ppf(q, 2) * error for q in (0.05, 0.95))
        assert test.lower_bound == pytest.approx(max(-1, lower))
        assert test.good_enough == (lower > -0.1)
        assert test.surely_worse == (upper < -0.1)
        half = stats.t.ppf(0.975, 2) * error
        assert test.difference.low == pytest.approx(max(-1, d.mean() - half))


def test_without_overlap_it_is_the_one_sided_t_test() -> None:
    sizes = Sizes(n_train=(10**12,) * J, n_test=(1,) * J)
    d = np.array([-0.01, -0.02, 0.0, -0.005, -0.03])
    for margin in (0.001, 0.01, 0.02, 0.03, 0.05):
        full, fewer = trial(ALL, [0.8] * J), trial(SOME, 0.8 + d)
        p = stats.ttest_1samp(d, -margin, alternative="greater").pvalue
        assert non_inferior(full, fewer, sizes, margin, 1).good_enough == (p < 0.05)


def test_the_level_of_the_folds_cancels() -> None:
    lower = [0.895, 0.909, 0.915, 0.928, 0.936]
    first = non_inferior(FULL, trial(SOME, lower), SIZES, 0.02, 0.05)
    shift = np.array([-0.3, 0.05, -0.1, 0, -0.2])
    moved = non_inferior(
        trial(ALL, np.array(FULL.f1_macro.known) + shift),
        trial(SOME, lower + shift),
        SIZES,
        0.02,
        0.05,
    )
    assert first.good_enough
    assert moved.lower_bound == pytest.approx(first.lower_bound)


def test_no_spread_is_not_certainty() -> None:
    same = trial(SOME, FULL.f1_macro.known)
    test = non_inferior(FULL, same, SIZES, 0.02, 0.05)
    assert test.difference.mean == 0
    assert test.lower_bound == pytest.approx(-3 / 500)
    few = Sizes(n_train=(400,) * J, n_test=(20,) * J)
    assert non_inferior(FULL, same, few, 0.02, 0.05).good_enough is False
    assert non_inferior(FULL, same, replace(SIZES, n_cells=60), 0.02, 0.05).good_enough is False


def test_a_panel_is_as_good_as_itself() -> None:
    test = non_inferior(FULL, FULL, Sizes(n_train=(40,) * J, n_test=(2,) * J), 0.02, 0.05)
    assert (test.lower_bound, test.good_enough, test.surely_worse) == (0, True, False)
    # A way of choosing that mostly took every channel is not the full panel.
    assert non_inferior(FULL, replace(FULL, nested=True), SIZES, 0.02, 0.05).lower_bound < 0


def test_one_fold_says_nothing() -> None:
    one = Sizes(n_train=(400,), n_test=(100,))
    test = non_inferior(trial(ALL, [0.9], sizes=one), trial(SOME, [0.2], sizes=one), one, 0.02, 1.0)
    assert (test.lower_bound, test.good_enough, test.surely_worse) == (-1, False, False)


def test_a_class_below_its_floor_forbids_the_panel() -> None:
    macro = np.array(FULL.f1_macro.known)
    wiggle = np.array([0.001, 0, -0.001, 0, 0])
    lost = trial(SOME, macro + wiggle, [macro + 0.06, macro - 0.06])
    test = non_inferior(FULL, lost, SIZES, 0.02, 0.05)
    assert test.lower_bound > -0.02
    assert (test.good_enough, test.lost_classes) == (False, (1,))
    assert test.class_difference == pytest.approx((0.06, -0.06))
    assert non_inferior(FULL, lost, SIZES, 0.02, 0.06).good_enough  # at the floor, not below


def test_bounds_of_another_keep_mean_and_classes() -> None:
    macro = np.array(FULL.f1_macro.known)
    narrow = non_inferior(
        FULL, trial(SOME, macro + np.array([1, -1, 1, 0, 0]) / 1000), SIZES, 0.02, 1
    )
    wide = replace(trial(SOME, macro + np.array([4, -4, 4, -4, -1]) / 100), nested=True)
    test = non_inferior(FULL, wide, SIZES, 0.02, 1)
    assert not test.good_enough
    moved = with_bounds_of(test, narrow, 0.02)
    assert moved.good_enough
    half = narrow.difference.mean - narrow.lower_bound
    assert moved.lower_bound == pytest.approx(-0.002 - half)
    assert (moved.difference, moved.class_difference) == (test.difference, test.class_difference)
    assert not with_bounds_of(replace(test, lost_classes=(1,)), narrow, 0.02).good_enough
    worse = non_inferior(
        FULL, trial(SOME, macro - 0.03 + np.array([4, -4, 4, -4, 0]) / 100), SIZES, 0.02, 1
    )
    assert not worse.surely_worse
    assert with_bounds_of(worse, narrow, 0.02).surely_worse
    unknown = replace(narrow, lower_bound=-1.0)
    assert with_bounds_of(test, unknown, 0.02).lower_bound == -1


def test_a_class_of_few_cells_decides_no_floor() -> None:
    macro = np.array(FULL.f1_macro.known)
    lost = trial(SOME, macro + 0.001, [macro - 0.2, macro - 0.06])
    assert non_inferior(FULL, lost, SIZES, 0.02, 0.05).lost_classes == (0, 1)
    test = non_inferior(FULL, lost, SIZES, 0.02, 0.05, small=(0,))
    assert (test.good_enough, test.lost_classes) == (False, (1,))
    assert test.class_difference == pytest.approx((-0.2, -0.06))  # told all the same
    assert non_inferior(FULL, lost, SIZES, 0.02, 0.05, small=(0, 1)).good_enough


def test_a_class_in_no_fold_is_not_lost() -> None:
    nothing = [np.nan] * J
    full = trial(ALL, FULL.f1_macro.known, [FULL.f1_macro.known, nothing])
    fewer = trial(SOME, np.array(FULL.f1_macro.known) + 0.001, [FULL.f1_macro.known, nothing])
    test = non_inferior(full, fewer, SIZES, 0.02, 0.05)
    assert np.isnan(test.class_difference[1])
    assert test.good_enough


@given(folds, folds, st.floats(0.01, 0.48), st.floats(0.0, 0.01))
def test_a_wider_margin_never_refuses_more(
    full: list[float], fewer: list[float], margin: float, more: float
) -> None:
    narrow, wide = (
        non_inferior(trial(ALL, full), trial(SOME, fewer), SIZES, m, 1.0)
        for m in (margin, margin + more)
    )
    assert wide.good_enough >= narrow.good_enough
    assert wide.surely_worse <= narrow.surely_worse
    assert not (narrow.good_enough and narrow.surely_worse)
    assert narrow.lower_bound <= narrow.difference.mean
    assert narrow.difference.low - 1e-12 <= narrow.lower_bound


@pytest.mark.parametrize("margin", [0.0, 0.5, -0.1, 1.0, float("nan")])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    with pytest.raises(PanelError, match=r"above 0 and below 0\.5: give the largest loss"):
        non_inferior(FULL, trial(SOME, FULL.f1_macro.known), SIZES, margin, 0.05)


def test_what_cannot_be_paired_is_refused() -> None:
    with pytest.raises(PanelError, match="retrain what is missing"):
        paired(FULL.f1_macro, trial(SOME, [0.9, 0.8]).f1_macro, SIZES)
    with pytest.raises(PanelError, match="judged on 1 classes"):
        non_inferior(FULL, trial(SOME, [0.9] * J, [[0.9] * J]), SIZES, 0.02, 0.05)
    with pytest.raises(PanelError, match="floor of the classes is"):
        non_inferior(FULL, FULL, SIZES, 0.02, 1.5)


def test_the_sequence_stops_at_the_first_failure() -> None:
    good = non_inferior(FULL, FULL, SIZES, 0.02, 0.05)
    bad = replace(good, good_enough=False)
    assert passed_down([]) == 0
    assert passed_down([[good], [good]]) == 2
    assert passed_down([[good], [bad], [good]]) == 1
    assert passed_down([[good], [good, bad], [good]]) == 1
    assert passed_down([[good], [], [good]]) == 1


def test_the_sequence_errs_in_five_percent() -> None:
    """Panels exactly at the margin from ``first_bad`` on: any of them accepted is an error.

    The differences of a fold share training cells: correlation n_test / (n_train + n_test) over
    folds, as the corrected variance takes it. 800 draws of a true rate of 5 % have a standard
    error of 0.77 %; the bound is 5 % and three of those. Sizes are independent here, the worst
    case for many tests; testing them all without the sequence would err in about 20 %.
    """
    rng, first_bad = np.random.default_rng(4), 1
    n_sizes, draws, errors, any_of = first_bad + 4, 800, 0, 0
    rho = 0.2
    full = trial(ALL, [0.8] * J)

    def of(values: Array) -> PanelTrial:
        f1 = Interval(mean=0, low=0, high=0, folds=tuple(values.tolist()))  # only folds are read
        return replace(full, members=SOME, f1_macro=f1)

    for _ in range(draws):
        common = rng.normal(0, np.sqrt(rho), (n_sizes, 1))
        noise = 0.01 * (common + rng.normal(0, np.sqrt(1 - rho), (n_sizes, J)))
        truth = np.where(np.arange(n_sizes) < first_bad, 0.0, -0.05)
        passes = [
            [non_inferior(full, of(0.8 + row), SIZES, 0.05, 1.0)] for row in truth[:, None] + noise
        ]
        errors += passed_down(passes) > first_bad
        any_of += any(test.good_enough for (test,) in passes[first_bad:])
    assert errors / draws <= 0.05 + 3 * 0.0077
    assert any_of / draws > 0.12
