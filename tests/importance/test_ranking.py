"""From folds to a ranking: intervals, ranks, verdicts, and what is said about them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pxcore.errors import MethodError
from pxcore.importance.fold import FoldImportance, combine
from pxcore.importance.method import DROP_IN_F1
from pxcore.importance.rank_ranges import Draws
from pxcore.importance.ranking import rank, verdict
from pxcore.training.intervals import corrected_interval
from pxcore.types import Interval, Ranking, Verdict
from tests.made_folds import made_fold

RATES = (0.3, 0.0, 0.6, 0.1)


def made(n_folds: int = 4, **changes: int) -> list[FoldImportance]:
    return [made_fold(RATES, seed=seed, **changes) for seed in range(n_folds)]


def ranked(folds: list[FoldImportance], seed: int = 0, **settings: object) -> Ranking:
    importance = combine(folds, [450] * len(folds))
    return rank(importance, folds, draws=Draws(n_samples=300, seed=seed), **settings)


def test_order_and_ranges() -> None:
    found = ranked(made())
    assert found.rank == (2, 4, 1, 3)
    for low, own, high in zip(found.rank_low, found.rank, found.rank_high, strict=True):
        assert 1 <= low <= own <= high <= 4
    assert found.rank_low[2] == found.rank_high[2] == 1


def test_probability_of_the_first_m() -> None:
    top = np.array(ranked(made()).top)
    assert (np.diff(top, axis=1) >= 0).all()
    np.testing.assert_allclose(top[:, -1], 1)
    np.testing.assert_allclose(top.sum(axis=0), [1, 2, 3, 4])


def test_values_and_intervals_are_those_of_the_folds() -> None:
    folds = made()
    found = ranked(folds)
    expected = np.array([fold.scores.mean(axis=(0, 2)) for fold in folds])
    np.testing.assert_allclose(found.folds, expected)
    for channel in range(4):
        interval = corrected_interval(expected[:, channel], 450, 150)
        assert found.low[channel] == pytest.approx(interval.low)
        assert found.high[channel] == pytest.approx(interval.high)
        drop = corrected_interval(expected[:, channel] / 2, 450, 150)
        assert found.probability[channel].mean == pytest.approx(drop.mean)
        assert found.probability[channel].low == pytest.approx(drop.low)
        for label in range(3):
            own = [fold.scores[:, channel, label].mean() for fold in folds]
            assert found.per_class[channel][label].folds == pytest.approx(own)


def test_repeats_first_then_classes() -> None:
    """A fold that ran fewer repeats, or lacks a class, counts as much as the others."""
    folds = made(3)
    folds[1] = made_fold(RATES, n_repeats=2, seed=1, labels=np.arange(150) % 2)
    importance = combine(folds, [450] * 3)
    assert importance.scores.shape == (3, 5, 4, 3)
    assert np.isnan(importance.scores[1, 2:]).all()
    assert np.isnan(importance.scores[1, :, :, 2]).all()
    assert importance.repeats == (5, 2, 5)
    found = rank(importance, folds, draws=Draws(n_samples=100))
    by_class = folds[1].scores.mean(axis=0)[:, :2]
    np.testing.assert_allclose(found.folds[1], by_class.mean(axis=1))
    assert [value is None for value in found.per_class[0][2].folds] == [False, True, False]
    assert np.isfinite([*found.low, *found.high]).all()


def test_seeded() -> None:
    folds = made()
    assert ranked(folds) == ranked(folds)
    noisy = [made_fold((0.2, 0.21, 0.22), seed=seed) for seed in range(3)]
    assert ranked(noisy, seed=1).top != ranked(noisy, seed=2).top


def test_doubtful_order_has_wide_ranges() -> None:
    alike = [made_fold((0.2,) * 5, seed=seed) for seed in range(3)]
    found = ranked(alike)
    width = np.array(found.rank_high) - np.array(found.rank_low)
    assert width.mean() >= 2.5
    assert max(first[0] for first in found.top) < 0.9


def test_one_fold_claims_nothing() -> None:
    found = ranked(made(1))
    assert found.rank == (2, 4, 1, 3)
    assert (found.low, found.high) == ((-1.0,) * 4, (1.0,) * 4)
    assert (found.rank_low, found.rank_high) == ((1,) * 4, (4,) * 4)
    assert set(found.verdict) == {Verdict.UNDECIDED}
    assert any("one fold says nothing" in note for note in found.notes)


def test_seeds_of_a_fold_share_their_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same trained model twice knows no more about the cells than once."""
    monkeypatch.setattr(
        "pxcore.importance.bootstrap.fold_part", lambda values, *_: np.zeros((4000, 2))
    )
    one = made_fold((0.3, 0.32), n_cells=60)

    def certainty(n_seeds: int, fold_of: list[int]) -> float:
        folds = [one] * n_seeds
        importance = combine(folds, [240] * n_seeds)
        return rank(importance, folds, fold_of=fold_of, draws=Draws(n_samples=4000)).top[1][0]

    assert certainty(4, [0, 0, 0, 0]) == certainty(1, [0])
    assert certainty(4, [0, 1, 2, 3]) > certainty(1, [0]) + 0.02


def test_attributions_stay_undecided() -> None:
    folds = [
        replace(
            fold,
            unit="attribution",
            predictions=None,
            base_predictions=None,
            scores=fold.scores * 40,
        )
        for fold in made(3)
    ]
    found = ranked(folds)
    assert set(found.verdict) == {Verdict.UNDECIDED}
    assert found.rank[2] == 1
    assert max(found.high) > 1
    alone = ranked(folds[:1])
    assert np.isfinite([*alone.low, *alone.high]).all()


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.02, 0.05, Verdict.INFORMATIVE),
        (0.001, 0.5, Verdict.INFORMATIVE),
        (-0.01, 0.05, Verdict.UNDECIDED),
        (0.0, 0.05, Verdict.UNDECIDED),
        (-0.05, 0.009, Verdict.NEGLIGIBLE),
        (0.001, 0.009, Verdict.NEGLIGIBLE),
        (-0.2, -0.1, Verdict.NEGLIGIBLE),
        (0.0, 0.01, Verdict.UNDECIDED),
    ],
)
def test_verdicts(low: float, high: float, expected: Verdict) -> None:
    interval = Interval(mean=(low + high) / 2, low=low, high=high, folds=(low, high))
    assert verdict(interval, DROP_IN_F1) is expected
    assert verdict(interval, "attribution") is Verdict.UNDECIDED
    alone = replace(interval, folds=(None, low, None))
    assert verdict(alone, DROP_IN_F1) is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("n_cells", "expected"), [(30, Verdict.UNDECIDED), (120, Verdict.NEGLIGIBLE)]
)
def test_folds_that_all_agree_are_no_certainty(n_cells: int, expected: Verdict) -> None:
    """A dead channel is negligible only where the cells suffice; another value never decides."""
    one = made_fold(RATES, n_cells=n_cells)  # the second channel is dead
    found = ranked([one] * 3)
    half = 3 / (3 * n_cells)
    for mean, low, high in zip(found.mean, found.low, found.high, strict=True):
        assert (low, high) == pytest.approx((mean - half, mean + half))
    assert found.mean[1] == 0
    assert found.verdict == tuple(expected if c == 1 else Verdict.UNDECIDED for c in range(4))
    assert "same value for 4 channels" in found.notes[-1]
    starts = ranked([one] * 3, fold_of=[0, 0, 0])  # the same cells, so no more of them
    assert starts.high[1] == pytest.approx(3 / n_cells)
    assert not any("same value" in note for note in ranked(made(3)[:1]).notes)


def test_notes_say_what_the_ranges_rest_on() -> None:
    groups = np.arange(150) % 5
    folds = [made_fold(RATES, seed=s, groups=groups) for s in range(3)]
    assert "of donors within them" in ranked(folds).notes[0]
    folds[1] = made_fold(RATES, seed=1, groups=np.zeros(150, int))
    notes = ranked(folds).notes
    assert "of cells within them" in notes[0]
    assert "single donor" in notes[1]


def test_samples_of_donors_that_lack_a_class_are_told() -> None:
    labels = np.arange(150) % 3
    alone = np.where(labels == 2, 5, np.arange(150) // 3 % 5)  # one donor holds all of class 2
    folds = [made_fold(RATES, seed=s, labels=labels, groups=alone) for s in range(3)]
    (told,) = [note for note in ranked(folds).notes if "some class had no cell" in note]
    found, drawn = (int(word) for word in told.split() if word.isdigit())
    assert found / drawn == pytest.approx((5 / 6) ** 6, abs=0.05)
    even = [made_fold(RATES, seed=s, labels=labels) for s in range(3)]
    assert not any("no cell" in note for note in ranked(even).notes)


def test_shortened_bootstrap_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    folds = made(2, n_repeats=30)
    monkeypatch.setattr("pxcore.importance.bootstrap.repeats_used", lambda *_: 7)
    assert any("first 7 of up to 30 repeats" in note for note in ranked(folds).notes)


def test_notes_of_the_folds_are_kept_once() -> None:
    folds = [replace(fold, notes=("found by Otsu",)) for fold in made(3)]
    assert combine(folds, [1, 1, 1]).notes == ("found by Otsu",)
    assert ranked(folds).notes[0] == "found by Otsu"


def test_folds_must_belong_together() -> None:
    with pytest.raises(MethodError, match="2 folds with 1 training sizes"):
        combine(made(2), [3])
    with pytest.raises(MethodError, match="0 folds"):
        combine([], [])
    with pytest.raises(MethodError, match="the folds differ"):
        combine([*made(1), made_fold((0.1, 0.2))], [1, 1])


def test_results_are_read_only() -> None:
    fold = made(1)[0]
    for array in (fold.scores, fold.predictions, combine([fold], [9]).scores):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_values_scaled_within_each_cell_stay_between_0_and_1() -> None:
    """Two folds make wide intervals; what cannot be is cut off, of scaled values alone."""

    folds = made(2)
    shift = np.array([[0.2], [0.85], [0.5], [0.02]])

    def scaled(fold: FoldImportance, *, kept: str) -> FoldImportance:
        values = np.clip(fold.cell_drop / 4 + shift + 0.08 * (fold is folds[1]), 0, 1)
        scores = np.stack([values[:, fold.labels == k].mean(axis=1) for k in range(3)], axis=1)
        nothing = np.full((1, 4, 3), np.nan)
        return replace(
            fold, unit="gradient", scores=scores[None], probability_drop=nothing,
            cell_drop=values, aggregates={kept: values},
        )  # fmt: skip

    cut = ranked([scaled(fold, kept="per_image") for fold in folds])
    wide = ranked([scaled(fold, kept="none") for fold in folds])
    assert cut.mean == wide.mean
    assert min(wide.low) < 0
    assert max(wide.high) > 1
    assert min(cut.low) >= 0
    assert max(cut.high) <= 1
    assert all(0 <= one.low <= one.high <= 1 for row in cut.per_class for one in row)
