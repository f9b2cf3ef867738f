"""Intervals of a mean over cross-validation folds, wide enough for folds that share cells."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pxcore.types import Interval

SAME = 1e-12
"""Values over folds that differ by less are equal."""


def corrected_interval(
    values: Sequence[float | None],
    n_train: int | Sequence[int],
    n_test: int | Sequence[int],
    level: float = 0.95,
    bounds: tuple[float, float] | None = (-1.0, 1.0),
    n_cells: int | None = None,
) -> Interval:
    """Return the mean of one value a fold with its corrected interval.

    ::

        mean ± t(J - 1, level) · sqrt((1 / J + n_test / n_train) · s²)

    with s² the variance over the J folds (times seeds), divided by J - 1. Any two folds train on
    mostly the same cells, so their values move together; the term n_test / n_train accounts for
    it, where the plain standard error would be too small.

    Parameters
    ----------
    values
        One number a fold. NaN or None means that the fold cannot have the value (it lacks the
        class): it is left out of the mean and stands as None in ``Interval.folds``, which keeps
        every other fold's place.
    n_train, n_test
        Cells that decided a fold's weights and cells that judged them; a sequence has one number
        a fold, and the ratio of the sums is taken.
    level
        Confidence.
    bounds
        The smallest and the largest value the quantity can have: (0, 1) for a score, (-1, 1) for
        a drop in a score, None where there is none (attributions). The interval is cut to them.
        **One fold gives a mean but no spread, and none gives not even that: the interval is then
        the whole range**, which says that nothing is known, instead of a bar of length 0. With no
        fold the mean stands at 0, or at the nearest bound.
    n_cells
        Different held-out cells that the values rest on, where they are not all of ``n_test``
        (several starts of one fold, one class). **Folds that all have one value show no spread,
        which is not certainty**: with bounds, the interval is then mean ± 3 / n_cells, the rule
        of three.

    Raises
    ------
    ValueError
        For infinite values, values outside the bounds, or fewer than two folds without bounds.

    Notes
    -----
    Source: Nadeau and Bengio, Inference for the generalization error, Machine Learning 52, 2003,
    section 3, "corrected resampled t-test". Derived for random splits; used here for
    cross-validation folds too, as is customary (Bouckaert and Frank 2004), where it errs towards
    wide. Rule of three: what was not seen among n cells has, at 95 %, a share of at most 3 / n
    (Hanley and Lippman-Hand, If nothing goes wrong, is everything all right?, JAMA 249, 1983).

    >>> shown = corrected_interval([0.8, 0.9], n_train=100, n_test=50, bounds=None)
    >>> round(shown.mean, 3), round(shown.low, 3), round(shown.high, 3)
    (0.85, -0.048, 1.748)
    """
    folds = tuple(None if value is None else float(value) for value in values)
    known = tuple(value for value in folds if value is not None and not math.isnan(value))
    _check(known, bounds)
    if len(known) < 2:
        low, high = bounds if bounds is not None else (0.0, 0.0)
        mean = known[0] if known else min(max(0.0, low), high)
        return Interval(mean=mean, low=low, high=high, folds=folds)
    mean = float(np.mean(known))
    ratio = float(np.sum(n_test) / np.sum(n_train))
    spread = math.sqrt((1 / len(known) + ratio) * float(np.var(known, ddof=1)))
    half = student_t((1 + level) / 2, len(known) - 1) * spread
    if bounds is not None and without_spread(known):
        cells = np.broadcast_to(n_test, len(folds)).sum() if n_cells is None else n_cells
        half = 3 / max(1, int(cells))
    low, high = bounds if bounds is not None else (-math.inf, math.inf)
    return Interval(mean=mean, low=max(mean - half, low), high=min(mean + half, high), folds=folds)


def student_t(share: float, freedom: float) -> float:
    """Return what Student's t of so many degrees of freedom stays below in this share of draws.

    As ``scipy.stats.t.ppf``, which takes every process half a second to load.

    >>> round(student_t(0.975, 4), 3)
    2.776
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - commands that count nothing go without

    return float(stdtrit(freedom, share))


def without_spread(known: Sequence[float]) -> bool:
    """Return True for two or more values that are all the same, but for rounding."""
    return len(known) > 1 and max(known) - min(known) < SAME


def _check(known: tuple[float, ...], bounds: tuple[float, float] | None) -> None:
    """Refuse values for which the interval would be a lie."""
    if any(math.isinf(value) for value in known):
        message = f"values over folds must be finite, found {known}"
        raise ValueError(message)
    if bounds is None:
        if len(known) < 2:
            message = f"no interval of a value without bounds from {len(known)} of 2 folds needed"
            raise ValueError(message)
        return
    slack = 1e-9
    outside = [v for v in known if not bounds[0] - slack <= v <= bounds[1] + slack]
    if outside:
        message = f"values {outside} lie outside {bounds}; give the right bounds, or None"
        raise ValueError(message)
