"""When repeating stops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pxcore.errors import MethodError
from pxcore.importance.repeats import RepeatRule, channel_values, settled


def scores(values: list[list[float]]) -> np.ndarray:
    """(R, C, 1) of (R, C)."""
    return np.array(values)[:, :, None]


def run(rule: RepeatRule, values: np.ndarray) -> int:
    """How many of the repeats a rule would take."""
    done = 0
    while (more := rule.more(values[:done])) > 0:
        done += more
    return done


def test_clear_order_stops_at_once() -> None:
    rng = np.random.default_rng(0)
    values = np.array([0.5, 0.3, 0.1]) + rng.normal(0, 0.01, (100, 3))
    assert run(RepeatRule(), values[:, :, None]) == 5


def test_equal_but_precise_channels_stop() -> None:
    rng = np.random.default_rng(0)
    values = 0.1 + rng.normal(0, 0.003, (100, 3))
    assert run(RepeatRule(), values[:, :, None]) == 5


def test_equal_noisy_channels_run_until_they_are_known() -> None:
    rng = np.random.default_rng(1)
    values = 0.1 + rng.normal(0, 0.01, (300, 2))
    done = run(RepeatRule(limit=300, tolerance=0.002), values[:, :, None])
    # Standard error 0.01 / sqrt(k) falls below 0.002 near k = 25.
    assert 15 <= done <= 40
    noisy = 0.1 + rng.normal(0, 0.1, (100, 2))
    alike = np.concatenate([noisy, noisy[:, ::-1]])[:100]
    assert run(RepeatRule(limit=35), alike[:, :, None]) in {5, 10, 15, 20, 25, 30, 35}


def test_one_doubtful_pair_is_enough_to_go_on() -> None:
    clear = [[0.9 + 0.001 * i, 0.2 + 0.05 * (-1) ** i, 0.2 - 0.05 * (-1) ** i] for i in range(6)]
    assert not settled(np.array(clear))
    assert settled(np.array(clear)[:, :2])


def test_differences_are_paired() -> None:
    """Channels that move together are told apart though each one alone is not known."""
    shared = np.linspace(-0.3, 0.3, 5)
    values = np.stack([0.5 + shared, 0.45 + shared + [0.001, 0, -0.001, 0.002, 0]], axis=1)
    assert settled(values)
    apart = np.stack([values[:, 0], values[::-1, 1]], axis=1)
    assert not settled(apart)


def test_neighbours_only_by_their_mean_order() -> None:
    """Against the rule written out pair by pair."""
    rng = np.random.default_rng(3)
    for _ in range(200):
        values = rng.normal(rng.normal(0, 0.02, 4), rng.uniform(0.001, 0.02, 4), (5, 4))
        order = sorted(range(4), key=lambda c: -values[:, c].mean())
        expected = True
        for a, b in itertools.pairwise(order):
            gap = values[:, a] - values[:, b]
            low, _ = stats.t.interval(0.95, 4, gap.mean(), stats.sem(gap))
            small = stats.sem(values[:, a]) < 0.002 and stats.sem(values[:, b]) < 0.002
            expected = expected and (low > 0 or small)
        assert settled(values) == expected


@given(fixed=st.integers(1, 40))
def test_fixed_number_is_kept(fixed: int) -> None:
    assert run(RepeatRule(fixed=fixed), np.zeros((50, 3, 2))) == fixed


@given(limit=st.integers(1, 23))
def test_never_beyond_the_limit_never_before_five(limit: int) -> None:
    jumping = scores([[(-1.0) ** i, -((-1.0) ** i)] for i in range(40)])
    assert run(RepeatRule(limit=limit), jumping) == limit
    assert run(RepeatRule(limit=limit), np.zeros((40, 3, 2))) == min(limit, 5)


def test_one_channel_needs_precision_only() -> None:
    assert settled(np.full((5, 1), 0.3))
    assert not settled(np.array([[0.0], [0.5], [0.1], [0.7], [0.2]]))


@pytest.mark.parametrize("rule", [{"fixed": 0}, {"limit": 0}, {"fixed": -3}])
def test_fewer_than_one_is_refused(rule: dict[str, int]) -> None:
    with pytest.raises(MethodError, match="expected a whole number from 1"):
        RepeatRule(**rule)


@given(st.integers(1, 100), st.one_of(st.none(), st.integers(1, 100)))
def test_share_rises_to_one(limit: int, fixed: int | None) -> None:
    rule = RepeatRule(fixed=fixed, limit=limit)
    shares = [rule.share(done) for done in np.linspace(0, fixed or limit, 50)]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1


def test_absent_classes_are_left_out_of_the_mean() -> None:
    found = channel_values(np.array([[[0.2, np.nan, 0.4], [np.nan, np.nan, np.nan]]]))
    assert found[0, 0] == pytest.approx(0.3)
    assert np.isnan(found[0, 1])
