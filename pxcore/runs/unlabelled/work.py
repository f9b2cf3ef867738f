"""How much work a task on cells without labels is, to tell how long it will take."""

from __future__ import annotations

from pxcore.runs.unlabelled.tasks import (
    ClusterTask,
    CodesTask,
    EncodeTask,
    ExplainClustersTask,
    MaskCheckTask,
    RankClustersTask,
    RefineTask,
    UnlabelledTask,
)
from pxcore.types import Dataset

USUAL_REPEATS = 10
"""A ranking mostly stops after about so many."""
MASK_FOLDS = 10
"""Five folds, and five with dealt clusters, of two networks each."""
WIDTH = 32
"""Of the published autoencoder of pictures."""
GUESSES = {
    ("encode", ""): 2e-6,
    ("codes", ""): 4e-7,
    ("cluster", ""): 1.5e-2,
    ("clusters_asked", ""): 3e-7,
    ("clusters_explained", ""): 5e-7,
}
"""Seconds a unit of work on one CPU core, until this host has timings of its own."""


def kind_of(task: UnlabelledTask, device: str) -> str:
    """Return the kind of work, such as ``encode::cpu``."""
    match task:
        case EncodeTask() | RefineTask():
            word = "encode"
        case CodesTask():
            word = "codes"
        case ClusterTask():
            return "cluster::cpu"
        case RankClustersTask():
            word = "clusters_asked"
        case ExplainClustersTask() | MaskCheckTask():
            word = "clusters_explained"
    return f"{word}::{device}"


def work_of(task: UnlabelledTask, dataset: Dataset) -> float:
    """Return pixels that go through the network; for a clustering its cells."""
    n, (_, height, width) = dataset.n_cells, dataset.image_shape
    if isinstance(task, ClusterTask):
        return float(n)
    pixels = float(n * task.taken.planes.count * height * width)
    match task:
        case EncodeTask() | RefineTask():
            wide = float(dict(task.spec.options).get("width", WIDTH)) / WIDTH
            return pixels * task.spec.training.max_epochs * max(wide, 0.1)
        case RankClustersTask():
            asked = min(1.0, task.most_cells / max(1, n))
            return pixels * asked * len(task.taken.planes.units) * USUAL_REPEATS
        case ExplainClustersTask():
            return pixels * task.epochs
        case MaskCheckTask():
            return pixels * task.epochs * MASK_FOLDS
        case CodesTask():
            return pixels
