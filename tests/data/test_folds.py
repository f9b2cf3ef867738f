"""Folds: every part is disjoint, whole in donors, even in classes; errors say what works."""

from __future__ import annotations

import re

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxcore.data.folds import largest_n_folds, split
from pxcore.errors import DatasetError

CLASSES = ("G1", "S", "G2", "M", "rare")


@st.composite
def labelled_cells(draw):
    """Return labels and donors of a few hundred cells, some unknown."""
    n_classes = draw(st.integers(2, 5))
    n_donors = draw(st.integers(2, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(n_classes * 2, 300))
    weights = rng.dirichlet(np.ones(n_donors))
    labels = rng.choice(n_classes, n, p=rng.dirichlet(np.full(n_classes, 3.0)))
    groups = rng.choice(n_donors, n, p=weights)
    labels[rng.random(n) < draw(st.sampled_from([0.0, 0.2]))] = -1
    groups[rng.random(n) < draw(st.sampled_from([0.0, 0.2]))] = -1
    return labels, groups


def parts_of(fold):
    return fold.train, fold.valid, fold.test


def assert_a_partition(folds, usable):
    tested = np.concatenate([fold.test for fold in folds])
    assert np.array_equal(np.sort(tested), usable)
    for fold in folds:
        together = np.concatenate(parts_of(fold))
        assert np.array_equal(np.sort(together), usable)
        for part in parts_of(fold):
            assert part.size
            assert part.dtype == np.int64
            assert np.all(np.diff(part) > 0)


@settings(max_examples=60, deadline=None)
@given(labelled_cells(), st.integers(2, 6), st.integers(0, 2**63 - 1), st.floats(0.05, 0.5))
def test_without_donors_every_part_is_even_in_classes(cells, n_folds, seed, share):
    labels, _ = cells
    largest = largest_n_folds(labels, None)
    if n_folds > largest:
        with pytest.raises(DatasetError):
            split(labels, None, n_folds, seed, share)
        return
    folds = split(labels, None, n_folds, seed, share)
    assert_a_partition(folds, np.flatnonzero(labels >= 0))
    for kind in np.unique(labels[labels >= 0]):
        tested = [np.count_nonzero(labels[fold.test] == kind) for fold in folds]
        assert max(tested) - min(tested) <= 1
        for fold in folds:
            n_train = np.count_nonzero(labels[fold.train] == kind)
            n_valid = np.count_nonzero(labels[fold.valid] == kind)
            assert n_train >= 1
            assert abs(n_valid - share * (n_train + n_valid)) <= 1
    sizes = [fold.test.size for fold in folds]
    assert max(sizes) - min(sizes) <= 1


@settings(max_examples=80, deadline=None)
@given(labelled_cells(), st.integers(2, 6), st.integers(0, 2**63 - 1), st.floats(0.05, 0.5))
def test_with_donors_no_donor_is_on_two_sides(cells, n_folds, seed, share):
    labels, groups = cells
    try:
        folds = split(labels, groups, n_folds, seed, share)
    except DatasetError:
        return
    assert_a_partition(folds, np.flatnonzero((labels >= 0) & (groups >= 0)))
    for fold in folds:
        train, valid, test = (set(groups[part].tolist()) for part in parts_of(fold))
        assert not test & (train | valid)
        assert set(labels[fold.train]) == set(labels[(labels >= 0) & (groups >= 0)])
        if train & valid:
            assert not whole_donors_could_validate(labels, groups, fold)


def whole_donors_could_validate(labels, groups, fold):
    """Whether some single training donor could be held back and leave every class."""
    rest = np.concatenate([fold.train, fold.valid])
    donors = np.unique(groups[rest])
    if donors.size < 2:
        return False
    wanted = set(labels[rest])
    return donors.size > 2 and all(set(labels[rest[groups[rest] != d]]) == wanted for d in donors)


def test_donors_validate_whole_and_near_the_share():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(20), 50)
    labels = rng.integers(0, 3, groups.size)
    for fold in split(labels, groups, 5, 0, 0.2):
        train, valid, test = (set(groups[part].tolist()) for part in parts_of(fold))
        assert len(train | valid | test) == 20
        assert not train & valid
        assert len(test) == 4
        assert len(valid) in {3, 4}


def test_a_single_training_donor_is_divided_by_class():
    groups = np.repeat([0, 1], 100)
    labels = np.tile([0, 0, 0, 1], 50)
    for fold in split(labels, groups, 2, 0, 0.2):
        assert np.unique(groups[fold.train]).tolist() == np.unique(groups[fold.valid]).tolist()
        assert np.bincount(labels[fold.valid]).tolist() == [15, 5]


def test_donors_of_one_class_never_take_the_class_away():
    """Four donors, each with two of the classes: an even-handed greedy may pair the wrong two."""
    pairs = [(0, 1), (0, 2), (1, 3), (2, 3)]
    labels = np.concatenate([np.repeat(pair, 30) for pair in pairs])
    groups = np.repeat(np.arange(4), 60)
    for seed in range(20):
        for fold in split(labels, groups, 2, seed, 0.2):
            assert np.unique(labels[fold.train]).tolist() == [0, 1, 2, 3]


def test_the_seed_decides():
    labels = np.random.default_rng(0).integers(0, 4, 400)
    once, again, other = (split(labels, None, 4, seed, 0.2) for seed in (7, 7, 8))
    for a, b in zip(once, again, strict=True):
        for left, right in zip(parts_of(a), parts_of(b), strict=True):
            assert np.array_equal(left, right)
    assert not np.array_equal(once[0].test, other[0].test)
    assert not once[0].test.flags.writeable


def test_inputs_stay_as_they_were():
    labels, groups = np.array([0, 1, -1] * 30), np.arange(90) % 5
    kept = labels.copy(), groups.copy()
    split(labels, groups, 3, 0, 0.25)
    assert np.array_equal(labels, kept[0])
    assert np.array_equal(groups, kept[1])


def donors_of_classes(*classes_per_donor):
    labels = np.concatenate([np.repeat(kinds, 10) for kinds in classes_per_donor])
    sizes = [10 * len(kinds) for kinds in classes_per_donor]
    return labels, np.repeat(np.arange(len(sizes)), sizes)


BAD = {
    "one class": (np.zeros(50, int), None, 3, r"1 class\(es\) \(G1 50\)"),
    "no label": (np.full(50, -1), None, 3, r"0 class\(es\) \(none\)"),
    "one fold": (np.arange(50) % 2, None, 1, "1 folds were asked for; at least 2"),
    "rare class": (
        np.array([0] * 40 + [4] * 3),
        None,
        5,
        r"class 'rare' has 3 cells, fewer than the 5 folds .*G1 40, rare 3.* works is 3$",
    ),
    "a single cell": (np.array([0] * 40 + [1]), None, 2, r"'S' has 1 cell,.*no number"),
    "few donors": (
        *donors_of_classes((0, 1), (0, 1), (1, 0)),
        5,
        "5 folds by donor need as many donors, but there are 3 .*G1 30, S 30.* works is 3$",
    ),
    "class of one donor": (
        *donors_of_classes((0, 1), (0, 2), (1, 0)),
        2,
        "all 10 cells of class 'G2' come from one donor.*G1 30, S 20, G2 10.*no number of folds",
    ),
    "no division into two": (
        *donors_of_classes((0, 1), (0, 2), (1, 2)),
        2,
        "no division of 3 donors into 2 folds .* works is 3$",
    ),
    "donors of other cells": (np.arange(50) % 2, np.zeros(49, int), 2, "49 donor numbers .* 50"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_split_says_what_works(case):
    labels, groups, n_folds, message = BAD[case]
    with pytest.raises(DatasetError, match=message) as caught:
        split(labels, groups, n_folds, 0, 0.2, CLASSES)
    promised = re.search(r"works is (\d+)$", str(caught.value))
    if promised:
        assert len(split(labels, groups, int(promised[1]), 0, 0.2)) == int(promised[1])
        assert largest_n_folds(labels, groups) == int(promised[1])


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_outside_zero_and_one_is_refused(share):
    with pytest.raises(DatasetError, match="between 0 and 1"):
        split(np.arange(50) % 2, None, 2, 0, share)


@pytest.mark.real_data
def test_jurkat_cells_split_even_with_fifteen_anaphases(shared_data):
    with h5py.File(shared_data / "jurkat_cell_cycle" / "jurkat_cell_cycle.h5") as file:
        labels = file["labels"][:].astype(np.int64)
    assert largest_n_folds(labels, None) == 15
    folds = split(labels, None, 5, 0, 0.2)
    assert_a_partition(folds, np.arange(3418))
    assert all(np.bincount(labels[fold.test])[5] == 3 for fold in folds)
