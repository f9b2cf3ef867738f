"""Our intervals, ranges of ranks and bounds on five recorded folds.

The cells behind the folds are not known, so nothing can be resampled but the folds themselves:
ranges of ranks come from the fold part of the bootstrap alone, and are if anything too short.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pxcore.importance.bootstrap import fold_part, ranks
from pxcore.importance.method import DROP_IN_F1
from pxcore.importance.ranking import decoy_bound, verdict
from pxcore.training.intervals import corrected_interval, student_t
from pxcore.types import Array, Interval, Ranking
from pxcore.types.published import Margin, Repeats

FOLDS = 5
SHARE = 1 / (FOLDS - 1)
"""Held-out over other cells of a fold. A fifth of the latter chose the epoch; it counts as used."""
SAMPLES = 4000
MARGINS = (0.01, 0.02, 0.05)
"""Losses of F1 that one might allow for fewer stains. Our choice."""
NOTE = (
    "ranges of ranks: 4,000 bootstrap samples of the five folds; the cells are not recorded, so "
    "their part is missing and the ranges are if anything too short"
)


def ranking_of(
    values: Sequence[Sequence[float]], unit: str, n_images: int, empty: Sequence[int]
) -> Ranking:
    """Return the ranking that (5, C) recorded values allow.

    ``empty``: positions of channels known to hold nothing. What they reach is what zero looks
    like: a channel counts as informative only above the largest upper bound among them.
    """
    folds = np.asarray(values, dtype=np.float64)  # (5, C)
    n_train, n_test = sizes(n_images)
    bounds = (-1.0, 1.0) if unit == DROP_IN_F1 else None
    intervals = [
        corrected_interval(column.tolist(), n_train, n_test, bounds=bounds) for column in folds.T
    ]
    generator = np.random.default_rng(0)
    mean = folds.mean(axis=0)
    sampled = ranks(mean + fold_part(folds, SHARE, SAMPLES, generator), generator)  # (S, C)
    own = np.empty(len(mean), dtype=np.int64)
    own[np.argsort(-mean, kind="stable")] = np.arange(1, len(mean) + 1)
    low, high = np.percentile(sampled, (2.5, 97.5), axis=0, method="nearest")
    top = (sampled[:, :, None] <= np.arange(1, len(mean) + 1)).mean(axis=0)  # (C, C)
    null = decoy_bound(intervals, empty) if unit == DROP_IN_F1 else None
    return Ranking(
        mean=tuple(one.mean for one in intervals),
        low=tuple(one.low for one in intervals),
        high=tuple(one.high for one in intervals),
        folds=tuple(tuple(float(v) for v in row) for row in folds),
        rank=tuple(int(r) for r in own),
        rank_low=tuple(int(r) for r in np.minimum(low, own)),
        rank_high=tuple(int(r) for r in np.maximum(high, own)),
        top=tuple(tuple(float(p) for p in row) for row in top),
        verdict=tuple(
            verdict(one, unit, null, decoy=c in empty) for c, one in enumerate(intervals)
        ),
        per_class=tuple(() for _ in intervals),
        probability=(),
        notes=(NOTE,),
        decoy_bound=null,
    )


def sizes(n_images: int) -> tuple[int, int]:
    """Return cells beside and in the held-out part of each of five folds."""
    n_test = n_images // FOLDS
    return n_images - n_test, n_test


def score_interval(f1: Sequence[float], n_images: int) -> Interval:
    """Return the corrected interval of F1 over the folds."""
    return corrected_interval(list(f1), *sizes(n_images), bounds=(0.0, 1.0))


def lower_bound(smaller: Sequence[float], larger: Sequence[float]) -> float:
    """Return the one-sided 95 % lower bound of F1(smaller) - F1(larger), fold by fold.

    ::

        mean(d) - t(4, 0.95) · sqrt((1 / 5 + 1 / 4) · s²(d))

    Source: Nadeau and Bengio 2003, as in `corrected_interval`.
    """
    difference = np.asarray(smaller) - np.asarray(larger)
    n = len(difference)
    spread = math.sqrt((1 / n + SHARE) * float(difference.var(ddof=1)))
    return float(difference.mean()) - student_t(0.95, n - 1) * spread


def margin_of(smaller: Sequence[float], larger: Sequence[float]) -> Margin:
    """Return by how much F1 of a smaller panel may be worse, from the folds of both.

    A loss of m is ruled out where the lower bound of the difference lies above -m.
    """
    bound = lower_bound(smaller, larger)
    return Margin(
        bound=bound,
        within=min((m for m in MARGINS if bound > -m), default=None),
        beyond=max((m for m in MARGINS if bound <= -m), default=None),
    )


def repeats_of(
    ks: Sequence[int], values: Sequence[Array], published: Sequence[Sequence[float]]
) -> Repeats:
    """Return what repeats and what folds do to PXPermute's values.

    ``ks``: numbers of repeats, from 5 on; ``values``: one (len(ks), C) a fold.
    """
    settled = []
    for fold in values:
        orders = [tuple(np.argsort(-row, kind="stable")) for row in fold]
        same = [order == orders[-1] for order in orders]
        first = max((i + 1 for i, equal in enumerate(same) if not equal), default=0)
        settled.append(int(ks[first]))
    return Repeats(
        ks=tuple(ks),
        most_moved=float(max(np.ptp(fold, axis=0).max() for fold in values)),
        between_folds=float(np.asarray(published).std(axis=0, ddof=1).max()),
        settled=tuple(settled),
    )
