"""One method's scores on one trained model: ``scores.npz`` (compressed) and ``scores.json``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pxcore.importance.fold import FoldImportance

ARRAYS, STORY = "scores.npz", "scores.json"


def save_scores(folder: Path, scores: FoldImportance, n_train: int) -> None:
    """Write scores with every cell's prediction; ``n_train`` of the model they are of."""
    np.savez_compressed(folder / ARRAYS, allow_pickle=False, **scores.arrays())
    (folder / STORY).write_text(json.dumps({"n_train": n_train}), encoding="utf-8")


def load_scores(folder: Path) -> tuple[FoldImportance, int]:
    """Return the scores and the number of training cells behind them."""
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        scores = FoldImportance.from_arrays(dict(arrays))
    n_train = json.loads((folder / STORY).read_bytes())["n_train"]
    return scores, int(n_train)
