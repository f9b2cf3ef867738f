"""The Jurkat recording: the DNA stain tells the stage of the cell cycle, for every way to ask."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from pxcore.data.folds import split
from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.importance.method import ExplainRequest
from pxcore.importance.methods import METHODS
from pxcore.models import MODELS, BuildRequest
from pxcore.runs.presets import FAST
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit import Control, TrainingData, fit
from pxcore.training.means import channel_means
from pxcore.training.metrics import confusion, f1_weighted
from pxcore.training.predict import restore
from tests.planted_cells import CPU

N_CELLS, N_EXPLAINED, SIZE, EPOCHS = 1600, 160, 40, 10
METHOD_IDS = ("permute_cells", "pxpermute", "integrated_gradients", "deeplift")


@pytest.fixture(scope="module")
def recording(shared_data: Path) -> tuple[ExplainRequest, tuple[str, ...]]:
    """A small network trained on a part of the cells, others to explain, and channel names."""
    with h5py.File(shared_data / "jurkat_cell_cycle" / "jurkat_cell_cycle.h5") as file:
        chosen = np.sort(np.random.default_rng(0).permutation(len(file["labels"]))[:N_CELLS])
        images, labels = file["images"][:][chosen], file["labels"][:][chosen].astype(np.int64)
        names = tuple(file.attrs["channel_names"])
    labels = np.unique(labels, return_inverse=True)[1]
    n_classes, source = int(labels.max()) + 1, ArrayCells(images)
    fold = split(labels, None, 3, 0, FAST.training.valid_share)[0]
    wanted = BuildRequest(n_channels=len(names), n_classes=n_classes, image_size=(SIZE, SIZE))
    data = TrainingData(source=source, labels=labels, n_classes=n_classes, fold=fold)
    params = replace(FAST.training, max_epochs=EPOCHS)
    control = Control(seed=0, device=CPU)
    found = fit(data, params, lambda: MODELS["small_cnn"].build(wanted), control)
    counts = confusion(found.test_labels, found.test_probability.argmax(1), n_classes)
    assert f1_weighted(counts) > 0.75  # else nothing below says anything
    limits, held_out = Normaliser(found.low, found.high), fold.test[:N_EXPLAINED]
    asked = ExplainRequest(
        model=restore(lambda: MODELS["small_cnn"].build(wanted), found.weights, CPU),
        cells=DeviceCells(source, held_out, limits, CPU),
        labels=labels[held_out],
        n_classes=n_classes,
        train_mean=channel_means(DeviceCells(source, fold.train, limits, CPU)),
        repeats=5,
        seed=1,
    )
    return asked, names


@pytest.mark.real_data
@pytest.mark.parametrize("method", METHOD_IDS)
def test_propidium_iodide_comes_first(
    recording: tuple[ExplainRequest, tuple[str, ...]], method: str
) -> None:
    """Attributions by their defaults: mean absolute value, against the training mean."""
    asked, names = recording
    values = np.nanmean(METHODS[method].explain(asked).scores, axis=(0, 2))
    first, second = np.sort(values)[::-1][:2]
    assert names[int(values.argmax())] == "PI (DNA)"
    assert first > 1.1 * second
