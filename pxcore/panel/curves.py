"""F1 against channels left: curves, their summary, and what an order is worth.

::

    mean F1 of a curve, fold j  = mean over its steps of F1_j(step)
    area between directions     = mean F1 of least first - mean F1 of most first, fold by fold
    against random              = mean F1 of the order - mean over the random orders, fold by fold

A ranking that knows something has an area above 0. All are paired: the steps of one fold share
their training and test cells. Every step counts the same, the full panel too, as published; so
compare only curves with the same steps, and mind that the area shrinks with the pinned channels.

Source: PXPermute (removal of channels with retraining, average F1-macro over the steps). We
differ: both directions, random orders beside them, intervals over folds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pxcore.errors import PanelError
from pxcore.evaluation.values import Sizes
from pxcore.panel.noninferiority import paired
from pxcore.panel.orders import LEAST_FIRST, MOST_FIRST, RANDOM, steps
from pxcore.types import Array, Interval
from pxcore.types.panel import Members, PanelTrial, RemovalCurve, RemovalOrder

BEST = "best"
"""Direction of a curve that follows no order."""
BEST_LABEL = "best of each size"
SCORE_RANGE = (0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveRow:
    """One line of the table of averages."""

    label: str
    direction: str
    n_steps: int
    mean_f1: Interval
    against_random: Interval | None
    """None without random orders of as many steps, and for the random orders themselves."""
    area: Interval | None
    """Of a ranking with both directions, told in both of its lines."""


def removal_curve(
    order: RemovalOrder, full: Members, trials: Mapping[Members, PanelTrial], sizes: Sizes
) -> RemovalCurve:
    """Return the curve of one order.

    Parameters
    ----------
    full
        All channels that the order starts from.
    trials
        By members, every panel of the order among them, over the same folds and seeds.

    Raises
    ------
    PanelError
        When a panel of the order was not trained.
    """
    panels = list(steps(full, order.order))
    missing = [members for members in panels if members not in trials]
    if missing:
        message = (
            f"the removal curve {order.label!r} ({order.direction}) lacks {len(missing)} of "
            f"{len(panels)} panels, the first with channels {missing[0]}; expected a training of "
            "every step: train them, then draw the curve"
        )
        raise PanelError(message)
    return _curve((order.label, order.direction), order.order, [trials[m] for m in panels], sizes)


def best_curve(trials: Sequence[PanelTrial], sizes: Sizes) -> RemovalCurve:
    """Return the curve of the best panel known of each size, from the largest down.

    They need not be nested, so the curve has no order. Which panels are best must have been
    decided on other cells than those of ``trials`` (:func:`pxcore.panel.search.finalists`), else
    the curve lies too high.
    """
    down = sorted(trials, key=lambda trial: -len(trial.members))
    return _curve((BEST_LABEL, BEST), (), down, sizes)


def area_between(first: RemovalCurve, second: RemovalCurve, sizes: Sizes) -> Interval:
    """Return mean F1 of ``first`` - mean F1 of ``second``, fold by fold.

    Raises PanelError when they do not have equally many steps.
    """
    if len(first.trials) != len(second.trials):
        message = (
            f"curves of {len(first.trials)} and {len(second.trials)} steps have no area between "
            "them; expected equally many: take the same channels away in both"
        )
        raise PanelError(message)
    return paired(first.mean_f1, second.mean_f1, sizes)


def summary(curves: Sequence[RemovalCurve], sizes: Sizes) -> tuple[CurveRow, ...]:
    """Return the table of averages, one line a curve, in their order."""
    by_name = {(curve.label, curve.direction): curve for curve in curves}
    return tuple(
        CurveRow(
            label=curve.label,
            direction=curve.direction,
            n_steps=len(curve.trials),
            mean_f1=curve.mean_f1,
            against_random=_against_random(curve, curves, sizes),
            area=_area(curve.label, by_name, sizes),
        )
        for curve in curves
    )


def _curve(
    name: tuple[str, str], order: Members, trials: Sequence[PanelTrial], sizes: Sizes
) -> RemovalCurve:
    """Return a curve with its mean over steps."""
    label, direction = name
    f1 = _means([trial.f1_macro for trial in trials])
    return RemovalCurve(
        label=label,
        direction=direction,
        order=order,
        trials=tuple(trials),
        mean_f1=sizes.interval(f1, bounds=SCORE_RANGE),
    )


def _against_random(
    curve: RemovalCurve, curves: Iterable[RemovalCurve], sizes: Sizes
) -> Interval | None:
    """Return the mean F1 of a curve less that of the random orders of as many steps."""
    control = [
        other.mean_f1
        for other in curves
        if other.direction == RANDOM and len(other.trials) == len(curve.trials)
    ]
    if curve.direction == RANDOM or not control:
        return None
    return paired(curve.mean_f1, sizes.interval(_means(control), bounds=SCORE_RANGE), sizes)


def _area(
    label: str, by_name: Mapping[tuple[str, str], RemovalCurve], sizes: Sizes
) -> Interval | None:
    """Return least first less most first of one ranking, where it has both."""
    least, most = by_name.get((label, LEAST_FIRST)), by_name.get((label, MOST_FIRST))
    if least is None or most is None:
        return None
    return area_between(least, most, sizes)


def _means(values: Sequence[Interval]) -> Array:
    """Return (J,) the mean over ``values`` of each fold; NaN for a fold that lacks any of them.

    A fold that lacks a step is left out as a whole: a mean over fewer steps would be another.
    """
    if not values or len({len(value.folds) for value in values}) != 1:
        message = (
            f"a curve of {len(values)} steps has {sorted({len(v.folds) for v in values})} "
            "trainings at its steps; expected at least one step and equally many trainings at "
            "each: retrain what is missing"
        )
        raise PanelError(message)
    rows = [[np.nan if f is None else f for f in value.folds] for value in values]
    return np.asarray(np.mean(rows, axis=0))  # (J,)
