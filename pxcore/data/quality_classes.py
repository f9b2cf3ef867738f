"""What is odd about classes and donors: small ones, and those that go together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pxcore.types import Array

Naming = Callable[[int], str]
"""A number -> the name to say."""

_FEW_CELLS = 30
"""Below this a class's scores say little."""
_TIED = 0.5
"""Cramér's V of class and donor above which they cannot be told apart well."""


def class_warnings(labels: Array, n_classes: int, class_name: Naming) -> Iterator[str]:
    """Yield warnings about (N,) class numbers, -1 for none."""
    counts = np.bincount(labels[labels >= 0], minlength=n_classes)
    n_unlabelled = np.count_nonzero(labels < 0)
    if not counts.any():
        yield (
            "No cell has a class: find groups of cells without labels, or add labels before "
            "training."
        )
        return
    if n_unlabelled:
        yield f"{n_unlabelled} of {labels.size} cells have no class; they are left out of training."
    if np.count_nonzero(counts) == 1:
        only = class_name(int(counts.argmax()))
        yield f"All labelled cells are of class {only}: training needs at least two classes."
    for i in np.flatnonzero(counts < _FEW_CELLS):
        cells = "cell is" if counts[i] == 1 else "cells are"
        yield (
            f"Only {counts[i]} {cells} of class {class_name(int(i))}; the scores of a class "
            f"below {_FEW_CELLS} are uncertain."
        )


def donor_warnings(table: Array, class_name: Naming, donor_name: Naming) -> Iterator[str]:
    """Yield warnings about a (classes, donors) table of counts."""
    n_donors = np.count_nonzero(table, axis=1)
    for i in np.flatnonzero(n_donors == 1):
        only = donor_name(int(table[i].argmax()))
        name = class_name(int(i))
        yield f"Class {name} comes from donor {only} only: folds by donor cannot test it."
    tied = cramers_v(table)
    if tied >= _TIED:
        yield (
            f"Class and donor go together (Cramér's V {tied:.2f} of 1): a model may learn the "
            "donor instead of the class."
        )


def cramers_v(table: Array) -> float:
    """Return the association of rows and columns, from 0 (none) to 1 (one tells the other)."""
    table = table[table.any(axis=1)][:, table.any(axis=0)].astype(np.float64)
    if min(table.shape) < 2:
        return 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    chi_square = (np.square(table - expected) / expected).sum()
    return float(np.sqrt(chi_square / (table.sum() * (min(table.shape) - 1))))
