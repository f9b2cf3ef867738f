"""Scores from confusion counts against scikit-learn and against a loop over cells."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from pxcore.training import metrics
from pxcore.types import Array

SCORES = (
    metrics.precision_per_class,
    metrics.recall_per_class,
    metrics.f1_per_class,
    metrics.f1_macro,
    metrics.f1_weighted,
    metrics.accuracy,
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[int, Array, Array]:
    """Draw K, labels (n,) and predictions (R, n); some classes stay absent."""
    n_classes = draw(st.integers(2, 6))
    n, repeats = draw(st.integers(1, 40)), draw(st.integers(1, 4))
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    top = draw(st.integers(1, n_classes))
    return (
        n_classes,
        generator.integers(0, top, n).astype(np.int64),
        generator.integers(0, n_classes, (repeats, n)).astype(np.uint8),
    )


@given(calls())
def test_confusion_counts_every_pair(case: tuple[int, Array, Array]) -> None:
    n_classes, labels, predicted = case
    slow = np.zeros((len(predicted), n_classes, n_classes), int)
    for repeat, row in enumerate(predicted):
        for true, called in zip(labels, row, strict=True):
            slow[repeat, true, called] += 1
    assert np.array_equal(metrics.confusion(labels, predicted, n_classes), slow)
    on_torch = metrics.confusion(torch.from_numpy(labels), torch.from_numpy(predicted), n_classes)
    assert np.array_equal(on_torch.numpy(), slow)


@given(calls())
def test_scores_equal_sklearn(case: tuple[int, Array, Array]) -> None:
    n_classes, labels, predicted = case
    counts = metrics.confusion(labels, predicted, n_classes)
    for row, one in zip(predicted, counts, strict=True):
        every = list(range(n_classes))
        expected = oracle.f1_score(labels, row, labels=every, average=None, zero_division=np.nan)
        occurs = np.isin(every, labels) | np.isin(every, row)
        expected[~occurs] = np.nan
        np.testing.assert_allclose(metrics.f1_per_class(one), expected)
        for average, ours in (("macro", metrics.f1_macro), ("weighted", metrics.f1_weighted)):
            theirs = oracle.f1_score(labels, row, average=average, zero_division=0.0)
            assert float(ours(one)) == pytest.approx(theirs)
        assert float(metrics.accuracy(one)) == pytest.approx(oracle.accuracy_score(labels, row))


@given(calls())
def test_torch_equals_numpy_and_batch_equals_one_by_one(case: tuple[int, Array, Array]) -> None:
    n_classes, labels, predicted = case
    counts = metrics.confusion(labels, predicted, n_classes)
    for score in SCORES:
        batched = score(counts)
        np.testing.assert_array_equal(batched, np.stack([score(one) for one in counts]))
        np.testing.assert_allclose(score(torch.from_numpy(counts)).numpy(), batched, rtol=1e-14)


def test_leading_axes_are_kept() -> None:
    labels = np.array([0, 1, 2, 1])
    predicted = np.zeros((2, 3, 4), np.uint8)
    assert metrics.confusion(labels, predicted, 3).shape == (2, 3, 3, 3)
    assert metrics.f1_macro(metrics.confusion(labels, predicted, 3)).shape == (2, 3)


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_what_is_undefined_is_nan_and_never_counts(kind: str) -> None:
    # Class 0 right 3 of 4; class 1 true, never called; class 2 called, never true; 3 neither.
    counts = np.array([[3, 0, 1, 0], [2, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    if kind == "torch":
        counts = torch.from_numpy(counts)
    nan = float("nan")
    f1 = 2 * 3 / (2 * 3 + 1 + 2)
    np.testing.assert_allclose(metrics.f1_per_class(counts), [f1, 0, 0, nan])
    np.testing.assert_allclose(metrics.precision_per_class(counts), [3 / 5, 0, 0, nan])
    np.testing.assert_allclose(metrics.recall_per_class(counts), [3 / 4, 0, nan, nan])
    assert float(metrics.f1_macro(counts)) == pytest.approx(f1 / 3)
    assert float(metrics.f1_weighted(counts)) == pytest.approx(f1 * 4 / 6)
    assert float(metrics.accuracy(counts)) == pytest.approx(0.5)


def test_no_cells_give_nan_without_a_warning() -> None:
    for counts in (np.zeros((2, 2), int), torch.zeros(2, 2, dtype=torch.int64)):
        for score in SCORES:
            assert np.isnan(np.asarray(score(counts))).all()
