"""Scores from confusion counts, in numpy or torch, for any number of confusions at once.

A confusion is (..., K, K): true class by row, predicted class by column. Everything here takes
such counts, so scores of many repeats or bootstrap samples cost one pass, stay on the device the
counts are on, and need no prediction twice.

With TP, FP and FN of a class::

    precision = TP / (TP + FP)    recall = TP / (TP + FN)    F1 = 2 TP / (2 TP + FP + FN)

What is undefined is NaN *here* and nowhere later: macro averages skip it, and
:mod:`pxcore.training.performance` leaves the fold out.

========================  =========  ======  ===
class in this confusion   precision  recall  F1
========================  =========  ======  ===
neither true nor called   NaN        NaN     NaN
never true, but called    0          NaN     0
true, but never called    0          0       0
========================  =========  ======  ===

Source: van Rijsbergen, Information Retrieval, 1979. The averages equal scikit-learn's
``f1_score(average="macro" | "weighted", zero_division=0)`` over the classes that occur.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from pxcore.types import Array

if TYPE_CHECKING:
    import torch
    from typing_extensions import TypeIs

Counts = TypeVar("Counts", Array, "torch.Tensor")


def confusion(labels: Counts, predicted: Counts, n_classes: int) -> Counts:
    """Return counts (..., K, K) int64 of ``labels`` (n,) against ``predicted`` (..., n).

    Both hold class numbers from 0 to K - 1 of any integer type; the leading axes of
    ``predicted`` (repeats, channels) are kept.

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    lead = tuple(predicted.shape[:-1])
    cells = n_classes * n_classes
    if _is_tensor(labels):
        import torch  # noqa: PLC0415 - the web process makes tables of counts without it

        rows = predicted.reshape(-1, labels.shape[0]).long()
        pair = labels.long() * n_classes + rows  # (rows, n)
        pair = pair + cells * torch.arange(rows.shape[0], device=pair.device)[:, None]
        counts = torch.bincount(pair.flatten(), minlength=cells * rows.shape[0])
        return counts.reshape(*lead, n_classes, n_classes)
    rows = predicted.reshape(-1, labels.shape[0]).astype(np.int64)
    pair = labels.astype(np.int64) * n_classes + rows
    pair = pair + cells * np.arange(rows.shape[0])[:, None]
    return np.bincount(pair.ravel(), minlength=cells * rows.shape[0]).reshape(
        *lead, n_classes, n_classes
    )


def precision_per_class(counts: Counts) -> Counts:
    """Return precision (..., K) float64; 0 where a true class is never called, else see above."""
    hits, called, true = _margins(counts)
    value = _ratio(hits, called)
    return _fill(value, (called == 0) & (true > 0))


def recall_per_class(counts: Counts) -> Counts:
    """Return recall (..., K) float64; NaN for a class without a true cell."""
    hits, _, true = _margins(counts)
    return _ratio(hits, true)


def f1_per_class(counts: Counts) -> Counts:
    """Return F1 (..., K) float64; NaN for a class neither true nor called.

    >>> f1_per_class(np.array([[3, 1, 0], [1, 3, 0], [0, 0, 0]])).tolist()
    [0.75, 0.75, nan]
    """
    hits, called, true = _margins(counts)
    return _ratio(2 * hits, called + true)


def f1_macro(counts: Counts) -> Counts:
    """Return the mean F1 (...) over the classes that occur, true or called."""
    value = f1_per_class(counts)
    if _is_tensor(value):
        return value.nanmean(-1)
    there = ~np.isnan(value)
    return _ratio(np.where(there, value, 0.0).sum(-1), there.sum(-1))


def f1_weighted(counts: Counts) -> Counts:
    """Return the mean F1 (...) weighted by the true cells of each class."""
    value = f1_per_class(counts)
    true = counts.sum(-1)  # (..., K)
    return _ratio((_fill(value, true == 0) * true).sum(-1), true.sum(-1))


def accuracy(counts: Counts) -> Counts:
    """Return the share (...) of cells called rightly; NaN without cells."""
    hits, _, true = _margins(counts)
    return _ratio(hits.sum(-1), true.sum(-1))


def _is_tensor(value: object) -> TypeIs[torch.Tensor]:
    """Return True for a torch tensor; where torch was never loaded there is none."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _margins(counts: Counts) -> tuple[Counts, Counts, Counts]:
    """Return per class: rightly called, called, true; each (..., K)."""
    return counts.diagonal(0, -2, -1), counts.sum(-2), counts.sum(-1)


def _ratio(part: Counts, whole: Counts) -> Counts:
    """Return part / whole in float64, NaN (and no warning) where the whole is 0."""
    if _is_tensor(part):
        return part.double() / whole.double()
    safe = np.where(whole == 0, np.nan, whole)
    return np.asarray(part / safe, dtype=np.float64)


def _fill(value: Counts, where: Counts) -> Counts:
    """Return ``value`` with 0 at ``where``."""
    if _is_tensor(value):
        return value.masked_fill(where, 0.0)
    return np.where(where, 0.0, value)
