"""Fold importances made from chosen numbers, for tests of the statistics."""

from __future__ import annotations

import numpy as np

from pxcore.importance.fold import FoldImportance, f1_of_present
from pxcore.importance.method import DROP_IN_F1
from pxcore.types import Array


def made_fold(
    error_rates: tuple[float, ...],
    n_cells: int = 150,
    n_repeats: int = 5,
    seed: int = 0,
    labels: Array | None = None,
    groups: Array | None = None,
) -> FoldImportance:
    """Three classes; spoiling channel c makes the model guess in ``error_rates[c]`` of cells."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n_cells) % 3) if labels is None else labels
    base = np.where(rng.random(n_cells) < 0.95, labels, rng.integers(0, 3, n_cells))
    predictions = np.empty((len(error_rates), n_repeats, n_cells), np.uint8)
    for channel, rate in enumerate(error_rates):
        wrong = rng.random((n_repeats, n_cells)) < rate
        predictions[channel] = np.where(wrong, rng.integers(0, 3, wrong.shape), base)
    base_score = f1_of_present(labels, base, 3)
    scores = np.swapaxes(base_score - f1_of_present(labels, predictions, 3), 0, 1)
    return FoldImportance(
        method="made",
        unit=DROP_IN_F1,
        scores=scores,
        probability_drop=scores / 2,
        base_score=base_score,
        labels=labels,
        groups=groups,
        base_predictions=base.astype(np.uint8),
        predictions=predictions,
        cell_drop=(predictions != labels).mean(axis=1).astype(np.float32),
    )
