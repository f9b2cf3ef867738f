"""Which panels are scored, which are retrained, and what the screen is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pxcore.errors import PanelError
from pxcore.panel.beam import Beam, advance, begin
from pxcore.panel.constraints import as_members, as_sets, check_constraints, fits, from_sheet
from pxcore.panel.search import (
    candidate_sets,
    finalists,
    most_chosen,
    nested_choice,
    screen_error,
    screened,
)
from pxcore.types import Channel, Panel, Role
from pxcore.types.panel import Constraints, Members, Screen
from tests.panel.made_trials import J, panel, screen_of, subsets, trial, world

PANEL = panel(4)
FREE = Constraints()


def worth(members: Members) -> float:
    """Return 0.5 and a little for each of S0, S1; S2 and S3 only help together."""
    return 0.5 + 0.1 * (1 in members) + 0.05 * (2 in members) + 0.2 * ({3, 4} <= {*members})


@given(st.integers(1, 9), st.data())
def test_every_subset_once_in_ascending_order(n: int, data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from("opx"), min_size=n, max_size=n))
    optional, pinned = (tuple(i for i, k in enumerate(kinds) if k == kind) for kind in "op")
    sets = candidate_sets(n, optional, pinned)
    rows = [tuple(row) for row in sets.tolist()]
    assert rows == sorted(set(rows))
    assert len(rows) == 2 ** len(optional) - (not pinned)
    assert sets[:, list(pinned)].all()
    assert not sets[:, [i for i in range(n) if i not in (*optional, *pinned)]].any()


def test_fourteen_are_looked_at_and_fifteen_are_not() -> None:
    assert candidate_sets(16, tuple(range(2, 16)), (0, 1)).shape == (2**14, 16)
    with pytest.raises(PanelError, match="search with a beam"):
        candidate_sets(15, tuple(range(15)))


def test_finalists_are_the_best_of_each_size() -> None:
    screen = screen_of(PANEL, worth)
    found = finalists(screen, PANEL, FREE, 1)
    assert found == ((0, 1, 2, 3, 4), (0, 1, 3, 4), (0, 3, 4), (0, 1), (0,))
    two = finalists(screen, PANEL, replace(FREE, must_keep=(2,), exclude=(3,), max_stains=2), 2)
    assert two == ((0, 1, 2), (0, 2, 4), (0, 2))
    assert finalists(screen, PANEL, replace(FREE, exclude=(0,)), 2) == ()


def test_decoys_change_no_choice() -> None:
    """The screen knows the real channels alone, or the decoys too."""
    mixed = Panel((*PANEL.channels, Channel(name="decoy", role=Role.DECOY)))
    screen = screen_of(PANEL, worth)
    wide = np.pad(screen.sets, ((0, 0), (0, 1)))
    with_decoy = wide | (np.arange(6) == 5)
    twice = replace(
        screen,
        sets=np.concatenate([wide, with_decoy]),
        valid_f1=np.concatenate([screen.valid_f1, screen.valid_f1 + 0.2], axis=1),
    )
    expected = finalists(screen, PANEL, FREE, 2)
    assert finalists(screen, mixed, FREE, 2) == expected
    assert finalists(twice, mixed, FREE, 2) == expected
    assert finalists(twice, PANEL, FREE, 2) == expected
    assert nested_choice(twice, mixed, FREE, 2) == nested_choice(screen, PANEL, FREE, 2)


def test_of_equals_the_cheaper_comes_first() -> None:
    costs = panel(3, costs=[30, 10, 20])
    screen = screen_of(costs, lambda members: 0.5 + 0.1 * len(members))
    one_stain = [m for m in finalists(screen, costs, FREE, 3) if len(m) == 2]
    assert one_stain == [(0, 2), (0, 3), (0, 1)]


def test_test_cells_never_choose() -> None:
    screen = screen_of(PANEL, worth)
    rng = np.random.default_rng(0)
    other = replace(screen, test_f1=rng.uniform(size=screen.test_f1.shape))
    assert finalists(screen, PANEL, FREE, 3) == finalists(other, PANEL, FREE, 3)
    assert nested_choice(screen, PANEL, FREE, 2) == nested_choice(other, PANEL, FREE, 2)


def test_each_fold_chooses_by_its_own_cells_alone() -> None:
    rng = np.random.default_rng(1)
    screen = screen_of(PANEL, worth)
    screen = replace(screen, valid_f1=rng.uniform(size=screen.valid_f1.shape))
    chosen = nested_choice(screen, PANEL, FREE, 2)
    two = [r for r, row in enumerate(screen.sets) if row.sum() == 3]
    for j, members in enumerate(chosen):
        best = two[int(np.argmax(screen.valid_f1[j, two]))]
        assert members == as_members(screen.sets[best])
        # Whatever the other folds see changes nothing.
        others = rng.uniform(size=screen.valid_f1.shape)
        others[j] = screen.valid_f1[j]
        assert nested_choice(replace(screen, valid_f1=others), PANEL, FREE, 2)[j] == members
    assert len(set(chosen)) > 1
    with pytest.raises(PanelError, match="loosen the constraints"):
        nested_choice(screen, PANEL, replace(FREE, max_stains=1), 2)


def test_of_equals_the_first_panel_was_chosen_most() -> None:
    assert most_chosen(((0, 1), (0, 2), (0, 1), (0, 3), (0, 1))) == (0, 1)
    assert most_chosen(((0, 3), (0, 1), (0, 3), (0, 1))) == (0, 1)


def test_the_screens_error() -> None:
    trials = list(world(PANEL, worth).values())
    screen = screen_of(PANEL, worth, off=0.01)
    found = screen_error(screen, trials)
    assert found.n_panels == 16
    assert found.mean == pytest.approx(0.01)
    assert found.largest == pytest.approx(0.01)
    rng = np.random.default_rng(2)
    noisy = replace(screen, test_f1=rng.uniform(size=screen.test_f1.shape))
    found = screen_error(noisy, trials)
    errors = noisy.test_f1.mean(axis=0) - [t.f1_macro.mean for t in trials]
    assert found.mean == pytest.approx(errors.mean())
    assert abs(found.largest) == pytest.approx(np.abs(errors).max())
    rho = stats.spearmanr(noisy.test_f1.mean(axis=0), [t.f1_macro.mean for t in trials]).statistic
    assert found.rank_correlation == pytest.approx(rho)


def test_the_screens_error_of_few_panels() -> None:
    screen = screen_of(PANEL, worth)
    trials = list(world(PANEL, worth).values())
    assert np.isnan(screen_error(screen, trials[:2]).rank_correlation)
    strange = trial((1, 4), [0.5] * J)
    nothing = screen_error(screen, [strange, replace(trials[0], nested=True)])
    assert nothing.n_panels == 0
    assert np.isnan(nothing.mean)
    # Only the folds that have both are compared.
    gap = trial((0,), [np.nan, 0.5, 0.5, 0.5, 0.5])
    found = screen_error(screen, [gap])
    assert found.mean == pytest.approx(screen.test_f1[1:, 0].mean() - 0.5)
    assert screened(screen, (1, 4)) == -np.inf


def searched(n: int, width: int, score: object) -> tuple[Screen, int]:
    beam, rounds = begin(n, tuple(range(1, n)), (0,), width), 0
    while not beam.done:
        f1 = np.array([score(m) for m in beam.proposed]) + np.zeros((J, 1))  # type: ignore[operator]
        beam, rounds = advance(beam, f1, f1 - 0.01), rounds + 1
    sets, scores = as_sets(beam.looked_at, n), np.stack(beam.scores)  # (S, J, 2)
    order = np.lexsort(sets.T[::-1])
    valid, test = scores[order].transpose(2, 1, 0)
    every = len(sets) == 2 ** (n - 1)
    return Screen(sets=sets[order], valid_f1=valid, test_f1=test, complete=every), rounds


def test_a_wide_beam_sees_every_panel() -> None:
    screen, rounds = searched(5, 100, worth)
    complete = screen_of(PANEL, worth)
    order = np.lexsort(complete.sets.T[::-1])
    assert screen.complete
    assert rounds == 5
    assert np.array_equal(screen.sets, complete.sets[order])
    assert np.allclose(screen.valid_f1[0], [worth(as_members(row)) for row in screen.sets])
    assert np.allclose(screen.valid_f1 - screen.test_f1, 0.01)


def test_a_narrow_beam_keeps_the_pair_that_only_works_together() -> None:
    n = 19
    screen, rounds = searched(n, 2, worth)
    assert rounds == n
    assert not screen.complete
    assert len(screen.sets) < 2 * n * n
    assert len({tuple(row) for row in screen.sets.tolist()}) == len(screen.sets)
    big = panel(n - 1)
    best = {len(m) - 1: m for m in finalists(screen, big, FREE, 1)}
    assert best[4] == (0, 1, 2, 3, 4)
    assert best[2] == (0, 3, 4)


def test_a_beam_follows_each_folds_own_score() -> None:
    beam = advance(begin(4, (1, 2, 3), (0,), width=1), np.ones((2, 1)), np.ones((2, 1)))
    assert beam.proposed == ((0, 1, 2), (0, 1, 3), (0, 2, 3))
    # Fold 1 likes the first best, fold 2 the second; the mean likes the third.
    scores = np.array([[0.9, 0.1, 0.8], [0.1, 0.9, 0.8]])
    beam = advance(beam, scores, scores)
    assert beam.proposed == ((0, 1), (0, 2), (0, 3))
    one = np.array([[0.9, 0.1, 0.2], [0.9, 0.1, 0.2]])
    again: Beam = advance(begin(4, (1, 2, 3), (0,), width=1), np.ones((2, 1)), np.ones((2, 1)))
    assert advance(again, one, one).proposed == ((0, 1), (0, 2))


def test_a_beam_refuses_what_it_cannot_use() -> None:
    with pytest.raises(PanelError, match="one column a panel"):
        advance(begin(3, (0, 1, 2)), np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(PanelError, match="width of at least 1"):
        begin(3, (0, 1), width=0)
    beam = begin(2, (0, 1))
    beam = advance(beam, np.ones((1, 1)), np.ones((1, 1)))
    assert advance(beam, np.ones((1, 2)), np.ones((1, 2))).done  # no empty panel


def test_what_fits() -> None:
    mixed = Panel((*PANEL.channels, Channel(name="decoy", role=Role.DECOY)))
    assert all(fits(mixed, FREE, m) for m in subsets(PANEL))
    assert not fits(mixed, FREE, (1, 2))  # without the stain-free channel
    assert fits(mixed, Constraints(exclude=(0,)), (1, 2))
    assert not fits(mixed, FREE, (0, 1, 5))
    assert not fits(mixed, Constraints(max_stains=1), (0, 1, 2))
    assert not fits(mixed, Constraints(exclude=(0,)), ())
    assert as_sets([(0, 5)], 6).sum() == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Constraints(must_keep=(1, 2), exclude=(2,)), "S1 must be kept and is excluded"),
        (Constraints(must_keep=(1, 2), max_stains=1), "at most 1 stains are allowed, but 2 must"),
        (Constraints(must_keep=(7,)), "no real channel at 7.*positions among 0 .BF0."),
        (Constraints(exclude=(-1,)), "no real channel at -1"),
        (Constraints(exclude=(0, 1, 2, 3, 4)), "nothing is left of the 5 channels"),
        (Constraints(exclude=(0,), max_stains=0), "nothing is left"),
        (Constraints(margin=0.6), "the margin is 0.6"),
    ],
)
def test_constraints_that_contradict_themselves(asked: Constraints, said: str) -> None:
    with pytest.raises(PanelError, match=said):
        check_constraints(PANEL, asked)


def test_decoys_can_be_neither_kept_nor_excluded() -> None:
    mixed = Panel((*PANEL.channels, Channel(name="decoy", role=Role.DECOY)))
    with pytest.raises(PanelError, match="no real channel at 5"):
        check_constraints(mixed, Constraints(exclude=(5,)))
    check_constraints(mixed, Constraints(must_keep=(0, 1), max_stains=1))


def test_the_sheets_wishes_join_those_asked_for() -> None:
    sheet = Panel(
        (Channel(name="a", must_keep=True), Channel(name="b", exclude=True), Channel(name="c"))
    )
    both = from_sheet(sheet, Constraints(must_keep=(2,), max_stains=2, margin=0.03))
    assert both == Constraints(must_keep=(0, 2), exclude=(1,), max_stains=2, margin=0.03)
