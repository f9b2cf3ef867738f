"""Place or amount: what the intervals allow, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pxcore.errors import MethodError
from pxcore.evaluation.where import where_or_how_much
from pxcore.training.intervals import corrected_interval
from pxcore.types import Array, Importance, Where, WhereOrHowMuch

SHIFT = np.array([-1.0, 0.0, 1.0])
HALF = float(np.diff([0, corrected_interval(SHIFT, 200, 100, bounds=None).high])[0])
"""Half of an interval over folds at -1, 0 and 1."""


def importance(folds: Array, method: str = "permute_cells", n_classes: int = 3) -> Importance:
    """(J, C) values, the same in each repeat and class."""
    scores = np.repeat(np.repeat(folds[:, None, :, None], 2, axis=1), n_classes, axis=3)
    return Importance(
        method=method,
        unit="drop in F1",
        scores=scores,
        probability_drop=scores,
        repeats=(2,) * len(folds),
        n_train=(200,) * len(folds),
        n_test=(100,) * len(folds),
        base_score=np.ones((len(folds), n_classes)),
    )


def spread(low: float, high: float) -> Array:
    """Three folds whose interval is this one."""
    return (low + high) / 2 + SHIFT * (high - low) / 2 / HALF


def found(
    total: list[tuple[float, float]], place: list[tuple[float, float]], decoys: tuple[int, ...] = ()
) -> WhereOrHowMuch:
    parts = [np.stack([spread(*pair) for pair in pairs], axis=1) for pairs in (total, place)]
    return where_or_how_much(
        importance(parts[0]), importance(parts[1], "pxpermute_mask"), decoys=decoys
    )


def test_intervals_are_the_corrected_ones() -> None:
    got = found([(0.2, 0.3)], [(0.05, 0.08)])
    for interval, bounds in zip(
        (got.total[0], got.place[0]), ((0.2, 0.3), (0.05, 0.08)), strict=True
    ):
        assert (interval.low, interval.high) == pytest.approx(bounds)


def test_amount_is_paired_fold_by_fold() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(0, 0.1, (3, 1))
    total, place = 0.5 + common, 0.1 + common + rng.normal(0, 0.001, (3, 1))
    got = where_or_how_much(importance(total), importance(place, "pxpermute_mask"))
    assert got.amount[0].folds == pytest.approx((total - place)[:, 0])
    assert got.amount[0].high - got.amount[0].low < 0.03
    assert got.total[0].high - got.total[0].low > 0.1


DECOYS = ((-0.02, 0.02), (-0.01, 0.03))
"""Total: zero reaches 0.03; place: 0.02."""


@pytest.mark.parametrize(
    ("total", "place", "expected"),
    [
        ((0.20, 0.30), (0.10, 0.20), Where.PLACE),
        ((0.20, 0.30), (0.03, 0.20), Where.PLACE),
        ((0.20, 0.30), (0.01, 0.20), Where.UNDECIDED),  # place reaches into the decoys
        ((0.02, 0.30), (0.10, 0.20), Where.UNDECIDED),  # total does
        ((-0.01, 0.20), (0.10, 0.20), Where.UNDECIDED),  # stumbles over pictures never taken
        ((0.20, 0.30), (-0.01, 0.02), Where.AMOUNT),
        ((0.20, 0.30), (-0.20, 0.19), Where.UNDECIDED),  # place may be most of it
        ((0.02, 0.30), (-0.01, 0.01), Where.UNDECIDED),
        ((-0.03, 0.009), (-0.01, 0.01), Where.NOT_INFORMATIVE),
        ((-0.03, 0.011), (-0.01, 0.01), Where.UNDECIDED),
        ((-0.03, 0.009), (0.10, 0.20), Where.NOT_INFORMATIVE),
    ],
)
def test_verdicts_against_decoys(
    total: tuple[float, float], place: tuple[float, float], expected: Where
) -> None:
    got = found([total, *DECOYS], [place, (-0.02, 0.02), (0.0, 0.01)], decoys=(1, 2))
    assert got.verdict[0] is expected
    assert not any("no decoys" in note for note in got.notes)


def test_decoys_never_carry_anything() -> None:
    got = found([(0.1, 0.2), (0.5, 0.6)], [(0.1, 0.2), (0.5, 0.6)], decoys=(1,))
    assert got.verdict == (Where.UNDECIDED, Where.UNDECIDED)
    small = found([(0.1, 0.2), (-0.01, 0.005)], [(0.1, 0.2), (0.0, 0.05)], decoys=(1,))
    assert small.verdict == (Where.PLACE, Where.NOT_INFORMATIVE)


def test_amount_must_be_above_the_decoys_too() -> None:
    """Rearranging a decoy helped by chance: then its total less its place is large."""
    rows = [(0.2, 0.3), (-0.02, 0.03)], [(-0.01, 0.02), (-0.5, 0.05)]
    got = found(*rows, decoys=(1,))
    assert got.amount[1].high > 0.4
    assert got.verdict[0] is Where.UNDECIDED


def test_decoys_below_zero_do_not_lower_the_yardstick() -> None:
    got = found([(-0.01, 0.2), (-0.3, -0.2)], [(-0.01, 0.1), (-0.3, -0.2)], decoys=(1,))
    assert got.verdict[0] is Where.UNDECIDED


def test_without_decoys_zero_is_the_yardstick_and_that_is_said() -> None:
    got = found([(0.02, 0.1), (0.001, 0.1)], [(0.005, 0.08), (-0.001, 0.05)])
    assert got.verdict == (Where.PLACE, Where.UNDECIDED)
    assert any("no decoys in this run" in note for note in got.notes)
    trifle = found([(0.02, 0.1)], [(0.001, 0.009)])
    assert trifle.verdict == (Where.UNDECIDED,)  # real, but too small for a claim of place


def test_small_classes_take_no_part() -> None:
    total, place = importance(np.full((3, 1), 0.2)), importance(np.zeros((3, 1)), "pxpermute_mask")
    scores = total.scores.copy()
    scores[..., 2] = [[[0.9]], [[-0.5]], [[0.4]]]
    noisy = replace(total, scores=scores)
    place = replace(place, scores=scores - 0.2)
    every = where_or_how_much(noisy, place)
    without = where_or_how_much(noisy, place, small_classes=(2,))
    assert without.total[0].folds == pytest.approx((0.2, 0.2, 0.2))
    assert without.place[0].folds == pytest.approx((0, 0, 0))
    assert every.total[0].high - every.total[0].low > 0.3
    assert any("1 class has fewer than 30" in note for note in without.notes)
    nothing = where_or_how_much(noisy, place, small_classes=(0, 1, 2))
    assert nothing.verdict == (Where.UNDECIDED,)
    assert nothing.total[0].folds == every.total[0].folds


def test_one_training_claims_nothing() -> None:
    got = where_or_how_much(
        importance(np.full((1, 1), 0.4)), importance(np.zeros((1, 1)), "pxpermute_mask")
    )
    assert got.verdict == (Where.UNDECIDED,)
    assert (got.total[0].low, got.total[0].high) == (-1, 1)


def test_both_must_be_of_the_same_trainings() -> None:
    with pytest.raises(MethodError, match=r"cannot be parted: .* expected the same trainings"):
        where_or_how_much(importance(np.zeros((3, 2))), importance(np.zeros((3, 1))))
