"""How much better folds dealt cell by cell look than folds that keep donors apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pxcore.evaluation.values import Sizes
from pxcore.training.intervals import student_t
from pxcore.types import Interval, Leakage, Performance

_RANGE = (-1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """How well some trainings do, with the cells behind them."""

    performance: Performance
    sizes: Sizes


def leakage(by_donor: Judged, by_cell: Judged, level: float = 0.95) -> Leakage:
    """Return both F1-macro and their gap, by_cell - by_donor, with an interval.

    ::

        gap ± t(ν) · sqrt(v₁ + v₂)        v = (1 / J + n_test / n_train) · s²
        ν = (v₁ + v₂)² / (v₁² / (J₁ - 1) + v₂² / (J₂ - 1))

    The two splits have other folds, so nothing is paired. v is the variance of a mean over folds
    that share training cells, and ν are the degrees of freedom for two unequal variances. Both
    sides rest on the same cells, whose luck they share: the interval errs towards wide.

    With fewer than two folds on a side the interval is the whole range, -1 to 1; without spread
    on both it reaches 3 / n to each side, n the held-out cells (rule of three).

    Parameters
    ----------
    by_donor, by_cell
        Of the same cells and settings but for the split.
    level
        Confidence.

    Notes
    -----
    Source: Nadeau and Bengio, Inference for the generalization error, Machine Learning 52, 2003
    (v); Welch, The generalization of "Student's" problem, Biometrika 34, 1947 (ν). The question:
    Roberts et al., Cross-validation strategies for data with temporal, spatial, hierarchical or
    phylogenetic structure, Ecography 40, 2017.
    """
    first, second = by_donor.performance.f1_macro, by_cell.performance.f1_macro
    mean = second.mean - first.mean
    sides = [(first.known, by_donor.sizes), (second.known, by_cell.sizes)]
    low, high = _RANGE
    if all(len(known) > 1 for known, _ in sides):
        half = _half(sides, level)
        low, high = max(low, mean - half), min(high, mean + half)
    gap = Interval(mean=mean, low=low, high=high, folds=())
    return Leakage(by_donor=first, by_cell=second, gap=gap)


def _half(sides: list[tuple[tuple[float, ...], Sizes]], level: float) -> float:
    """Return half the width of the interval of a difference of two means over folds."""
    variances = [(1 / len(v) + sizes.share) * float(np.var(v, ddof=1)) for v, sizes in sides]
    total = sum(variances)
    if total < 1e-24:
        _, sizes = sides[0]
        cells = sum(sizes.n_test) if sizes.n_cells is None else sizes.n_cells
        return 3 / max(1, cells)
    parts = zip(variances, sides, strict=True)
    freedom = total**2 / sum(v**2 / (len(known) - 1) for v, (known, _) in parts)
    return student_t((1 + level) / 2, freedom) * math.sqrt(total)
