"""Clusters against classes: closed forms, and scikit-learn as a second opinion."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from pxcore.clustering.agreement import adjusted_rand
from pxcore.errors import ClusteringError
from pxcore.evaluation.clusters import against_classes


def test_renamed_clusters_are_the_classes() -> None:
    labels = np.array([0, 0, 1, 1, 1, 2])
    found = against_classes(np.array([2, 2, 0, 0, 0, 1]), labels, 3, 3)
    assert found.counterpart == (1, 2, 0)
    assert found.balanced_accuracy == found.macro_f1 == found.adjusted_rand == 1.0
    assert found.confusion.tolist() == [[0, 0, 2], [3, 0, 0], [0, 1, 0]]


def test_a_cluster_too_many_costs_recall_and_one_too_few_a_class() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1])
    many = against_classes(np.array([0, 0, 0, 2, 1, 1]), labels, 3, 2)
    assert many.counterpart == (0, 1, -1)
    assert many.recall == (0.75, 1.0)
    assert many.precision == (1.0, 1.0)
    assert many.f1 == (pytest.approx(6 / 7), 1.0)
    few = against_classes(np.zeros(6, dtype=np.int64), labels, 1, 2)
    assert few.recall == (1.0, 0.0)
    assert few.precision == (pytest.approx(4 / 6), 0.0)
    assert few.balanced_accuracy == 0.5
    assert few.adjusted_rand == 0.0


def test_cells_without_a_class_do_not_count_and_a_class_without_cells_is_nan() -> None:
    found = against_classes(np.array([0, 1, 1, 0]), np.array([0, 2, 2, -1]), 2, 3)
    assert found.n_cells == 3
    assert math.isnan(found.recall[1])
    assert found.balanced_accuracy == 1.0
    assert found.macro_f1 == 1.0


def test_adjusted_rand_of_a_known_table() -> None:
    # Hubert and Arabie by hand: pairs together 2 + 1, rows 4, columns 4, of 15 pairs.
    first, second = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 2])
    together, one, other = 1 + 1, 3 + 1, 1 + 3
    expected = one * other / 15
    value = (together - expected) / ((one + other) / 2 - expected)
    assert adjusted_rand(first, second) == pytest.approx(value)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60))
def test_scores_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    labels, clusters = (np.array(part) for part in zip(*pairs, strict=True))
    found = against_classes(clusters, labels, 4, 4)
    assert found.adjusted_rand == pytest.approx(oracle.adjusted_rand_score(labels, clusters))
    called = np.array([found.counterpart[c] for c in clusters])
    there = sorted(set(labels.tolist()))
    recall = oracle.recall_score(labels, called, labels=there, average="macro", zero_division=0)
    f1 = oracle.f1_score(labels, called, labels=there, average="macro", zero_division=0)
    assert found.balanced_accuracy == pytest.approx(recall)
    assert found.macro_f1 == pytest.approx(f1)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ClusteringError, match="no cell has a known class"):
        against_classes(np.array([0, 1]), np.array([-1, -1]), 2, 2)
    with pytest.raises(ClusteringError, match="expected at most 1"):
        against_classes(np.array([0, 2]), np.array([0, 1]), 2, 2)
