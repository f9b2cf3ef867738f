"""Splits of labelled cells into training, validation and test parts, by donor where known.

Folds are dealt here rather than by scikit-learn's ``StratifiedGroupKFold`` because that one may
put a class wholly into one test part, and then no cell of it is left to train on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pxcore.errors import DatasetError
from pxcore.types import Array, Fold

_DRAWS = 16
"""Divisions of donors tried; the most even one that keeps every class in training is taken."""


def split(
    labels: Array,
    groups: Array | None,
    n_folds: int,
    seed: int,
    valid_share: float,
    classes: Sequence[str] = (),
) -> tuple[Fold, ...]:
    """Return ``n_folds`` folds whose test parts together hold every usable cell once.

    Without groups every class is spread evenly: its counts in two test parts differ by at most
    one. With groups, whole donors go to a part, so that sizes follow the donors; the division is
    the most even of a few draws in which every training part holds every class. The validation
    part then consists of whole donors too, unless training has a single donor or holding one back
    would take a class away: then it is drawn cell by cell from the training donors.

    Parameters
    ----------
    labels
        (N,) integers: class numbers; cells with -1 have no class and are in no part.
    groups
        (N,) integers: donor numbers, or None to ignore donors. Cells with -1 come from an unknown
        donor, perhaps one under test, and so are in no part.
    n_folds
        At least 2.
    seed
        Not negative. The same seed gives the same folds.
    valid_share
        Of the cells outside the test part, between 0 and 1. With whole donors: as near as may be.
    classes
        Names by class number, for messages only.

    Raises
    ------
    DatasetError
        If there are fewer than two classes, a class has fewer cells than folds, there are fewer
        donors than folds, or a class would have no cell to train on. The message says the largest
        number of folds that works.
    """
    used = _usable(labels, groups, valid_share)
    donors = None if groups is None else np.unique(groups[used], return_inverse=True)[1]
    present, kinds = np.unique(labels[used], return_inverse=True)
    names = tuple(classes[k] if k < len(classes) else f"number {k}" for k in present)
    part = _assign(kinds, donors, n_folds, np.random.default_rng([seed, 0]))
    if part is None:
        raise DatasetError(_complaint(kinds, donors, n_folds, names))
    folds = []
    for fold in range(n_folds):
        rest = np.flatnonzero(part != fold)
        rng = np.random.default_rng([seed, 1, fold])
        held = _hold_back(kinds[rest], None if donors is None else donors[rest], valid_share, rng)
        test = np.flatnonzero(part == fold)
        folds.append(Fold(used[rest[~held]], used[rest[held]], used[test]))
    return tuple(folds)


def largest_n_folds(labels: Array, groups: Array | None) -> int:
    """Return the largest ``n_folds`` that :func:`split` accepts, 0 when none does."""
    used = _usable(labels, groups, 0.5)
    donors = None if groups is None else np.unique(groups[used], return_inverse=True)[1]
    return _largest(np.unique(labels[used], return_inverse=True)[1], donors)


def _usable(labels: Array, groups: Array | None, valid_share: float) -> Array:
    """Return positions of cells with a class and, if groups are given, a known donor."""
    if groups is not None and groups.shape != labels.shape:
        message = (
            f"{groups.shape[0]} donor numbers were given for {labels.shape[0]} labels; "
            "give one per cell"
        )
        raise DatasetError(message)
    if not 0.0 < valid_share < 1.0:
        message = f"the validation share is {valid_share}; give a number between 0 and 1"
        raise DatasetError(message)
    known = labels >= 0
    return np.flatnonzero(known if groups is None else known & (groups >= 0))


def _assign(
    kinds: Array, donors: Array | None, n_folds: int, rng: np.random.Generator
) -> Array | None:
    """Return the test part of each cell (0 to n_folds - 1), or None if it cannot be done."""
    counts = np.bincount(kinds)
    if n_folds < 2 or counts.size < 2 or counts.min() < n_folds:
        return None
    if donors is None:
        part = _deal_cells(kinds, n_folds, rng)
        return part if _leaves_two(kinds, part) else None
    table = _table(kinds, donors)
    if table.shape[0] < n_folds or np.any(np.count_nonzero(table, axis=0) < 2):
        return None
    best, best_cost = None, np.inf
    for _ in range(_DRAWS):
        part = _deal_donors(table, n_folds, rng)
        loads = np.stack([table[part == fold].sum(axis=0) for fold in range(n_folds)])
        cost = float(np.square(loads / counts).sum())
        if np.all(loads < counts) and cost < best_cost - 1e-12:
            best, best_cost = part, cost
    return best[donors] if best is not None and _leaves_two(kinds, best[donors]) else None


def _leaves_two(kinds: Array, part: Array) -> bool:
    """Whether outside each test part some class has two cells, one of them for validation."""
    return all(np.bincount(kinds[part != fold]).max() > 1 for fold in range(int(part.max()) + 1))


def _deal_cells(kinds: Array, n_parts: int, rng: np.random.Generator) -> Array:
    """Return the part of each cell, dealt in turn within its class from a random start."""
    order = np.lexsort((rng.random(kinds.size), kinds))  # class after class, each in random order
    part = np.empty(kinds.size, dtype=np.int64)
    part[order] = (np.arange(kinds.size) + rng.integers(n_parts)) % n_parts
    return rng.permutation(n_parts)[part]


def _deal_donors(table: Array, n_parts: int, rng: np.random.Generator) -> Array:
    """Return the part of each donor: large donors first, each to where its classes are fewest.

    ``table``: (donors, classes) counts. The share of all cells counts as one more class, so that
    an empty part always wins and no part stays empty.
    """
    weights = np.column_stack([table / table.sum(axis=0), table.sum(axis=1) / table.sum()])
    size = np.square(weights).sum(axis=1)
    order = np.argsort(-size * np.exp(rng.normal(0.0, 0.3, size.size)))
    loads = np.zeros((n_parts, weights.shape[1]))
    part = np.empty(size.size, dtype=np.int64)
    for donor in order:
        part[donor] = np.argmin(loads @ weights[donor])
        loads[part[donor]] += weights[donor]
    return rng.permutation(n_parts)[part]


def _hold_back(kinds: Array, donors: Array | None, share: float, rng: np.random.Generator) -> Array:
    """Return (n,) bool: which cells outside the test part serve validation."""
    held = None if donors is None else _hold_back_donors(kinds, donors, share, rng)
    if held is not None:
        return held
    held = np.zeros(kinds.size, dtype=bool)
    for kind in np.unique(kinds):
        members = rng.permutation(np.flatnonzero(kinds == kind))
        n_held = min(max(round(share * members.size), 1), members.size - 1)
        held[members[:n_held]] = True  # one cell of the class at least stays in training
    return held


def _hold_back_donors(
    kinds: Array, donors: Array, share: float, rng: np.random.Generator
) -> Array | None:
    """Return the cells of whole donors nearest to ``share`` of each class, or None if no way."""
    own = np.unique(donors, return_inverse=True)[1]
    table = _table(kinds, own)
    table = table[:, table.any(axis=0)]
    if table.shape[0] < 2:
        return None
    n_parts = min(max(round(1.0 / share), 2), table.shape[0])
    best, best_cost = None, np.inf
    for _ in range(_DRAWS):
        part = _deal_donors(table, n_parts, rng)
        for candidate in range(n_parts):
            taken = table[part == candidate].sum(axis=0) / table.sum(axis=0)
            cost = float(np.square(taken - share).sum())
            if np.all(taken < 1.0) and cost < best_cost - 1e-12:
                best, best_cost = part == candidate, cost
    return None if best is None else best[own]


def _table(kinds: Array, donors: Array) -> Array:
    """Return (donors, classes) counts of cells."""
    table = np.zeros((int(donors.max()) + 1, int(kinds.max()) + 1), dtype=np.int64)
    np.add.at(table, (donors, kinds), 1)
    return table


def _largest(kinds: Array, donors: Array | None) -> int:
    """Return the largest number of folds that can be dealt, 0 when none can."""
    counts = np.bincount(kinds) if kinds.size else np.zeros(0, dtype=np.int64)
    if counts.size < 2:
        return 0
    top = int(counts.min()) if donors is None else min(int(counts.min()), int(donors.max()) + 1)
    for n_folds in range(top, 1, -1):
        if _assign(kinds, donors, n_folds, np.random.default_rng(0)) is not None:
            return n_folds
    return 0


def _complaint(kinds: Array, donors: Array | None, n_folds: int, names: tuple[str, ...]) -> str:
    """Return what is wrong with these cells for ``n_folds`` folds and what to do."""
    counts = np.bincount(kinds) if kinds.size else np.zeros(0, dtype=np.int64)
    listed = ", ".join(f"{name} {n}" for name, n in zip(names, counts, strict=True)) or "none"
    if n_folds < 2:
        return f"{n_folds} folds were asked for; at least 2 are needed to test on unseen cells"
    if counts.size < 2:
        return f"the cells have {counts.size} class(es) ({listed}); label cells of at least two"
    largest = _largest(kinds, donors)
    remedy = (
        f"the largest number of folds that works is {largest}"
        if largest
        else "no number of folds works: add cells or donors, or leave the class out"
    )
    if counts.min() < n_folds:
        worst = int(counts.argmin())
        cells = "cell" if counts[worst] == 1 else "cells"
        return (
            f"class {names[worst]!r} has {counts[worst]} {cells}, fewer than the {n_folds} folds "
            f"asked for (cells per class: {listed}); {remedy}"
        )
    if donors is None:
        return f"{kinds.size} cells (per class: {listed}) leave none for validation; {remedy}"
    found = _donor_complaint(_table(kinds, donors), n_folds, names)
    return f"{found} (cells per class: {listed}); {remedy}"


def _donor_complaint(table: Array, n_folds: int, names: tuple[str, ...]) -> str:
    """Return what keeps whole donors from being dealt. ``table``: (donors, classes) counts."""
    n_donors = table.shape[0]
    alone = np.flatnonzero(np.count_nonzero(table, axis=0) < 2)
    if alone.size:
        return (
            f"all {table[:, alone[0]].sum()} cells of class {names[alone[0]]!r} come from one "
            "donor, so none is left to train on while that donor is tested"
        )
    if n_donors < n_folds:
        return f"{n_folds} folds by donor need as many donors, but there are {n_donors}"
    return (
        f"no division of {n_donors} donors into {n_folds} folds was found that leaves cells of "
        "every class to train on and some for validation"
    )
