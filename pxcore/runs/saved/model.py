"""A trained model's artifact: ``weights.safetensors``, ``arrays.npz``, ``training.json``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save

from pxcore.runs.saved.text import from_file, to_text
from pxcore.types import Array, Epoch, Fold, TrainedModel, frozen

COUNTED = ("running_mean", "running_var", "num_batches_tracked")
WEIGHTS, ARRAYS, STORY = "weights.safetensors", "arrays.npz", "training.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """How a training went."""

    history: tuple[Epoch, ...]
    best_epoch: int
    seconds: float
    device: str
    batch_size: int
    """As it was at the end: smaller than asked when memory ran out."""
    n_train: int
    n_valid: int
    n_test: int
    versions: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tested:
    """What a trained model said about its test cells."""

    test: Array
    """(n,) int64: positions in the data set, as in ``Fold.test``."""
    labels: Array
    """(n,) int64"""
    probability: Array
    """(n, K) float32"""

    def __post_init__(self) -> None:
        frozen(self, "test", "labels", "probability")


def save_model(
    folder: Path, model: TrainedModel, fold: Fold, train_mean: Array, story: Story
) -> None:
    """Write the files of a trained model.

    ``train_mean``: (C,) mean of its normalised training pixels. Raises OSError when the disk is
    full, for the weights too: safetensors' own writer would say so in an error without a number.
    """
    weights = {name: np.ascontiguousarray(value) for name, value in model.weights.items()}
    (folder / WEIGHTS).write_bytes(save(weights))
    np.savez_compressed(
        folder / ARRAYS,
        low=model.low,
        high=model.high,
        train_mean=train_mean,
        probability=model.test_probability,
        labels=model.test_labels,
        train=fold.train,
        valid=fold.valid,
        test=fold.test,
    )
    (folder / STORY).write_text(to_text(story), encoding="utf-8")


def n_parameters(folder: Path) -> int:
    """Return how many numbers of a network were learnt; reads the head of its file.

    What layers count while they train (means and variances of batches) was not learnt.
    """
    with safe_open(folder / WEIGHTS, framework="numpy") as file:
        names = [name for name in file.keys() if not name.endswith(COUNTED)]  # noqa: SIM118
        return sum(math.prod(file.get_slice(name).get_shape()) for name in names)


def load_story(folder: Path) -> Story:
    """Return how a training went; reads one small file."""
    return from_file(Story, folder / STORY)


def load_tested(folder: Path) -> Tested:
    """Return what a model said about its test cells, without its weights."""
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        return Tested(
            test=arrays["test"], labels=arrays["labels"], probability=arrays["probability"]
        )


def load_model(folder: Path) -> tuple[TrainedModel, Fold, Array]:
    """Return a trained model, the fold it was trained on, and its training means (C,)."""
    story = load_story(folder)
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        model = TrainedModel(
            weights=load_file(folder / WEIGHTS),
            low=arrays["low"],
            high=arrays["high"],
            history=story.history,
            best_epoch=story.best_epoch,
            test_probability=arrays["probability"],
            test_labels=arrays["labels"],
            seconds=story.seconds,
            device=story.device,
        )
        fold = Fold(arrays["train"], arrays["valid"], arrays["test"])
        return model, fold, arrays["train_mean"]
