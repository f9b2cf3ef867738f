"""How a run's cells are dealt to folds: by donor where donors are known, or cell by cell."""

from __future__ import annotations

from pxcore.data.annotation import Annotation
from pxcore.data.folds import largest_n_folds, split
from pxcore.errors import DatasetError
from pxcore.types import Array, Fold, Split

TOO_GOOD = "cells of one donor are then on both sides and scores are too good"
BY_CELL = f"split by cell (--split cell, or Split by cell in the browser): {TOO_GOOD}"


def folds(
    annotation: Annotation, n_folds: int, by: Split, seed: int, valid_share: float
) -> tuple[Fold, ...]:
    """Return the folds of a run.

    Raises DatasetError when classes or donors do not allow so many; where only the donors stand
    in the way, the message names the split by cell and what it costs.
    """
    labels, donors = annotation.labels, donors_of(annotation, by)
    try:
        return split(labels, donors, n_folds, seed, valid_share, annotation.classes)
    except DatasetError as error:
        if donors is None or not 2 <= n_folds <= largest_n_folds(labels, None):
            raise
        message = f"{error}; or {BY_CELL}"
        raise DatasetError(message) from error


def most_folds(annotation: Annotation, by: Split) -> int:
    """Return the largest number of folds that can be dealt, 0 when none can."""
    return largest_n_folds(annotation.labels, donors_of(annotation, by))


def donors_of(annotation: Annotation, by: Split) -> Array | None:
    """Return (N,) the donors that the folds keep apart, or None."""
    return None if by == "cell" else annotation.known_groups


def in_words(by: Split, *, has_donors: bool) -> str:
    """Return how folds were split, for the details of a result."""
    if not has_donors:
        return "stratified by class"
    return "by donor or sample" if by == "donor" else f"cell by cell: {TOO_GOOD}"


def without_donor(annotation: Annotation, by: Split) -> int:
    """Return how many labelled cells take no part because their donor is not known."""
    donors = donors_of(annotation, by)
    return 0 if donors is None else int(((annotation.labels >= 0) & (donors < 0)).sum())
