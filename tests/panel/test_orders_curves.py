"""Removal orders, the panels they share, and the curves of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcore.errors import PanelError
from pxcore.panel.curves import area_between, best_curve, removal_curve, summary
from pxcore.panel.orders import removal_orders, steps, subsets_of
from pxcore.types.panel import RemovalOrder
from tests.panel.made_trials import FOLD_LEVEL, SIZES, J, panel, trial, world

WORTH = (0.4, 0.1, 0.02, 0.0)
PANEL = panel(3)
FULL = (0, 1, 2, 3)


def worth(members: tuple[int, ...]) -> float:
    return 0.3 + sum(WORTH[m] for m in members)


def orders(n_random: int = 2, removable: tuple[int, ...] = (1, 2, 3)) -> tuple[RemovalOrder, ...]:
    return removal_orders({"a": WORTH}, removable, n_random, np.random.default_rng(0))


@given(
    st.lists(st.floats(-1, 1), min_size=5, max_size=8),
    st.sets(st.integers(0, 4), min_size=1, max_size=4),
    st.integers(0, 2**31),
)
def test_orders_go_the_right_way(means: list[float], removable: set[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    least, most, *random = removal_orders({"m": means}, tuple(sorted(removable)), 3, rng)
    for order in (least, most, *random):
        assert sorted(order.order) == sorted(removable)  # pinned ones are never removed
    values = [means[c] for c in least.order]
    assert values == sorted(values)
    values = [means[c] for c in most.order]
    assert values == sorted(values, reverse=True)
    drawn = [order.order for order in random]
    assert len(drawn) == len(set(drawn)) == min(3, {1: 1, 2: 2}.get(len(removable), 3))


def test_ties_fall_in_panel_order_and_are_told() -> None:
    means = (0.1, 0.5, 0.1, 0.5, 0.2)
    least, most = removal_orders({"m": means}, (0, 1, 2, 3, 4), 0, np.random.default_rng(0))
    assert least.order == (0, 2, 4, 1, 3)
    assert most.order == (1, 3, 4, 0, 2)
    assert least.ties == most.ties == ((0, 2), (1, 3))
    assert orders()[0].ties == ()


def test_random_orders_hang_on_the_generator_alone() -> None:
    assert orders() == orders()
    others = removal_orders({"a": WORTH}, (1, 2, 3), 3, np.random.default_rng(1))
    assert [o.order for o in others[2:]] != [o.order for o in orders(3)[2:]]
    every = {o.order for o in orders(99)[2:]}
    assert len(every) == 6


def test_panels_are_trained_once() -> None:
    made = orders()
    walked = [m for order in made for m in steps(FULL, order.order)]
    found = subsets_of(FULL, made, known={FULL, (0, 1)})
    assert found.asked == len(walked) == 16
    assert set(found.members) == set(walked)
    assert len(set(found.members)) == len(found.members)
    assert found.members[0] == FULL
    assert found.reused == 2
    assert found.new == len(set(walked)) - 2
    # Six rankings that agree ask for no more panels than one.
    same = dict.fromkeys("abcdef", WORTH)
    six = removal_orders(same, (1, 2, 3), 0, np.random.default_rng(0))
    assert subsets_of(FULL, six).members == subsets_of(FULL, six[:2]).members
    assert subsets_of(FULL, six).asked == 6 * subsets_of(FULL, six[:2]).asked


def test_an_empty_panel_is_never_asked_for() -> None:
    everything = removal_orders({"a": WORTH}, FULL, 0, np.random.default_rng(0))
    assert all(subsets_of(FULL, everything).members)
    assert list(steps((0, 2), (0, 2))) == [(0, 2), (2,)]


@pytest.mark.parametrize("means", [(0.1, 0.2), (0.1, 0.2, float("nan"), 0.1)])
def test_a_ranking_without_a_value_is_refused(means: tuple[float, ...]) -> None:
    with pytest.raises(PanelError, match="no value for channel 2"):
        removal_orders({"m": means}, (0, 2), 0, np.random.default_rng(0))


def test_a_curve_is_the_mean_over_its_steps() -> None:
    trials = world(PANEL, worth)
    curve = removal_curve(orders()[0], FULL, trials, SIZES)
    assert [t.members for t in curve.trials] == [(0, 1, 2, 3), (0, 1, 2), (0, 1), (0,)]
    by_hand = np.mean([t.f1_macro.known for t in curve.trials], axis=0)
    assert curve.mean_f1.folds == pytest.approx(tuple(by_hand))
    assert (curve.mean_f1.low, curve.mean_f1.high) == pytest.approx(
        (SIZES.interval(by_hand, (0, 1)).low, SIZES.interval(by_hand, (0, 1)).high)
    )


def test_the_area_is_paired() -> None:
    trials = world(PANEL, worth)
    least, most = (removal_curve(o, FULL, trials, SIZES) for o in orders()[:2])
    area = area_between(least, most, SIZES)
    # Steps 1 and 2 of 4 differ: by 0.1 - 0.0 and by 0.1 - 0.0.
    assert area.mean == pytest.approx(2 * 0.1 / 4, abs=0.002)
    assert area.high - area.low < 0.1 * (least.mean_f1.high - least.mean_f1.low)
    assert area.low > 0
    with pytest.raises(PanelError, match="same channels away"):
        area_between(least, removal_curve(orders(0, (1, 2))[0], FULL, trials, SIZES), SIZES)


def test_the_table_sets_every_ranking_beside_random_orders() -> None:
    trials = world(PANEL, worth)
    curves = [removal_curve(o, FULL, trials, SIZES) for o in orders()]
    best = best_curve([trials[m] for m in [(0,), (0, 1), (0, 1, 2), FULL]], SIZES)
    rows = summary([*curves, best], SIZES)
    assert [row.label for row in rows] == ["a", "a", "random 1", "random 2", "best of each size"]
    assert rows[0].area == rows[1].area == area_between(curves[0], curves[1], SIZES)
    assert rows[2].area is rows[2].against_random is rows[4].area is None
    random = np.mean([c.mean_f1.folds for c in curves[2:4]], axis=0)
    for row, curve in zip(rows[:2], curves[:2], strict=True):
        assert row.against_random is not None
        assert row.against_random.folds == pytest.approx(curve.mean_f1.folds - random)
    assert best.trials == curves[0].trials
    assert rows[4].mean_f1 == rows[0].mean_f1
    assert summary(curves[:2], SIZES)[0].against_random is None


def test_a_fold_without_a_step_is_left_out_of_the_mean() -> None:
    first, second = 0.8 + FOLD_LEVEL, 0.6 + FOLD_LEVEL
    second[0] = np.nan
    mean = best_curve([trial((0, 1), first), trial((0,), second)], SIZES).mean_f1
    assert mean.folds == (None, *(pytest.approx(v) for v in 0.7 + FOLD_LEVEL[1:]))


def test_a_curve_without_a_step_is_refused() -> None:
    trials = world(PANEL, worth)
    del trials[(0, 1)]
    with pytest.raises(PanelError, match=r"lacks 1 of 4 panels.*\(0, 1\).*train them"):
        removal_curve(orders()[0], FULL, trials, SIZES)
    with pytest.raises(PanelError, match="at least one step"):
        best_curve([], SIZES)
    assert len(trials[FULL].f1_macro.folds) == J
