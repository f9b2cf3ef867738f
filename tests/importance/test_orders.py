"""Random orders: exact rearrangements, fair, and blind to the block size."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pxcore.importance import orders

SIZES = st.tuples(st.integers(1, 6), st.integers(1, 40))


def drawn(seed: int, n_cells: int, n_pixels: int) -> torch.Tensor:
    return orders.drawn_orders(np.random.default_rng(seed), n_cells, n_pixels)


def keyed(seed: int, n_cells: int, n_pixels: int) -> torch.Tensor:
    return orders.keyed_orders(seed, torch.arange(n_cells), n_pixels)


WAYS = pytest.mark.parametrize("way", [drawn, keyed])


@WAYS
@given(seed=st.integers(0, 2**64 - 1), size=SIZES)
def test_every_pixel_once(way, seed, size) -> None:
    found = way(seed, *size)
    assert torch.equal(found.sort(dim=1).values, torch.arange(size[1]).expand(size))


@WAYS
@given(seed=st.integers(0, 100), size=SIZES)
def test_rearranging_keeps_the_pixels(way, seed, size) -> None:
    plane = torch.rand(size[0], size[1], 1)
    kept = plane.clone()
    found = orders.rearranged(plane, way(seed, *size))
    assert torch.equal(found.flatten(1).sort().values, plane.flatten(1).sort().values)
    assert torch.equal(plane, kept)


@given(seed=st.integers(0, 100), size=SIZES, data=st.data())
def test_mask_keeps_background_and_pixels(seed, size, data) -> None:
    row = st.lists(st.booleans(), min_size=size[1], max_size=size[1])
    rows = data.draw(st.lists(row, min_size=size[0], max_size=size[0]))
    inside = torch.tensor(rows, dtype=torch.bool).reshape(size)
    plane = torch.rand(size[0], size[1], 1)
    limited = orders.orders_inside(drawn(seed, *size), inside)
    found = orders.rearranged(plane, limited).flatten(1)
    before = plane.flatten(1)
    assert torch.equal(found[~inside], before[~inside])
    for cell in range(size[0]):
        own = inside[cell]
        assert torch.equal(found[cell, own].sort().values, before[cell, own].sort().values)


@given(seed=st.integers(0, 100), cuts=st.lists(st.integers(1, 20), max_size=4))
def test_blocks_do_not_show(seed, cuts) -> None:
    edges = sorted({0, 20, *cuts})
    generator = np.random.default_rng(seed)
    pieces = [orders.drawn_orders(generator, last - first, 9) for first, last in pairwise(edges)]
    assert torch.equal(torch.cat(pieces), drawn(seed, 20, 9))
    keys = [
        orders.keyed_orders(seed, torch.arange(first, last), 9) for first, last in pairwise(edges)
    ]
    assert torch.equal(torch.cat(keys), keyed(seed, 20, 9))


def fair(rows: torch.Tensor) -> float:
    """P-value of all orders of the columns being equally frequent."""
    every = list(permutations(sorted(set(rows[0].tolist()))))
    counts = dict.fromkeys(every, 0)
    for row in rows.tolist():
        counts[tuple(row)] += 1
    return float(stats.chisquare(list(counts.values())).pvalue)


@WAYS
@pytest.mark.parametrize("n_pixels", [2, 3, 4])
def test_all_orders_are_equally_likely(way, n_pixels: int) -> None:
    assert fair(way(3, 6000, n_pixels)) > 1e-3


def test_all_orders_inside_are_equally_likely() -> None:
    inside = torch.tensor([0, 1, 0, 1, 1, 0], dtype=torch.bool).expand(6000, 6)
    for way in (drawn, keyed):
        limited = orders.orders_inside(way(4, 6000, 6), inside)
        assert fair(limited[:, [1, 3, 4]]) > 1e-3


def test_neighbouring_keys_and_cells_are_unrelated() -> None:
    one, other = keyed(7, 500, 30), keyed(8, 500, 30)
    agree = (one == other).double().mean().item()
    assert agree == pytest.approx(1 / 30, abs=0.006)
    between = (one[1:] == one[:-1]).double().mean().item()
    assert between == pytest.approx(1 / 30, abs=0.006)


def test_keys_are_splitmix64() -> None:
    """Against Python's unbounded integers."""

    def key(state: int) -> int:
        mask = 2**64 - 1
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & mask
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & mask
        state = state ^ (state >> 31)
        return (state >> 32) - 2**32 * (state >> 63)  # as a signed 32-bit number

    seed, n_pixels = 2**63 + 12345, 17
    for cell in (0, 5, 10**9):
        keys = [
            key((seed + (cell * n_pixels + p + 1) * 0x9E3779B97F4A7C15) % 2**64)
            for p in range(n_pixels)
        ]
        found = orders.keyed_orders(seed, torch.tensor([cell]), n_pixels)
        assert found[0].tolist() == sorted(range(n_pixels), key=keys.__getitem__)


def test_first_number_of_the_published_generator() -> None:
    """SplitMix64 from state 1234567 begins with 6457827717110365317 (its authors' example)."""
    mixed = orders._mix(torch.tensor([1234567 + orders._GOLDEN]))
    assert mixed.item() % 2**64 == 6457827717110365317


@given(seed=st.integers(0, 100), groups=st.lists(st.integers(-1, 3), min_size=1, max_size=40))
def test_cells_stay_in_their_group(seed, groups) -> None:
    known = np.array(groups)
    found = orders.order_of_cells(np.random.default_rng(seed), known, len(known))
    np.testing.assert_array_equal(known[found], known)
    np.testing.assert_array_equal(np.sort(found), np.arange(len(known)))
    alone = np.array([(known == group).sum() == 1 for group in known])
    np.testing.assert_array_equal(found == np.arange(len(known)), alone)  # never its own


def test_every_ring_of_cells_is_equally_likely() -> None:
    generator = np.random.default_rng(1)
    rows = [tuple(orders.order_of_cells(generator, None, 4)) for _ in range(6000)]
    counts = [rows.count(ring) for ring in set(rows)]
    assert len(counts) == 6  # 3! rings of four cells
    assert stats.chisquare(counts).pvalue > 1e-3


def test_repeats_and_seeds_have_their_own_numbers() -> None:
    states = {
        tuple(orders.repeat_sequence(seed, repeat).generate_state(2).tolist())
        for seed in range(20)
        for repeat in range(20)
    }
    assert len(states) == 400


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_devices_draw_the_same_orders() -> None:
    there = orders.keyed_orders(99, torch.arange(300, device="cuda"), 4096)
    assert torch.equal(there.cpu(), keyed(99, 300, 4096))
