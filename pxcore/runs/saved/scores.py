"""One method's scores on one trained model: ``scores.npz`` (compressed) and ``scores.json``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pxcore.importance.fold import FoldImportance
from pxcore.runs.saved.scored import Scored, load_scored, save_scored

ARRAYS = "scores.npz"


def save_scores(folder: Path, scores: FoldImportance, n_train: int, device: str = "") -> None:
    """Write scores with every cell's prediction; ``n_train`` of the model they are of.

    ``device``: on which they were computed.
    """
    np.savez_compressed(folder / ARRAYS, allow_pickle=False, **scores.arrays())
    save_scored(folder, Scored(n_train=n_train, device=device))


def load_scores(folder: Path) -> tuple[FoldImportance, int]:
    """Return the scores and the number of training cells behind them."""
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        scores = FoldImportance.from_arrays(dict(arrays))
    return scores, load_scored(folder).n_train
