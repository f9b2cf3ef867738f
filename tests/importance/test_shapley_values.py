"""Shares of what channels give: the axioms, exact, and sampled within their standard error."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcore.importance.shapley_values import PAIRS, Exact, Sampled, expected_sets, shares
from pxcore.types import Array

GAMES = st.integers(1, 6).flatmap(
    lambda n: st.lists(st.floats(0, 1, width=32), min_size=2**n, max_size=2**n)
)

PATIENT = settings(deadline=None)  # a busy machine is no failure


def game(values: list[float]) -> tuple[int, Array]:
    """Return the number of players, and the value of each set in ascending order."""
    return int(np.log2(len(values))), np.array(values)


@PATIENT
@given(GAMES)
def test_shares_add_up_to_what_all_channels_give(values: list[float]) -> None:
    n, v = game(values)
    np.testing.assert_allclose(Exact(n).of(v).sum(), v[-1] - v[0], atol=1e-11)


@PATIENT
@given(GAMES, st.randoms(use_true_random=False))
def test_names_of_channels_do_not_matter_to_the_bit(values: list[float], random: object) -> None:
    n, v = game(values)
    order = np.array(random.sample(range(n), n), dtype=np.int64)  # type: ignore[attr-defined]
    sets = Exact(n).sets
    row = {tuple(shown): number for number, shown in enumerate(sets)}
    # Channel order[i] of the game is channel i of the renamed one.
    renamed = [v[row[tuple(shown[np.argsort(order)])]] for shown in sets]
    np.testing.assert_array_equal(Exact(n).of(np.array(renamed)), Exact(n).of(v)[order])


@PATIENT
@given(GAMES)
def test_a_channel_that_changes_nothing_has_exactly_no_share(values: list[float]) -> None:
    n, v = game(values)
    for channel in range(n + 1):
        wider = np.repeat(v.reshape(2**channel, 1, -1), 2, axis=1).ravel()
        found = Exact(n + 1).of(wider)
        assert found[channel] == 0
        others = np.delete(found, channel)
        np.testing.assert_allclose(others, Exact(n).of(v), atol=1e-11)


@PATIENT
@given(st.integers(1, 7), st.data())
def test_a_coalition_shares_evenly(n: int, data: st.DataObject) -> None:
    """v = 1 when all of T are there: each of T has 1 / |T|, the others nothing."""
    together = data.draw(st.sets(st.integers(0, n - 1), min_size=1))
    v = Exact(n).sets[:, sorted(together)].all(axis=1).astype(float)
    expected = [1 / len(together) if channel in together else 0.0 for channel in range(n)]
    np.testing.assert_allclose(Exact(n).of(v), expected, atol=1e-15)


def test_values_of_any_shape_are_shared_apart() -> None:
    v = np.random.default_rng(0).random((8, 2, 3))
    found = Exact(3).of(v)
    assert found.shape == Exact(3).error(v).shape == (3, 2, 3)
    for i, j in itertools.product(range(2), range(3)):
        np.testing.assert_array_equal(found[:, i, j], Exact(3).of(v[:, i, j]))


@pytest.mark.parametrize("way", [Exact(5), Sampled.drawn(9, 3)])
def test_sets_ascend_from_none_to_all(way: Exact | Sampled) -> None:
    rows = [tuple(shown) for shown in way.sets]
    assert rows == sorted(set(rows))
    assert not any(rows[0])
    assert all(rows[-1])


@pytest.mark.parametrize("n_channels", [1, 6, 14, 15, 16, 20, 40])
def test_as_many_sets_are_expected_as_are_met(n_channels: int) -> None:
    met = [len(shares(n_channels, seed).sets) for seed in range(8)]
    expected = expected_sets(n_channels)
    if n_channels <= 14:
        assert set(met) == {expected}
    else:
        # Counts spread by about 20, the mean of eight by about 7.
        assert np.mean(met) == pytest.approx(expected, abs=20)
        assert expected <= 2 * PAIRS * (n_channels - 1) + 2


def rough(way: Exact | Sampled, seed: int = 0) -> Array:
    """Return values in [0, 1] of a game with interactions of every order."""
    generator = np.random.default_rng(seed)
    weights = generator.normal(0, 1, (way.sets.shape[1], 6))
    return np.tanh(np.sin(way.sets @ weights).sum(axis=1) / 3) / 2 + 0.5


def test_sampling_agrees_within_its_standard_error() -> None:
    """Over many games, (estimate - exact) / error has a spread of 1: the error is honest."""
    exact, deviations = Exact(8), []
    for seed in range(30):
        way = Sampled.drawn(8, seed, n_pairs=60)
        error = way.error(rough(way, seed))
        assert (error > 0).all()
        deviations.append((way.of(rough(way, seed)) - exact.of(rough(exact, seed))) / error)
    spread = np.sqrt(np.mean(np.square(deviations)))
    assert 0.85 < spread < 1.15
    assert np.abs(deviations).max() < 5


def test_an_order_and_its_reverse_cancel_pairwise_interactions() -> None:
    """With interactions of two channels at most, every pair of orders gives the exact shares."""
    generator = np.random.default_rng(2)
    alone, both = generator.random(16), np.triu(generator.normal(0, 0.1, (16, 16)), 1)
    way = Sampled.drawn(16, 5, n_pairs=3)
    shown = way.sets.astype(float)
    v = shown @ alone + np.einsum("si,ij,sj->s", shown, both, shown)
    np.testing.assert_allclose(way.of(v), alone + (both + both.T).sum(axis=1) / 2, atol=1e-10)
    np.testing.assert_allclose(way.error(v), 0, atol=1e-10)


def test_sampled_shares_add_up_and_know_their_seed() -> None:
    way = Sampled.drawn(17, 4)
    v = rough(way)
    np.testing.assert_allclose(way.of(v).sum(), v[-1] - v[0], atol=1e-10)
    assert way.orders.shape == (PAIRS, 2, 17)
    np.testing.assert_array_equal(Sampled.drawn(17, 4).sets, way.sets)
    assert not np.array_equal(Sampled.drawn(17, 5).orders, way.orders)
    assert isinstance(shares(14, 0), Exact)
    assert isinstance(shares(15, 0), Sampled)
