"""Whether a panel is good enough beside the full one, and how far down the sizes that holds.

F1-macro of both is paired fold by fold, so what makes a fold hard cancels::

    d_j   = F1 of fold j with the panel - F1 of fold j with the full panel
    lower = mean(d) - t(0.95, J - 1) · sqrt((1 / J + n_test / n_train) · var(d))
    upper = mean(d) + the same

    good enough:   lower > -margin, and no class loses more than its floor on average
    surely worse:  upper < -margin

Neither may hold: the folds then allow both. Folds without spread are not certainty: the bounds
then lie 3 / n_cells away (rule of three), and fewer than two folds bound nothing. All of that is
the interval at 90 %, whose two ends each err in 5 %.

Several sizes are tested from the largest panel down, and the first that fails ends it
(:func:`tested_down`). Each test is allowed to err in 5 %, and no correction for their number is
needed: take the first panel in the sequence that is truly not good enough. Whatever was decided
above it was true, and to go wrong at all, at it or below, this one test must err first, which it
does in 5 %. The price: what lies below a failure is not looked at. This holds for one panel a
size that was not chosen by the cells that judge it.

Source: Nadeau and Bengio, Inference for the generalization error, Machine Learning 52, 2003,
section 3 (the variance). Maurer, Hothorn and Lehmacher, Multiple comparisons in drug clinical
trials and preclinical assays: a-priori ordered hypotheses, 1995; Westfall and Krishen, Optimally
weighted, fixed sequence and gatekeeper multiple testing procedures, Journal of Statistical
Planning and Inference 99, 2001 (the sequence). We differ: a class's floor is held against its
mean, without a bound, since few cells of a class would otherwise forbid every panel; and of a class
with fewer than 30 held-out cells not at all, since there even the mean is a matter of single cells.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pxcore.errors import PanelError
from pxcore.evaluation.values import DROP_RANGE, Sizes
from pxcore.training.intervals import SAME, corrected_interval
from pxcore.types import Interval
from pxcore.types.panel import PanelTest, PanelTrial

ONE_SIDED = 0.9
"""Level of the two-sided interval whose ends are one-sided 95 % bounds."""


def non_inferior(
    full: PanelTrial,
    panel: PanelTrial,
    sizes: Sizes,
    margin: float,
    class_floor: float,
    small: Sequence[int] = (),
) -> PanelTest:
    """Return the one-sided test of a panel against the full one.

    A panel against itself is good enough without any test: there is nothing to be wrong about.

    Parameters
    ----------
    full, panel
        Over the same folds and seeds, in the same order.
    sizes
        Of those trainings.
    margin
        The largest loss of F1-macro one would accept, in (0, 0.5).
    class_floor
        The largest mean loss of F1 that any class may have, in [0, 1].
    small
        Classes with too few held-out cells to hold a floor against: one cell called otherwise
        would decide.

    Raises
    ------
    PanelError
        For a margin or floor outside its range, or when the two panels do not have equally many
        trainings or classes.

    Examples
    --------
    >>> def trial(members, *folds):
    ...     f1 = corrected_interval(folds, 80, 20, bounds=(0, 1))
    ...     return PanelTrial(members=members, f1_macro=f1, f1_micro=f1, f1_per_class=(f1,))
    >>> sizes = Sizes(n_train=(80,) * 3, n_test=(20,) * 3)
    >>> full, fewer = trial((0, 1, 2), 0.90, 0.92, 0.94), trial((0, 2), 0.895, 0.91, 0.94)
    >>> test = non_inferior(full, fewer, sizes, margin=0.02, class_floor=0.05)
    >>> round(test.difference.mean, 3), round(test.lower_bound, 4), test.good_enough
    (-0.005, -0.0162, True)
    """
    check_margin(margin, class_floor)
    difference = paired(panel.f1_macro, full.f1_macro, sizes)
    if panel.members == full.members and not panel.nested:
        bounds = Interval(mean=0.0, low=0.0, high=0.0, folds=difference.folds)
        difference = bounds
    else:
        bounds = one_sided(difference, sizes)
    classes = class_differences(full, panel)
    lost = tuple(
        k for k, value in enumerate(classes) if value < -class_floor - SAME and k not in small
    )
    return PanelTest(
        members=panel.members,
        difference=difference,
        lower_bound=bounds.low,
        class_difference=classes,
        good_enough=bounds.low > -margin and not lost,
        surely_worse=bounds.high < -margin,
        lost_classes=lost,
    )


def with_bounds_of(test: PanelTest, other: PanelTest, margin: float) -> PanelTest:
    """Return ``test`` with its own mean and classes, bounded as narrowly or widely as ``other``.

    For the way of choosing panels, beside the panel that it came to. Folds that choose different
    panels, all of them good, scatter by more than that one panel does, and this scatter is none of
    the panel's: what they say is how much of its mean is due to having been chosen.
    """
    half = other.difference.mean - other.lower_bound
    lower = max(test.difference.mean - half, DROP_RANGE[0])
    return replace(
        test,
        lower_bound=lower,
        good_enough=lower > -margin and not test.lost_classes,
        surely_worse=test.difference.mean + half < -margin,
    )


def tested_down(steps: Sequence[Sequence[PanelTest]]) -> int:
    """Return how many steps hold before the first that does not.

    Parameters
    ----------
    steps
        From the largest size down; each has the tests that must all hold for it, such as that of
        the panel itself and that of the way of choosing it (requiring both errs no more often
        than either). A step without a test does not hold.
    """
    for passed, tests in enumerate(steps):
        if not tests or not all(test.good_enough for test in tests):
            return passed
    return len(steps)


def paired(first: Interval, second: Interval, sizes: Sizes) -> Interval:
    """Return ``first`` - ``second``, paired fold by fold, with its corrected 95 % interval.

    A fold in which either has no value is left out. Raises PanelError for unequal numbers.
    """
    return sizes.interval(np.asarray(_differences(first, second)))


def one_sided(difference: Interval, sizes: Sizes) -> Interval:
    """Return the same mean with its one-sided 95 % lower and upper bounds as ``low``, ``high``."""
    return corrected_interval(
        difference.folds,
        sizes.n_train,
        sizes.n_test,
        level=ONE_SIDED,
        bounds=DROP_RANGE,
        n_cells=sizes.n_cells,
    )


def class_differences(full: PanelTrial, panel: PanelTrial) -> tuple[float, ...]:
    """Return the mean of panel - full for each class, paired; NaN for a class in no fold."""
    if len(full.f1_per_class) != len(panel.f1_per_class):
        message = (
            f"the panel was judged on {len(panel.f1_per_class)} classes, the full one on "
            f"{len(full.f1_per_class)}; expected the same: train both on the same cells"
        )
        raise PanelError(message)
    means = []
    for mine, theirs in zip(panel.f1_per_class, full.f1_per_class, strict=True):
        known = [d for d in _differences(mine, theirs) if not math.isnan(d)]
        means.append(float(np.mean(known)) if known else math.nan)
    return tuple(means)


def check_margin(margin: float, class_floor: float) -> None:
    """Refuse a margin or a floor that no loss of F1 can be held against.

    Raises PanelError.
    """
    if not 0 < margin < 0.5:
        message = (
            f"the margin is {margin:g}; expected a loss of F1 above 0 and below 0.5: give the "
            "largest loss you would accept for a smaller panel, such as 0.02"
        )
        raise PanelError(message)
    if not 0 <= class_floor <= 1:
        message = (
            f"the floor of the classes is {class_floor:g}; expected a loss of F1 from 0 to 1: "
            "give the largest loss you would accept for any one class, such as 0.05"
        )
        raise PanelError(message)


def _differences(first: Interval, second: Interval) -> list[float]:
    """Return one difference a training; NaN where either has none."""
    if len(first.folds) != len(second.folds):
        message = (
            f"{len(first.folds)} trainings of one panel stand beside {len(second.folds)} of the "
            "other; expected equally many, in the same order: retrain what is missing"
        )
        raise PanelError(message)
    pairs = zip(first.folds, second.folds, strict=True)
    return [math.nan if a is None or b is None else a - b for a, b in pairs]
