"""What stains buy: the front of F1 against cost, and what each further stain adds.

A panel lies on the front when no other is at least as good in both F1 and cost and better in one.
F1 is compared by the mean of the paired differences over folds, so a hard fold that one panel
happens to lack does not put it ahead. The front is drawn through means: neighbours on it need not
be told apart, which the intervals beside it say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pxcore.evaluation.values import Sizes
from pxcore.panel.constraints import cost_of, has_costs, stains_of
from pxcore.panel.noninferiority import paired
from pxcore.training.intervals import SAME
from pxcore.types import Array, Interval, Panel
from pxcore.types.panel import Addition, PanelTrial


def front(trials: Sequence[PanelTrial], panel: Panel) -> tuple[PanelTrial, ...]:
    """Return the panels that no other beats in both F1 and cost, cheapest first.

    Where the panel sheet names no cost, every stain costs the same. Panels equal in both stay
    side by side.

    Parameters
    ----------
    trials
        Over the same folds and seeds, in the same order.
    panel
        Of all channels, with their costs per test.
    """
    if not trials:
        return ()
    price = np.array([_price(panel, trial) for trial in trials])
    dearer = price[:, None] - price[None, :]  # (T, T): of the row than of the column
    better = _mean_gains(trials)
    beaten = (dearer <= SAME) & ((better > SAME) | ((better > -SAME) & (dearer < -SAME)))
    on_front = [int(i) for i in np.flatnonzero(~beaten.any(axis=0))]
    down = sorted(on_front, key=lambda i: (price[i], len(trials[i].members), i))
    return tuple(trials[i] for i in down)


def additions(leading: Sequence[PanelTrial], panel: Panel, sizes: Sizes) -> tuple[Addition, ...]:
    """Return what each further stain buys, from the smallest panel to the largest.

    Parameters
    ----------
    leading
        The best panel of each number of stains, smallest first, chosen on other cells than those
        that judge them.
    panel
        As for :func:`front`.
    sizes
        Of those trainings.

    Notes
    -----
    The first step has none before it: everything in it is added, and its gain is not known.
    """
    if not leading:
        return ()
    first = leading[0]
    unknown = sizes.interval(np.full(len(first.f1_macro.folds), math.nan))
    steps = [_addition(first, None, unknown, panel)]
    for before, after in pairwise(leading):
        gain = paired(after.f1_macro, before.f1_macro, sizes)
        steps.append(_addition(after, before, gain, panel))
    return tuple(steps)


def _addition(
    trial: PanelTrial, before: PanelTrial | None, gain: Interval, panel: Panel
) -> Addition:
    """Return one step."""
    members, earlier = {*trial.members}, {*before.members} if before else set()
    return Addition(
        members=trial.members,
        added=tuple(sorted(members - earlier)),
        dropped=tuple(sorted(earlier - members)),
        f1=trial.f1_macro,
        gain=gain,
        cost=cost_of(panel, trial.members),
    )


def _price(panel: Panel, trial: PanelTrial) -> float:
    """Return the cost of a panel, or its number of stains where nothing is known of costs."""
    if has_costs(panel):
        return cost_of(panel, trial.members)
    return float(len(stains_of(panel, trial.members)))


def _mean_gains(trials: Sequence[PanelTrial]) -> Array:
    """Return (T, T) mean F1 of the row less the column's, paired; NaN where no fold has both."""
    folds = np.array(
        [[np.nan if f is None else f for f in trial.f1_macro.folds] for trial in trials]
    )
    gains = folds[:, None] - folds[None, :]  # (T, T, J)
    known = ~np.isnan(gains)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, gains, 0).sum(axis=-1) / known.sum(axis=-1))
