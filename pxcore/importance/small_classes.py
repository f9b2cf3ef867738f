"""Classes with too few held-out cells: shown, but kept out of what is claimed.

F1 of a class with a handful of cells jumps by several hundredths when one cell is called
differently, and it weighs as much as any other class in a mean over classes. So such classes take
no part in a channel's mean, interval, rank and verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pxcore.importance.fold import FoldImportance
from pxcore.types import Array

SMALL_CLASS = 30
"""Different held-out cells over all folds; a class with fewer is small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Which classes decide about a channel."""

    classes: tuple[int, ...]
    """That the means are taken over."""
    small: tuple[int, ...]
    """Those with too few cells."""
    sure: bool
    """False when small classes could not be left out: no verdict is then possible."""
    note: str
    """In words; empty when no class is small."""


def held_out(
    folds: Sequence[FoldImportance], fold_of: Sequence[int] | None, n_classes: int
) -> Array:
    """Return (K,) different held-out cells of each class: several starts share theirs.

    ``fold_of``: (J,) the split of each training, None when all differ.
    """
    splits = range(len(folds)) if fold_of is None else fold_of
    first = dict(zip(reversed(splits), reversed(folds), strict=True)).values()
    counts: Array = sum(
        (np.bincount(fold.labels, minlength=n_classes) for fold in first),
        np.zeros(n_classes, np.int64),
    )
    return counts


def small_classes(cells: Array) -> tuple[int, ...]:
    """Return the classes with fewer than ``SMALL_CLASS`` of (K,) held-out cells."""
    return tuple(int(k) for k in np.flatnonzero(cells < SMALL_CLASS))


def judged(small: Sequence[int], present: Array, *, keep_all: bool = False) -> Judged:
    """Return which classes decide, the small ones left out where that is possible.

    It is not where a fold would be left without any class: then all classes stay in.
    ``keep_all``: they do anyway, as published; still nothing is claimed that leans on so few cells.

    Parameters
    ----------
    small
        Classes with too few cells.
    present
        (J, K) bool: which fold has cells of which class.
    """
    small, everything = tuple(small), tuple(range(present.shape[1]))
    if not small:
        return Judged(classes=everything, small=(), sure=True, note="")
    kept = () if keep_all else tuple(k for k in everything if k not in small)
    number = "1 class has" if len(small) == 1 else f"{len(small)} classes have"
    found = f"{number} fewer than {SMALL_CLASS} held-out cells over all folds"
    if kept and present[:, kept].any(axis=1).all():
        note = f"{found}: shown, but no part of means, ranks and verdicts"
        return Judged(classes=kept, small=small, sure=True, note=note)
    why = "in some fold there are no others" if kept else "there are no others"
    if keep_all:
        note = f"{found}: as published they are part of the means, and every channel is undecided"
        return Judged(classes=everything, small=(), sure=False, note=note)
    note = f"{found}, and {why}: all classes are kept in the means, and every channel is undecided"
    return Judged(classes=everything, small=small, sure=False, note=note)
