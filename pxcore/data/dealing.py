"""Clusters dealt into folds: by donor where donors are known and allow it, else cell by cell."""

from __future__ import annotations

import numpy as np

from pxcore.data import folds
from pxcore.errors import DatasetError
from pxcore.types import Array, Fold
from pxcore.types.unlabelled_views import Dealing

Folds = tuple[Fold, ...]


def deal(
    clusters: Array,
    donors: Array | None,
    n_folds: int,
    seed: int,
    valid_share: float,
    least: int = 1,
) -> tuple[Folds, Dealing]:
    """Return folds that keep donors apart, fewer than asked for where donors are few.

    Clusters were found, not chosen, so that one of them may lie in a single donor; what is then
    dealt cell by cell says so instead of failing.

    Parameters
    ----------
    clusters
        (N,) numbers from 0; -1 for cells that are in no part.
    donors
        (N,) numbers, -1 for an unknown one, whose cells are in no part; None where none is known.
    n_folds, seed, valid_share
        As for :func:`pxcore.data.folds.split`, whose folds these are.
    least
        Cells of every cluster that training and validation part of each fold must hold where
        donors are kept apart.

    Raises
    ------
    DatasetError
        When they cannot be dealt cell by cell either.
    """
    if donors is None:
        return folds.split(clusters, None, n_folds, seed, valid_share), Dealing(n_folds=n_folds)
    for fewer in range(n_folds, 1, -1):
        found = _by_donor(clusters, donors, fewer, seed, valid_share)
        if found and all(_holds(clusters, fold, least) for fold in found):
            left = int(np.count_nonzero((clusters >= 0) & (donors < 0)))
            return found, Dealing(by="donor", n_folds=fewer, left_out=left)
    by_cell = folds.split(clusters, None, n_folds, seed, valid_share)
    return by_cell, Dealing(n_folds=n_folds, why=_why(clusters, donors))


def fullest(clusters: Array, dealt: Folds) -> Fold:
    """Return the fold whose test part holds cells of most clusters, the first of several.

    A test part of whole donors need not hold every cluster. ``clusters``: (N,) numbers.
    """
    return max(dealt, key=lambda fold: len(np.unique(clusters[fold.test])))


def _by_donor(clusters: Array, donors: Array, n_folds: int, seed: int, valid_share: float) -> Folds:
    """Return folds of whole donors; () where there are none."""
    try:
        return folds.split(clusters, donors, n_folds, seed, valid_share)
    except DatasetError:
        return ()


def _holds(clusters: Array, fold: Fold, least: int) -> bool:
    """Whether both parts that are learned from hold so many cells of every cluster."""
    n = int(clusters.max()) + 1
    there = np.bincount(clusters[clusters >= 0], minlength=n) > 0
    held = [np.bincount(clusters[part], minlength=n)[there] for part in (fold.train, fold.valid)]
    return bool((held[0] >= least).all()) and (least <= 1 or bool((held[1] >= least).all()))


def _why(clusters: Array, donors: Array) -> str:
    """Return what keeps donors from being dealt, to go on after "cells were dealt one by one"."""
    known = {
        int(k): len(np.unique(donors[(clusters == k) & (donors >= 0)]))
        for k in np.unique(clusters[clusters >= 0])
    }
    if nameless := [k for k, n in known.items() if n == 0]:
        return f"{_which(nameless)} no cell of a known donor"
    if alone := [k for k, n in known.items() if n == 1]:
        return f"{_which(alone)} cells of one donor only, and may be a difference between donors"
    return "donors are too few or too uneven for parts that each hold every cluster"


def _which(clusters: list[int]) -> str:
    """Return which clusters have what is said next, counted from 1.

    >>> _which([0, 2])
    'clusters 1, 3 have'
    """
    named = ", ".join(str(k + 1) for k in clusters)
    return f"clusters {named} have" if clusters[1:] else f"cluster {named} has"
