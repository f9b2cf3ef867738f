"""What one method found on one trained model, and how folds become one importance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from pxcore.errors import MethodError
from pxcore.training.metrics import confusion, f1_per_class
from pxcore.types import Array, Importance, read_only

_AGGREGATE = "aggregate_"
"""Before the names of aggregates among stored arrays."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoldImportance:
    """Scores of every channel on one model's held-out cells, with the evidence behind them.

    R repeats (1 for a method without chance), C channels, K classes, n held-out cells.
    """

    method: str
    unit: str
    scores: Array
    """(R, C, K) float64, larger = more important; NaN for a class without held-out cells."""
    probability_drop: Array
    """(R, C, K) float64: drop in the probability of the true class, mean over its cells."""
    base_score: Array
    """(K,) float64: F1 without perturbation, NaN for a class without held-out cells."""
    labels: Array
    """(n,) integers"""
    groups: Array | None = None
    """(n,) integers, or None when donors are unknown."""
    base_predictions: Array | None = None
    """(n,) of the smallest integer type: predicted classes without perturbation."""
    predictions: Array | None = None
    """(C, R, n) of the smallest integer type: predicted classes; None for attributions."""
    cell_drop: Array | None = None
    """(C, n) float32: drop in the probability of each cell's true class, mean over repeats; for
    attributions the cell's own value."""
    aggregates: dict[str, Array] = field(default_factory=dict)
    """For attributions, by name, (C, n) float32: what each way to make one number of a cell's
    pixels gives. ``cell_drop`` is the one that was chosen; empty for other methods."""
    notes: tuple[str, ...] = ()
    """Plain sentences: what was assumed or could not be done."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, one.name, read_only(value))
        kept = {name: read_only(value) for name, value in self.aggregates.items()}
        object.__setattr__(self, "aggregates", kept)

    @property
    def n_repeats(self) -> int:
        """Repeats that ran."""
        return int(self.scores.shape[0])

    def arrays(self) -> dict[str, Array]:
        """Return everything as named arrays without objects, ready for an npz file."""
        named: dict[str, Array] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not None and one.name != "aggregates":
                named[one.name] = np.asarray(value)
        named |= {_AGGREGATE + name: value for name, value in self.aggregates.items()}
        named["notes"] = np.asarray(self.notes, dtype=np.str_)
        return named

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> FoldImportance:
        """Return what :meth:`arrays` was taken from."""
        return cls(
            method=str(arrays["method"]),
            unit=str(arrays["unit"]),
            scores=arrays["scores"],
            probability_drop=arrays["probability_drop"],
            base_score=arrays["base_score"],
            labels=arrays["labels"],
            groups=arrays.get("groups"),
            base_predictions=arrays.get("base_predictions"),
            predictions=arrays.get("predictions"),
            cell_drop=arrays.get("cell_drop"),
            aggregates={
                name.removeprefix(_AGGREGATE): value
                for name, value in arrays.items()
                if name.startswith(_AGGREGATE)
            },
            notes=tuple(str(note) for note in arrays["notes"]),
        )


def f1_of_present(labels: Array, predicted: Array, n_classes: int) -> Array:
    """Return F1 (..., K) float64 of predictions (..., n); NaN for a class without true cells.

    A class that nobody belongs to has no F1 worth a drop, even where it is predicted.
    """
    scores: Array = f1_per_class(confusion(labels, predicted, n_classes)).copy()
    scores[..., np.bincount(labels, minlength=n_classes) == 0] = np.nan
    return scores


def class_means(values: Array, labels: Array, n_classes: int) -> Array:
    """Return (..., K) float64: the mean of (..., n) over the cells of each class, NaN without."""
    members = np.eye(n_classes)[labels]  # (n, K)
    counts = members.sum(axis=0)
    totals = values.astype(np.float64, copy=False) @ members
    return np.where(counts > 0, totals / np.maximum(counts, 1.0), np.nan)


def class_dtype(n_classes: int) -> np.dtype[np.generic]:
    """Return the smallest integer type that holds a class number."""
    return np.dtype(np.uint8 if n_classes <= 256 else np.int16)


def combine(folds: Sequence[FoldImportance], n_train: Sequence[int]) -> Importance:
    """Return the folds (times seeds) of one method side by side, NaN where a fold ran fewer.

    Parameters
    ----------
    folds
        J of them, of the same method, channels and classes.
    n_train
        Training cells of each.

    Raises
    ------
    MethodError
        When there are none or they do not belong together.
    """
    _check_alike(folds, n_train)
    longest = max(fold.n_repeats for fold in folds)
    return Importance(
        method=folds[0].method,
        unit=folds[0].unit,
        scores=np.stack([_padded(fold.scores, longest) for fold in folds]),
        probability_drop=np.stack([_padded(fold.probability_drop, longest) for fold in folds]),
        repeats=tuple(fold.n_repeats for fold in folds),
        n_train=tuple(int(n) for n in n_train),
        n_test=tuple(len(fold.labels) for fold in folds),
        base_score=np.stack([fold.base_score for fold in folds]),
        notes=tuple(dict.fromkeys(note for fold in folds for note in fold.notes)),
    )


def _check_alike(folds: Sequence[FoldImportance], n_train: Sequence[int]) -> None:
    """Refuse folds that cannot be put side by side."""
    if not folds or len(n_train) != len(folds):
        message = f"{len(folds)} folds with {len(n_train)} training sizes; expected one for each"
        raise MethodError(message)
    kinds = {(fold.method, fold.unit, fold.scores.shape[1:]) for fold in folds}
    if len(kinds) > 1:
        message = f"the folds differ in method, unit or (channels, classes): {sorted(kinds)}"
        raise MethodError(message)


def _padded(values: Array, n_repeats: int) -> Array:
    """Return (R, C, K) lengthened to ``n_repeats`` rows of NaN."""
    missing = n_repeats - values.shape[0]
    return np.pad(values, ((0, missing), (0, 0), (0, 0)), constant_values=np.nan)
