"""What training and ranking bring back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from pxcore.types.arrays import Array, frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean over folds with its corrected 95 % interval and every fold's value."""

    mean: float
    low: float
    high: float
    folds: tuple[float | None, ...]
    """(J,), in the order of the trainings; None for one that has no such value (its test part
    lacks the class), which the mean leaves out. NaN is taken as None."""

    def __post_init__(self) -> None:
        folds = tuple(None if v is None or math.isnan(v) else v for v in self.folds)
        object.__setattr__(self, "folds", folds)

    @property
    def known(self) -> tuple[float, ...]:
        """The values of the folds that have one."""
        return tuple(value for value in self.folds if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One pass over the training cells."""

    number: int
    train_loss: float
    valid_loss: float
    valid_f1: float
    """F1-macro on the validation part."""
    learning_rate: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedModel:
    """A fitted network as arrays, with what it said about the test cells it never saw."""

    weights: dict[str, Array]
    """State dict by name."""
    low: Array
    high: Array
    """(C,) float32: pixel values that become 0 and 1."""
    history: tuple[Epoch, ...]
    best_epoch: int
    test_probability: Array
    """(n_test, K) float32, rows in the order of ``Fold.test``."""
    test_labels: Array
    """(n_test,) int64"""
    seconds: float
    device: str

    def __post_init__(self) -> None:
        frozen(self, "low", "high", "test_probability", "test_labels")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Performance:
    """How well the models do on cells they never saw, over folds (times seeds)."""

    f1_macro: Interval
    f1_weighted: Interval
    accuracy: Interval
    f1_per_class: tuple[Interval, ...]
    precision_per_class: tuple[Interval, ...]
    recall_per_class: tuple[Interval, ...]
    n_per_class: tuple[int, ...]
    """Held-out cells over all folds."""
    confusion: Array
    """(J, K, K) int64 counts, true class by row, predicted by column."""

    def __post_init__(self) -> None:
        frozen(self, "confusion")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Importance:
    """One number a channel, fold, repeat and class: larger = more important."""

    method: str
    unit: str
    """``drop in F1``, ``attribution``, ..."""
    scores: Array
    """(J, R, C, K) float64; NaN where a fold ran fewer repeats or lacks a class."""
    probability_drop: Array
    """Same shape: drop in the probability of the true class, mean over its cells; NaN throughout
    for methods that have none (attributions)."""
    repeats: tuple[int, ...]
    """Repeats that ran, per fold."""
    n_train: tuple[int, ...]
    n_test: tuple[int, ...]
    base_score: Array
    """(J, K) float64: F1 per class without perturbation; NaN where a fold lacks a class."""
    notes: tuple[str, ...] = ()
    """Plain sentences: what was assumed or could not be done."""

    def __post_init__(self) -> None:
        frozen(self, "scores", "probability_drop", "base_score")


class Verdict(StrEnum):
    """What the interval allows to say about a channel."""

    INFORMATIVE = "informative"
    """The whole interval lies above the upper bound of every decoy; without decoys above zero."""
    UNDECIDED = "undecided"
    NEGLIGIBLE = "negligible"
    """The whole interval lies below the smallest drop that matters (0.01 F1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Channels in panel order with value, interval, rank and verdict. Tuples have length C."""

    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    folds: tuple[tuple[float, ...], ...]
    """(J, C): every fold's own value, mean over repeats and classes."""
    rank: tuple[int, ...]
    """1 = most important."""
    rank_low: tuple[int, ...]
    rank_high: tuple[int, ...]
    top: tuple[tuple[float, ...], ...]
    """(C, C): ``top[c][m - 1]`` = probability that channel c is among the m most important."""
    verdict: tuple[Verdict, ...]
    per_class: tuple[tuple[Interval, ...], ...]
    """(C, K)"""
    probability: tuple[Interval, ...]
    """(C,): drop in the probability of the true class; empty for methods that have none."""
    notes: tuple[str, ...] = ()
    """Plain sentences: what the intervals and probabilities rest on."""
    decoy_bound: float | None = None
    """The largest upper bound of a decoy's interval; None without decoys."""
    small_classes: tuple[int, ...] = ()
    """Classes with too few held-out cells: shown, but no part of mean, rank and verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """How a ranking settles with more repeats, from the stored ones."""

    repeats: tuple[int, ...]
    """k at which the values below stand."""
    values: tuple[tuple[tuple[float, ...], ...], ...]
    """(J, len(repeats), C): mean of the first k repeats, per fold."""
    agreement: tuple[tuple[float, ...], ...]
    """(J, len(repeats)): Kendall tau of the order at k with the order at the last k."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MethodResult:
    """One method's ranking of a run with the evidence behind it."""

    method: str
    label: str
    ranking: Ranking
    importance: Importance
    stability: Stability | None
    performance: Performance | None = None
    """Of the very models that it explained; None where they are the run's own."""
    model: str = ""
    """Those models in words; empty where they are the run's own."""
