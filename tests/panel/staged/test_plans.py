"""Plans: every pair shares a run, few runs, and never fewer pairs than the published plan."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcore.errors import PanelError
from pxcore.panel.staged import covering
from pxcore.panel.staged.covering import cover_pairs, lower_bound, pair_counts
from pxcore.panel.staged.instruments import other
from pxcore.panel.staged.plans import (
    default_top,
    pair_cover,
    pairs_seen,
    plan_figures,
    planned_runs,
    published,
)
from pxcore.types.staged import Candidate, PlanKind

sizes = st.tuples(st.integers(2, 26), st.integers(2, 10))


def some(n: int, on: int = 0) -> tuple[Candidate, ...]:
    dealt = tuple(Candidate(marker=f"M{i}", cost=i) for i in range(n))
    return (*dealt, *(Candidate(marker=f"ON{i}", always_on=True, cost=1) for i in range(on)))


@settings(max_examples=20, deadline=None)
@given(sizes)
def test_every_pair_lies_in_a_block(size: tuple[int, int]) -> None:
    n, k = size
    blocks = cover_pairs(n, k)
    held = {pair for block in blocks for pair in combinations(block, 2)}
    assert held == set(combinations(range(n), 2))
    assert max(map(len, blocks)) <= k
    assert all(len(set(block)) == len(block) for block in blocks)
    assert len(blocks) >= lower_bound(n, k)
    n_tiles = -(-n // (k // 2))
    assert len(blocks) <= max(1, comb(n_tiles, 2))  # the plain way: two tiles a run


@pytest.mark.parametrize(
    ("n", "k", "runs"), [(20, 10, 6), (20, 9, 7), (7, 3, 7), (9, 3, 12), (13, 4, 13), (25, 5, 30),
                         (5, 2, 10), (10, 10, 1), (11, 10, 3), (20, 4, 35), (200, 2, 19900)],
)  # fmt: skip
def test_known_coverings_meet_their_bound(n: int, k: int, runs: int) -> None:
    blocks = cover_pairs(n, k)
    assert len(blocks) == runs
    assert pair_counts(blocks, n).all()
    assert max(map(len, blocks)) <= k


def test_four_tiles_of_five_show_all_190_pairs_in_six_runs() -> None:
    blocks = cover_pairs(20, 10)
    tiles = [set(range(i, i + 5)) for i in range(0, 20, 5)]
    assert {frozenset(block) for block in blocks} == {
        frozenset(one | two) for one, two in combinations(tiles, 2)
    }
    assert not set(blocks[0]) & set(blocks[1])  # most new pairs first


def test_the_same_sizes_always_give_the_same_blocks() -> None:
    assert cover_pairs.__wrapped__(19, 7) == cover_pairs.__wrapped__(19, 7)


def test_counts_and_pruning_agree_with_a_slow_count() -> None:
    blocks = ((0, 1, 2), (1, 2, 3), (0, 3), (0, 1))
    slow = np.zeros((4, 4))
    for block in blocks:
        for i in block:
            for j in block:
                slow[i, j] += 1
    np.testing.assert_array_equal(pair_counts(blocks, 4), slow)
    assert covering._pruned(list(blocks), 4) == [(0, 1, 2), (1, 2, 3), (0, 3)]


@settings(max_examples=30, deadline=None)
@given(sizes, st.integers(0, 2))
def test_pair_cover_never_shows_fewer_pairs_at_equal_runs(size: tuple[int, int], on: int) -> None:
    n, free = size
    candidates, instrument = some(n, on), other(free + on)
    top = default_top(candidates, instrument)
    few = published(candidates, instrument, top)
    equal = pair_cover(candidates, instrument, len(few) - 1)
    assert len(equal) <= len(few)
    assert {m for run in equal[:-1] for m in run.markers} == {c.marker for c in candidates}
    assert len(pairs_seen(equal[:-1], candidates)) >= len(pairs_seen(few[:-1], candidates))
    dealt = pair_cover(candidates, instrument)[:-1]
    assert len(pairs_seen(dealt, candidates)) == comb(n, 2)
    figures = plan_figures(PlanKind.PUBLISHED, few, candidates, instrument, top)
    assert figures.seen <= figures.seen_with_final <= figures.pairs
    more = pair_cover(candidates, instrument, len(few))[:-1]  # one run more for the final one
    assert len(pairs_seen(more, candidates)) >= figures.seen_with_final


@settings(max_examples=40, deadline=None)
@given(sizes, st.integers(0, 3))
def test_published_deals_each_candidate_once_and_evenly(size: tuple[int, int], on: int) -> None:
    n, free = size
    candidates, instrument = some(n, on), other(free + on + 1, [1])
    runs = published(candidates, instrument, default_top(candidates, instrument))
    always = tuple(c.marker for c in candidates if c.always_on)
    dealt = [run.markers[on:] for run in runs if not run.final]
    assert all(run.markers[:on] == always for run in runs)
    assert [m for part in dealt for m in part] == [c.marker for c in candidates[:n]]
    assert len(dealt) == -(-n // free)
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1
    assert [run.number for run in runs] == list(range(1, len(runs) + 1))
    assert [run.final for run in runs] == [False] * len(dealt) + [True]


def test_the_figures_of_the_specification() -> None:
    candidates, instrument = some(20), other(10)
    few = planned_runs(PlanKind.PUBLISHED, candidates, instrument, 5)
    figures = plan_figures(PlanKind.PUBLISHED, few, candidates, instrument, 5)
    assert (figures.runs, figures.fewest_runs, figures.slots_used, figures.slots) == (3, 3, 20, 20)
    assert (figures.pairs, figures.seen, figures.seen_with_final) == (190, 90, 115)
    assert figures.cost == sum(range(20))
    # The dearest five of each run, not the dearest ten of all.
    assert figures.cost_final == sum(range(5, 10)) + sum(range(15, 20))
    assert figures.notes == ()
    many = planned_runs(PlanKind.PAIR_COVER, candidates, instrument, 5)
    figures = plan_figures(PlanKind.PAIR_COVER, many, candidates, instrument, 5)
    assert (figures.runs, figures.fewest_runs, figures.slots_used) == (7, 7, 60)
    assert figures.share == 1.0
    assert figures.cost == 3 * sum(range(20))


def test_the_final_run_waits_with_what_is_sure() -> None:
    candidates = (Candidate(marker="A", must_keep=True), *some(5, 1))
    final = pair_cover(candidates, other(4))[-1]
    assert final.markers == ("ON0", "A")
    assert final.final


def test_notes_say_when_too_many_are_sent_on_and_when_one_run_does() -> None:
    candidates, instrument = some(30), other(10)
    runs = published(candidates, instrument, 5)
    (note,) = plan_figures(PlanKind.PUBLISHED, runs, candidates, instrument, 5).notes
    assert "up to 15 markers" in note
    assert "Up to 3 of each run always fit" in note
    runs = pair_cover(some(3), instrument)
    (note,) = plan_figures(PlanKind.PAIR_COVER, runs, some(3), instrument, 5).notes
    assert "one run" in note


@pytest.mark.parametrize("top", [0, -1, 11])
def test_a_top_larger_than_a_stage_is_refused(top: int) -> None:
    with pytest.raises(PanelError, match=rf"top m is {top}, but the smallest of the 2 runs has 10"):
        published(some(20), other(10), top)


def test_a_pair_needs_two_free_slots() -> None:
    with pytest.raises(PanelError, match=r"1 of them free beside .*; a pair needs 2"):
        pair_cover(some(5, 2), other(3))
    assert len(published(some(5, 2), other(3), 1)) == 6
    with pytest.raises(PanelError, match="1 run of 10 free slots cannot show 20 candidates"):
        pair_cover(some(20), other(10), 1)
    with pytest.raises(PanelError, match="2 markers are always on"):
        pair_cover(some(5, 2), other(2))


def test_too_few_slots_for_one_of_each_run_are_told_so() -> None:
    candidates = tuple(Candidate(marker=f"M{i}") for i in range(3))
    one = other(1)
    runs = planned_runs(PlanKind.PUBLISHED, candidates, one, 1)
    (note,) = plan_figures(PlanKind.PUBLISHED, runs, candidates, one, 1).notes
    assert "has 1 slot for them" in note
    assert note.endswith("Not even one of each run fits.")
