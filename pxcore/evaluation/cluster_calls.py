"""What a classifier of clusters is worth on cells it never saw, in numbers and words."""

from __future__ import annotations

import numpy as np

from pxcore.training import metrics
from pxcore.types import Array
from pxcore.types.unlabelled_views import ClusterCalls, Dealing

WELL = 0.5
"""Of the way from guessing to certainty: from here on its maps may be read."""


def calls_of(clusters: Array, probability: Array, dealing: Dealing) -> ClusterCalls:
    """Return how well probabilities (n, K) call the clusters (n,) of held-out cells.

    >>> found = calls_of(np.array([0, 0, 2]), np.eye(3)[[0, 1, 2]], Dealing())
    >>> found.recall, found.balanced_accuracy, found.guess
    ((0.5, nan, 1.0), 0.75, 0.5)
    """
    counts = metrics.confusion(clusters, probability.argmax(axis=1), probability.shape[1])
    there = counts.sum(axis=1) > 0
    recall = np.where(there, metrics.recall_per_class(counts), np.nan)
    return ClusterCalls(
        balanced_accuracy=float(recall[there].mean()),
        f1=float(metrics.f1_per_class(counts)[there].mean()),
        recall=tuple(float(value) for value in recall),
        guess=1.0 / int(there.sum()),
        n_cells=len(clusters),
        dealing=dealing,
    )


def calls_words(calls: ClusterCalls) -> str:
    """Return what the maps of a classifier are worth, and of which clusters nothing is known."""
    asked = ~np.isnan(calls.recall)
    if asked.sum() < 2:
        return (
            f"The {calls.n_cells:,} cells left out are all of {_named(asked)}, so nothing can be "
            "said of how well the classifier behind the maps tells clusters apart. "
            f"{dealing_words(calls.dealing)}"
        )
    share = (calls.balanced_accuracy - calls.guess) / max(1.0 - calls.guess, 1e-9)
    worth = (
        "so its maps show what it goes by"
        if share >= WELL
        else "so its maps explain little: it does not know these clusters well"
    )
    return (
        f"On {calls.n_cells:,} cells left out the classifier behind the maps calls the clusters "
        f"with a balanced accuracy of {calls.balanced_accuracy:.2f} (guessing: {calls.guess:.2f}), "
        f"{worth}. {_unasked(asked)}{dealing_words(calls.dealing)}"
    )


def _unasked(asked: Array) -> str:
    """Return which clusters no held-out cell is of; empty where every one has such cells."""
    if asked.all():
        return ""
    named = _named(~asked)
    return f"{named[0].upper()}{named[1:]} had no such cells: how well it calls them is unknown. "


def _named(which: Array) -> str:
    """Return the clusters that are marked (K,), counted from 1: "clusters 3 and 5"."""
    *first, last = (str(k + 1) for k in np.flatnonzero(which))
    return f"clusters {', '.join(first)} and {last}" if first else f"cluster {last}"


def dealing_words(dealing: Dealing) -> str:
    """Return which cells were left out: whole donors, or single cells and what that means."""
    if dealing.by == "donor":
        left = dealing.left_out
        more = f"; {left:,} cells of unknown donors took no part" if left else ""
        return f"Whole donors were left out ({dealing.n_folds} parts){more}."
    if dealing.why:
        return (
            f"Cells were left out one by one, as {dealing.why}: cells of a donor are on both "
            "sides, and the figure may be too good."
        )
    return "Cells were left out one by one, as no donors are known."
