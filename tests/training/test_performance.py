"""Performance over folds: against scikit-learn, with absent classes, without NaN."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as oracle

from pxcore.training.intervals import corrected_interval
from pxcore.training.performance import performance
from pxcore.types import Array, Interval, Performance


def folds(n_classes: int = 3, seed: int = 0) -> tuple[list[Array], list[Array]]:
    """Return labels and probabilities of three folds."""
    generator = np.random.default_rng(seed)
    labels = [generator.integers(0, n_classes, n) for n in (40, 50, 45)]
    probabilities = []
    for true in labels:
        raw = generator.random((len(true), n_classes)) + 0.8 * np.eye(n_classes)[true]
        probabilities.append((raw / raw.sum(1, keepdims=True)).astype(np.float32))
    return labels, probabilities


def intervals(shown: Performance) -> list[Interval]:
    """Return every interval of a performance."""
    per_class = (
        *shown.f1_per_class,
        *shown.precision_per_class,
        *shown.recall_per_class,
    )
    return [shown.f1_macro, shown.f1_weighted, shown.accuracy, *per_class]


def test_equals_sklearn_fold_by_fold() -> None:
    labels, probabilities = folds()
    shown = performance(labels, probabilities, (90, 80, 85), (40, 50, 45))
    called = [p.argmax(1) for p in probabilities]
    pairs = list(zip(labels, called, strict=True))
    for ours, average in ((shown.f1_macro, "macro"), (shown.f1_weighted, "weighted")):
        theirs = [oracle.f1_score(true, call, average=average) for true, call in pairs]
        assert ours.folds == pytest.approx(theirs)
        assert ours.mean == pytest.approx(np.mean(theirs))
    theirs = [oracle.accuracy_score(true, call) for true, call in pairs]
    assert shown.accuracy.folds == pytest.approx(theirs)
    for name, score in (
        ("f1", oracle.f1_score),
        ("precision", oracle.precision_score),
        ("recall", oracle.recall_score),
    ):
        values = np.array([score(true, call, average=None) for true, call in pairs])
        for k, interval in enumerate(getattr(shown, f"{name}_per_class")):
            assert interval.folds == pytest.approx(values[:, k])
    assert shown.n_per_class == tuple(np.bincount(np.concatenate(labels)))
    for count, (true, call) in zip(shown.confusion, pairs, strict=True):
        assert np.array_equal(count, oracle.confusion_matrix(true, call))


def test_interval_is_the_corrected_one() -> None:
    labels, probabilities = folds()
    shown = performance(labels, probabilities, (90, 80, 85), (40, 50, 45))
    values = shown.f1_macro.folds
    expected = corrected_interval(values, 255, 135, bounds=(0.0, 1.0))
    assert shown.f1_macro == expected


def test_absent_classes_are_left_out_and_never_nan() -> None:
    labels, probabilities = folds(n_classes=4)
    labels = [np.where(true == 3, 0, true) for true in labels]  # nobody has class 3
    labels[0] = np.where(labels[0] == 2, 1, labels[0])  # fold 0 lacks class 2
    shown = performance(labels, probabilities, (90, 80, 85), (40, 50, 45))
    for interval in intervals(shown):
        numbers = (interval.mean, interval.low, interval.high, *interval.known)
        assert all(math.isfinite(number) for number in numbers)
        assert 0 <= interval.low <= interval.mean <= interval.high <= 1
    assert shown.n_per_class[3] == 0
    for per_class in (shown.f1_per_class, shown.precision_per_class, shown.recall_per_class):
        assert per_class[2].folds[0] is None
        assert len(per_class[2].known) == 2
        assert per_class[3] == Interval(mean=0.0, low=0.0, high=1.0, folds=(None,) * 3)


def test_one_fold_claims_no_precision() -> None:
    labels, probabilities = folds()
    shown = performance(labels[:1], probabilities[:1], (90,), (40,))
    assert (shown.accuracy.low, shown.accuracy.high) == (0.0, 1.0)


def test_cells_are_counted_once_whatever_the_seeds() -> None:
    labels, probabilities = folds()
    twice = performance(
        labels * 2, probabilities * 2, (90, 80, 85) * 2, (40, 50, 45) * 2, n_seeds=2
    )
    assert sum(twice.n_per_class) == 135
    assert len(twice.accuracy.folds) == 6
