"""Agreement of rankings, held against scipy and against loops over pairs."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from pxcore.evaluation.agreement import by_chance, kendall, spearman, top_overlap
from pxcore.types import Channel, Panel, Role
from tests.compared_values import PANEL, beside, ranked, run

# Whole numbers, so that ties are common and exact.
VALUES = st.integers(2, 9).flatmap(
    lambda n: st.tuples(
        arrays(np.float64, (3, n), elements=st.integers(-4, 4).map(float)),
        arrays(np.float64, (2, n), elements=st.integers(-4, 4).map(float)),
    )
)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_both_correlations_are_those_of_scipy(values: tuple[np.ndarray, np.ndarray]) -> None:
    first, second = values
    rho, tau = spearman(first, second), kendall(first, second)
    assert rho.shape == tau.shape == (3, 2)
    for j, a in enumerate(first):
        for k, b in enumerate(second):
            if np.ptp(a) == 0 or np.ptp(b) == 0:
                assert math.isnan(rho[j, k])
                assert math.isnan(tau[j, k])
            else:
                assert rho[j, k] == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-9)
                assert tau[j, k] == pytest.approx(stats.kendalltau(a, b).statistic, abs=1e-9)


@given(VALUES, st.integers(1, 8))
@settings(max_examples=80, deadline=None)
def test_overlap_counts_common_members(values: tuple[np.ndarray, np.ndarray], top: int) -> None:
    first, second = values
    found = top_overlap(first, second, top)
    n = first.shape[1]
    for j, a in enumerate(first):
        for k, b in enumerate(second):
            if top >= n:
                assert math.isnan(found[j, k])
                continue
            mine = set(sorted(range(n), key=lambda c, a=a: (-a[c], c))[:top])
            theirs = set(sorted(range(n), key=lambda c, b=b: (-b[c], c))[:top])
            assert found[j, k] == pytest.approx(len(mine & theirs) / top)


@given(arrays(np.float64, (1, 6), elements=st.integers(-90, 90).map(float), unique=True))
@settings(max_examples=50, deadline=None)
def test_own_and_reversed_order(values: np.ndarray) -> None:
    for measure in (spearman, kendall):
        assert measure(values, values)[0, 0] == pytest.approx(1)
        assert measure(values, -values)[0, 0] == pytest.approx(-1)
        assert measure(values, values**3)[0, 0] == pytest.approx(1), "only order counts"
    assert top_overlap(values, -values, 3)[0, 0] == 0


def test_chance_is_what_counting_orders_gives() -> None:
    for n in (2, 3, 4):
        same = sum(order == tuple(range(n)) for order in permutations(range(n)))
        assert by_chance(n) == pytest.approx(same / math.factorial(n))


def test_too_few_channels_have_no_agreement() -> None:
    for n in (0, 1):
        values = np.ones((2, n))
        assert np.isnan(spearman(values, values)).all()
        assert np.isnan(kendall(values, values)).all()


def test_methods_of_one_run_are_compared_training_by_training() -> None:
    first, second = (
        ranked("pxpermute", (0.1, 0.6, 0.3, 0.0)),
        ranked("occlusion", (0.4, 0.5, 0.2, 0)),
    )
    folds = ((4.0, 3.0, 2.0, 1.0), (1.0, 2.0, 3.0, 4.0))
    first = replace(first, ranking=replace(first.ranking, folds=folds))
    second = replace(second, ranking=replace(second.ranking, folds=folds))
    (paired,) = beside(run("a", [first, second])).agreements
    assert paired.paired
    assert (paired.spearman.low, paired.spearman.high) == (1.0, 1.0)
    (crossed,) = beside(run("a", [first]), run("b", [second])).agreements
    assert not crossed.paired
    assert (crossed.spearman.low, crossed.spearman.high) == (-1.0, 1.0)
    assert crossed.spearman.value == paired.spearman.value == pytest.approx(0.8)


def test_decoys_and_missing_channels_do_not_count() -> None:
    decoy = Channel(name="decoy: empty", role=Role.DECOY)
    panel = Panel((*PANEL.channels, decoy))
    first = run("a", [ranked("pxpermute", (0.1, 0.6, 0.3, 0.2, 0.0))], panel, decoys=("empty",))
    second = run("b", [ranked("pxpermute", (0.1, 0.6, 0.3))], Panel(PANEL.channels[:3]))
    (found,) = beside(first, second).agreements
    assert found.n_channels == 3
    assert found.spearman.value == 1.0
    (both,) = beside(first, replace(first, run=replace(first.run, id="c"))).agreements
    assert both.n_channels == 4
