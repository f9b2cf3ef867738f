"""Verdicts against decoys, and classes with too few cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pxcore.importance import bootstrap
from pxcore.importance.fold import FoldImportance, combine, f1_of_present
from pxcore.importance.method import DROP_IN_F1
from pxcore.importance.rank_ranges import Draws
from pxcore.importance.ranking import decoy_bound, rank, verdict
from pxcore.importance.small_classes import held_out, judged, small_classes
from pxcore.types import Array, Interval, Ranking, Verdict
from tests.made_folds import made_fold

RATES = (0.3, 0.002, 0.6, 0.1, 0.1, 0.0)
DECOYS = (4, 5)


def made(rates: tuple[float, ...] = RATES, n_folds: int = 4) -> list[FoldImportance]:
    return [made_fold(rates, seed=seed) for seed in range(n_folds)]


def ranked(folds: list[FoldImportance], **settings: object) -> Ranking:
    importance = combine(folds, [450] * len(folds))
    return rank(importance, folds, draws=Draws(n_samples=200), **settings)


def test_informative_is_above_every_decoy() -> None:
    found = ranked(made(), decoys=DECOYS)
    assert found.decoy_bound == max(found.high[4], found.high[5]) == found.high[4]
    for c in range(6):
        above = found.low[c] > found.decoy_bound
        assert (found.verdict[c] is Verdict.INFORMATIVE) == above
    assert found.verdict[2] is Verdict.INFORMATIVE
    assert found.verdict[3] is Verdict.UNDECIDED  # as strong as a decoy
    alone = ranked(made())
    assert alone.decoy_bound is None
    assert alone.verdict[3] is alone.verdict[4] is Verdict.INFORMATIVE


def test_decoys_change_verdicts_and_nothing_else() -> None:
    plain, against = ranked(made()), ranked(made(), decoys=DECOYS)
    assert replace(against, verdict=plain.verdict, decoy_bound=None) == plain


def test_decoys_below_zero_do_not_lower_the_yardstick() -> None:
    below = Interval(mean=-0.3, low=-0.4, high=-0.2, folds=(-0.4, -0.2))
    assert decoy_bound([below], (0,)) == decoy_bound([below], (0,), "F1") == 0.0
    assert decoy_bound([below], (0,), "attribution") == -0.2  # has no zero
    assert decoy_bound([below], ()) is None


def test_one_silent_decoy_does_not_help_beside_a_loud_one() -> None:
    assert ranked(made(), decoys=(5,)).verdict[3] is Verdict.INFORMATIVE
    assert ranked(made(), decoys=(5, 4)).verdict[3] is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("low", "high", "bound", "unit", "expected"),
    [
        (0.05, 0.2, 0.04, DROP_IN_F1, Verdict.INFORMATIVE),
        (0.04, 0.2, 0.04, DROP_IN_F1, Verdict.UNDECIDED),
        (0.004, 0.009, 0.002, DROP_IN_F1, Verdict.NEGLIGIBLE),
        (0.004, 0.2, -0.1, DROP_IN_F1, Verdict.INFORMATIVE),
        (0.05, 0.2, None, "F1", Verdict.INFORMATIVE),
        (0.001, 0.002, None, "F1", Verdict.NEGLIGIBLE),
        (0.05, 0.2, 0.04, "attribution", Verdict.INFORMATIVE),
        (0.001, 0.002, 0.0, "attribution", Verdict.INFORMATIVE),
        (-9.0, -8.0, 0.0, "attribution", Verdict.UNDECIDED),
        (5.0, 9.0, None, "attribution", Verdict.UNDECIDED),
    ],
)
def test_verdicts(
    low: float, high: float, bound: float | None, unit: str, expected: Verdict
) -> None:
    interval = Interval(mean=(low + high) / 2, low=low, high=high, folds=(low, high))
    assert verdict(interval, unit, bound) is expected
    known_nothing = verdict(interval, unit, bound, decoy=True)
    assert known_nothing is (
        Verdict.NEGLIGIBLE if expected is Verdict.NEGLIGIBLE else Verdict.UNDECIDED
    )
    alone = replace(interval, folds=(low, None))
    assert verdict(alone, unit, bound) is Verdict.UNDECIDED
    same = replace(interval, folds=(interval.mean, interval.mean))
    assert verdict(same, unit, bound) is Verdict.UNDECIDED


def test_no_probability_where_a_method_has_none() -> None:
    folds = [
        replace(fold, probability_drop=np.full_like(fold.scores, np.nan), unit="attribution")
        for fold in made()
    ]
    found = ranked(folds, decoys=DECOYS)
    assert found.probability == ()
    assert found.verdict[2] is Verdict.INFORMATIVE
    assert len(ranked(made()).probability) == 6


def rare(n_rare: int, seed: int, n_cells: int = 150) -> Array:
    """Labels of three classes, the last with so many cells."""
    labels = np.random.default_rng(seed).integers(0, 2, n_cells)
    labels[:n_rare] = 2
    return labels


def with_rare(n_rare: int, n_folds: int = 3) -> list[FoldImportance]:
    return [made_fold(RATES, seed=s, labels=rare(n_rare, s)) for s in range(n_folds)]


@pytest.mark.parametrize(("n_rare", "small"), [(9, (2,)), (10, ())])
def test_fewer_than_thirty_cells_over_all_folds_are_small(
    n_rare: int, small: tuple[int, ...]
) -> None:
    found = ranked(with_rare(n_rare), decoys=DECOYS)
    assert found.small_classes == small
    assert bool(small) == any("1 class has fewer than 30" in note for note in found.notes)


def test_seeds_of_a_fold_do_not_make_a_class_larger() -> None:
    folds = with_rare(14)
    assert ranked(folds).small_classes == ()
    assert ranked(folds, fold_of=[0, 0, 1]).small_classes == (2,)
    np.testing.assert_array_equal(
        held_out(folds, [0, 0, 1], 3),
        np.bincount(folds[0].labels) + np.bincount(folds[2].labels),
    )


def test_small_classes_are_shown_and_not_counted() -> None:
    """Whatever a small class says, nothing but its own column changes."""
    folds = with_rare(6)
    wild = []
    for fold in folds:
        scores = fold.scores.copy()
        scores[..., 2] = np.random.default_rng(0).uniform(-1, 1, scores[..., 2].shape)
        wild.append(replace(fold, scores=scores, probability_drop=scores / 2))
    calm, other = ranked(folds, decoys=DECOYS), ranked(wild, decoys=DECOYS)
    for name in ("mean", "low", "high", "folds", "rank", "verdict", "decoy_bound", "top"):
        assert getattr(calm, name) == getattr(other, name)
    assert [p.mean for p in calm.probability] == pytest.approx([p.mean for p in other.probability])
    assert calm.per_class[0][:2] == other.per_class[0][:2]
    assert calm.per_class[0][2] != other.per_class[0][2]
    expected = np.mean([fold.scores[:, :, :2].mean(axis=(0, 2)) for fold in folds], axis=0)
    np.testing.assert_allclose(calm.mean, expected)


def test_bootstrap_of_cells_leaves_small_classes_out() -> None:
    """Its mean is over the large classes, and cells called as a small class still count wrong."""
    fold = with_rare(6)[0]
    observed = bootstrap.cell_part(fold, 3, 5, np.random.default_rng(1), (0, 1))
    weights = next(iter(bootstrap._weights(fold, 3, np.random.default_rng(1))))
    for s in range(3):
        cells = np.repeat(np.arange(150), weights[s].astype(int))
        labels = fold.labels[cells]
        base = f1_of_present(labels, fold.base_predictions[cells], 3)
        spoilt = f1_of_present(labels, fold.predictions[:, :, cells], 3)
        value = (base - spoilt).mean(axis=1)[:, :2].mean(axis=1)
        np.testing.assert_allclose(
            observed[s], value - fold.scores[:, :, :2].mean(axis=(0, 2)), atol=1e-6
        )


def test_all_small_keeps_all_and_decides_nothing() -> None:
    folds = [made_fold(RATES, seed=s, n_cells=24) for s in range(3)]
    found = ranked(folds, decoys=DECOYS)
    assert found.small_classes == (0, 1, 2)
    assert set(found.verdict) == {Verdict.UNDECIDED}
    assert any("every channel is undecided" in note for note in found.notes)
    expected = np.mean([fold.scores.mean(axis=(0, 2)) for fold in folds], axis=0)
    np.testing.assert_allclose(found.mean, expected)


def test_a_fold_is_not_left_without_a_class() -> None:
    present = np.array([[True, True, False], [False, False, True]])
    found = judged((2,), present)
    assert (found.classes, found.small, found.sure) == ((0, 1, 2), (2,), False)
    assert "in some fold there are no others" in found.note
    fine = judged((2,), np.array([[True, True, False], [False, True, True]]))
    assert (fine.classes, fine.sure) == ((0, 1), True)
    assert judged((), present).note == ""
    assert small_classes(np.array([29, 30, 0])) == (0, 2)
