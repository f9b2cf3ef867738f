"""Channels in order of importance, with what the folds and cells allow to say about the order."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from pxcore.importance.fold import FoldImportance
from pxcore.importance.method import DROP_IN_F1, SHARE_OF_F1
from pxcore.importance.rank_ranges import Draws, Sampling, placed
from pxcore.importance.repeats import channel_values
from pxcore.importance.small_classes import held_out, judged, small_classes
from pxcore.training.intervals import SAME, corrected_interval, without_spread
from pxcore.types import Array, Averaging, Importance, Interval, Ranking, Verdict

NEGLIGIBLE_DROP = 0.01
"""F1: a smaller drop does not matter."""
IN_F1 = (DROP_IN_F1, SHARE_OF_F1)
"""Units in which a value is a share of F1: drops, and Shapley values of F1."""
USUAL = Draws()
SCALED = "per_image"
"""Name of the attributions of cells that were scaled within each, as methods keep them."""
MEAN_OVER_CELLS = "values are means over held-out cells, as published, not over classes"


def rank(
    importance: Importance,
    folds: Sequence[FoldImportance],
    *,
    draws: Draws = USUAL,
    fold_of: Sequence[int] | None = None,
    decoys: Sequence[int] = (),
    averaging: Averaging = "classes",
) -> Ranking:
    """Return the ranking of the channels that J folds (times seeds) give.

    A channel's value in a fold is the mean over repeats, then over the classes that have cells
    there and at least 30 different held-out cells over all folds; or as published, see
    ``averaging``. Its interval over folds is the corrected one; the range of its rank and the
    probability of being among the first m come from bootstrap samples (see ``bootstrap``). One
    fold says nothing about another training: its intervals are then the whole range.

    Parameters
    ----------
    importance
        ``combine(folds, ...)``.
    folds
        The same folds, with their stored predictions.
    draws
        Of the bootstrap.
    fold_of
        (J,) which split each belongs to, where the same one was trained from several seeds: their
        cells are the same and are resampled together. None when all splits differ.
    decoys
        Positions of the decoy channels: what zero looks like. They are ranked like the others.
    averaging
        ``published``: a fold's attribution is the mean over its cells, a class weighing as much
        as it has cells there; drops in F1 stay means over classes; no class is left out.
    """
    per_class = over_repeats(importance.scores)  # (J, C, K)
    cells = held_out(folds, fold_of, per_class.shape[2])  # (K,)
    present = np.asarray(~np.isnan(per_class).all(axis=1))  # (J, K)
    use = judged(small_classes(cells), present, keep_all=averaging == "published")
    by_cell = averaging == "published" and importance.unit not in IN_F1
    weights = _cells_of_classes(folds, use.classes) if by_cell else None
    values = channel_values(per_class[:, :, use.classes], weights)  # (J, C)
    total = int(cells[list(use.classes)].sum())
    span = _range(importance, folds)
    intervals = [_interval(importance, column, total, span) for column in values.T]
    bound = decoy_bound(intervals, decoys, importance.unit)
    sampling = Sampling(draws=draws, fold_of=fold_of, classes=use.classes, by_cell=by_cell)
    place = placed(importance, values, folds, sampling)
    return Ranking(
        mean=tuple(interval.mean for interval in intervals),
        low=tuple(interval.low for interval in intervals),
        high=tuple(interval.high for interval in intervals),
        folds=tuple(tuple(float(v) for v in row) for row in values),
        rank=place.own,
        rank_low=place.low,
        rank_high=place.high,
        top=place.top,
        verdict=tuple(
            verdict(interval, importance.unit, None if c in decoys else bound, decoy=c in decoys)
            if use.sure
            else Verdict.UNDECIDED
            for c, interval in enumerate(intervals)
        ),
        per_class=tuple(
            tuple(
                _interval(importance, per_class[:, c, k], int(n), span) for k, n in enumerate(cells)
            )
            for c in range(len(intervals))
        ),
        probability=_probability(importance, use.classes, total),
        notes=(
            *importance.notes,
            *place.notes,
            *_all_alike(importance.unit, values, total),
            *((use.note,) if use.note else ()),
            *((MEAN_OVER_CELLS,) if by_cell else ()),
        ),
        decoy_bound=bound,
        small_classes=use.small,
    )


def _cells_of_classes(folds: Sequence[FoldImportance], classes: Sequence[int]) -> Array:
    """Return (J, 1, K') held-out cells of some classes in each fold."""
    n_classes = folds[0].scores.shape[2]
    counts = np.stack([np.bincount(fold.labels, minlength=n_classes) for fold in folds])
    result: Array = counts[:, None, list(classes)]
    return result


def decoy_bound(
    intervals: Sequence[Interval], decoys: Sequence[int], unit: str = DROP_IN_F1
) -> float | None:
    """Return how far zero can reach: the largest upper bound of a decoy, None without decoys.

    In F1 at least 0: where decoys by chance lie below it, a channel must be above 0 all the same.
    """
    highest = max((intervals[c].high for c in decoys), default=None)
    return highest if highest is None or unit not in IN_F1 else max(highest, 0.0)


def over_repeats(scores: Array) -> Array:
    """Return (J, C, K) of (J, R, C, K): the mean over the repeats that ran, NaN where none did."""
    with warnings.catch_warnings():
        # numpy warns of a class that has no cell in a fold: NaN is the right answer there.
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        result: Array = np.nanmean(scores, axis=1)
    return result


def verdict(
    interval: Interval, unit: str, bound: float | None = None, *, decoy: bool = False
) -> Verdict:
    """Return what an interval over folds allows to say about a channel.

    Informative: the whole interval lies above ``bound``, or without decoys above 0. A decoy never
    is: it knows nothing, whatever the models make of it.

    Negligible comes first: a drop that is surely above 0 and surely below what matters does not
    matter. Only a drop in F1 has such a threshold; values in other units, where being positive
    means nothing either, are informative or undecided against decoys and undecided without. So is
    a channel whose folds all have one value, unless that is 0 and the rule of three bounds it
    below what matters.
    """
    in_f1 = unit in IN_F1
    if len(interval.known) < 2 or (not in_f1 and bound is None):
        return Verdict.UNDECIDED
    if without_spread(interval.known) and (abs(interval.mean) >= SAME or not in_f1):
        return Verdict.UNDECIDED
    if in_f1 and interval.high < NEGLIGIBLE_DROP:
        return Verdict.NEGLIGIBLE
    above = interval.low > (0.0 if bound is None else bound)
    return Verdict.INFORMATIVE if above and not decoy else Verdict.UNDECIDED


def _all_alike(unit: str, values: Array, n_cells: int) -> tuple[str, ...]:
    """Return in words that some channels have one value in all folds, which is no certainty."""
    alike = sum(without_spread(column.tolist()) for column in values.T)
    if unit not in IN_F1 or not alike:
        return ()
    channels = "1 channel" if alike == 1 else f"{alike} channels"
    return (
        f"all folds gave the same value for {channels}: no spread to measure, so those intervals "
        f"reach 3 / {n_cells} held-out cells to each side (rule of three); a value other than 0 "
        "stays undecided",
    )


def _range(importance: Importance, folds: Sequence[FoldImportance]) -> tuple[float, float] | None:
    """Return between what every value lies by its making, None where nothing is known of that.

    Attributions that were scaled within each cell, from its smallest to its largest, lie from 0
    to 1.
    """
    if importance.unit in IN_F1:
        return (-1.0, 1.0)
    nothing = np.empty(0)
    parts = [(fold.aggregates.get(SCALED, nothing), fold.cell_drop) for fold in folds]
    known = all(used is not None and np.array_equal(one, used) for one, used in parts)
    return (0.0, 1.0) if known else None


def _interval(
    importance: Importance,
    values: Array,
    n_cells: int,
    bounds: tuple[float, float] | None,
) -> Interval:
    """Return the corrected interval over folds of one value a fold, NaN where there is none."""
    known = values[~np.isnan(values)]
    if bounds is None and len(known) < 2:
        # Attributions have no natural range: as far as any fold's value reaches.
        reach = float(np.nanmax(np.abs(importance.scores)))
        bounds = (-reach, reach)
    return corrected_interval(
        [float(v) for v in values],
        importance.n_train,
        importance.n_test,
        bounds=bounds,
        n_cells=n_cells,
    )


def _probability(
    importance: Importance, classes: tuple[int, ...], n_cells: int
) -> tuple[Interval, ...]:
    """Return the drop of each channel in the probability of the true class; () for none."""
    if np.isnan(importance.probability_drop).all():
        return ()
    values = channel_values(over_repeats(importance.probability_drop)[:, :, classes])
    in_f1 = (-1.0, 1.0) if importance.unit in IN_F1 else None
    return tuple(_interval(importance, column, n_cells, in_f1) for column in values.T)
