"""The simulator: its arithmetic against slow loops, and the direction of the known figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pxcore.errors import PanelError
from pxcore.panel.staged.drawn import (
    draw_cells,
    draw_planted,
    drops,
    fitted,
    share_right,
)
from pxcore.panel.staged.simulator import Simulation, can_simulate, simulate

SMALL = Simulation(draws=3, seed=5)


class Reversed(np.random.Generator):
    """A generator whose permutation is known: every column turned upside down."""

    def permuted(self, x, axis=0):
        assert axis == 0
        return x[::-1]


def answers(weights: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Of one cell, written out."""
    k, row = len(cell), 1 + len(cell)
    said = weights[0].copy()
    for i in range(k):
        said += cell[i] * weights[1 + i]
    for i in range(k):
        for j in range(i + 1, k):
            said += cell[i] * cell[j] * weights[row]
            row += 1
    return said


def test_drops_in_closed_form_equal_a_slow_loop() -> None:
    rng = np.random.default_rng(3)
    values, labels = rng.normal(size=(60, 5)), rng.integers(0, 4, size=60)
    weights = rng.normal(size=(16, 4))
    base = np.mean([answers(weights, c).argmax() == y for c, y in zip(values, labels, strict=True)])
    slow = []
    for marker in range(5):
        spoilt = values.copy()
        spoilt[:, marker] = values[::-1, marker]
        hits = [answers(weights, c).argmax() == y for c, y in zip(spoilt, labels, strict=True)]
        slow.append(base - np.mean(hits))
    found = drops(weights, values, labels, Reversed(np.random.PCG64(0)))
    np.testing.assert_allclose(found, slow, atol=1e-12)
    assert share_right(weights, values, labels) == pytest.approx(base)


def test_the_fit_solves_its_normal_equations() -> None:
    rng = np.random.default_rng(4)
    values, labels = rng.normal(size=(80, 3)), rng.integers(0, 4, size=80)
    weights = fitted(values, labels)
    a, b, c = values.T
    wide = np.stack([np.ones(80), a, b, c, a * b, a * c, b * c], axis=1)
    left = wide.T @ (np.eye(4)[labels] - wide @ weights)
    np.testing.assert_allclose(left, 0.02 * 80 * weights, atol=1e-9)


def test_what_is_planted_is_there() -> None:
    rng = np.random.default_rng(0)
    planted = draw_planted(20, rng)
    values, labels = draw_cells(planted, np.arange(20), 40_000, rng)
    means = np.array([values[labels == k].mean(axis=0) for k in range(4)])  # (K, M)
    first, second = planted.pair
    np.testing.assert_allclose(means[:, [first, second]], 0, atol=0.1)  # alone they say nothing
    together = [(values[labels == k][:, planted.pair].prod(axis=1)).mean() for k in range(4)]
    np.testing.assert_allclose(together, 2.2**2 * planted.agree, atol=0.25)
    alike = np.corrcoef(values.T)
    for family in (0, 1):
        members = np.flatnonzero(planted.family == family)
        assert len(members) == 3
        assert alike[np.ix_(members, members)].min() > 0.8
        others = np.setdiff1d(np.arange(20), np.flatnonzero(planted.family >= 0))
        assert np.abs(alike[np.ix_(members, others)]).max() < 0.5
    singles = np.flatnonzero(planted.shift.any(axis=1))
    assert len(singles) == 3
    np.testing.assert_allclose(means[:, singles].T, planted.shift[singles], atol=0.05)
    known = {first, second, *singles, *np.flatnonzero(planted.family >= 0)}
    assert len(known) == 11
    nothing = np.setdiff1d(np.arange(20), sorted(known))
    np.testing.assert_allclose(means[:, nothing], 0, atol=0.05)


def test_the_same_seed_gives_the_same_and_ways_do_not_disturb_one_another() -> None:
    one = simulate(SMALL)
    assert [vars_of(loss) for loss in simulate(SMALL)] == [vars_of(loss) for loss in one]
    (alone,) = simulate(replace(SMALL, ways=("published",)))
    assert vars_of(alone) != vars_of(simulate(replace(SMALL, seed=6, ways=("published",)))[0])
    assert alone.accuracy == one[0].accuracy


def vars_of(loss: object) -> tuple[object, ...]:
    return tuple(getattr(loss, name) for name in loss.__slots__)


def test_the_direction_of_the_known_figures() -> None:
    """0.742 published, 0.787 pair cover, 0.790 all at once; champions gain nothing."""
    ways = ("published", "champions", "pair_cover", "all")
    found = dict(zip(ways, simulate(Simulation(draws=40, seed=11, ways=ways)), strict=True))
    assert [found[way].runs for way in ways] == [3, 3, 7, 1]
    assert found["published"].loss_low > 0.02
    assert abs(found["pair_cover"].loss) < 0.015
    assert found["pair_cover"].accuracy > found["published"].high
    assert found["champions"].accuracy < found["published"].high
    assert found["pair_cover"].pair_kept > 0.9
    assert found["published"].pair_kept < 0.7
    assert (found["all"].loss, found["all"].loss_low) == (0, 0)
    assert 0.7 < found["published"].accuracy < found["all"].accuracy < 0.85


def test_one_run_for_all_loses_nothing_but_noise() -> None:
    few = Simulation(markers=10, free=10, top=10, draws=20, seed=2)
    published, cover, _ = simulate(few)
    assert (published.runs, cover.runs) == (2, 2)
    for plan in (published, cover):
        assert plan.loss_low < 0.015
        assert plan.loss_high > -0.015


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"markers": 7, "top": 2, "final": 3}, "8 to 40 candidates, there are 7"),
        ({"markers": 41}, "8 to 40 candidates, there are 41"),
        ({"free": 1, "top": 1, "final": 1}, "at least 2 slots"),
        ({"final": 11}, "a panel of 11 markers"),
        ({"top": 11}, "top m is 11; expected 1 to 10"),
        ({"top": 10, "ways": ("champions",)}, "leave none of 10 slots free"),
        ({"draws": 1}, "expected at least 2 of 30"),
        ({"ways": ("guessed",)}, "way 'guessed' is not known; there is published"),
    ],
)
def test_what_cannot_be_simulated_is_said(changes: dict[str, object], said: str) -> None:
    setting = replace(SMALL, **changes)
    assert can_simulate(setting) in said or said in can_simulate(setting)
    with pytest.raises(PanelError, match=said):
        simulate(setting)
