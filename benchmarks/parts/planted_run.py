"""One simulated run of the calibration: cells with known truth, decoys, J models, every method.

Everything goes through the science packages: no store, no runner. The folds test the cells of the
run; a further set of cells from the same source, never trained on, stands for the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from pxcore.data.decoys import with_decoys
from pxcore.data.folds import split
from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells, CellSource
from pxcore.data.synthetic import IfcParams, Planted, SyntheticCells, ifc_cells
from pxcore.importance.masks import mask_reader
from pxcore.importance.method import ExplainRequest
from pxcore.models import MODELS, BuildRequest
from pxcore.models.build import build_network
from pxcore.training.device import Layout
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit import Control, TrainingData, fit
from pxcore.training.means import channel_means
from pxcore.types import Array, Fold, MaskKind, Role, TrainedModel, TrainingParams

CPU = torch.device("cpu")
DECOYS = ("decoy_empty", "decoy_foreign")
MODEL = "small_cnn"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of one simulated run."""

    n_cells: int = 900
    n_truth: int = 2000
    """Further cells that nothing is trained on."""
    size: int = 24
    n_classes: int = 4
    n_folds: int = 3
    epochs: int = 30
    repeats: int = 5
    noise_only: bool = False
    """Labels dealt at random: no channel knows anything."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """One trained model with the cells it never saw."""

    source: CellSource
    fold: Fold
    trained: TrainedModel
    model: nn.Module
    data: TrainingData
    params: TrainingParams
    number: int


@dataclass(frozen=True, kw_only=True, eq=False)
class PlantedRun:
    """Cells, labels and folds of one seed."""

    shape: Shape
    seed: int
    drawn: SyntheticCells
    labels: Array
    folds: tuple[Fold, ...]

    @property
    def kinds(self) -> tuple[Planted, ...]:
        """Of the real channels."""
        return self.drawn.kinds

    @property
    def decoys(self) -> tuple[int, ...]:
        """Positions of the decoys, behind the real channels."""
        return tuple(range(len(self.kinds), len(self.kinds) + len(DECOYS)))

    @property
    def n_channels(self) -> int:
        """Real and decoy."""
        return len(self.kinds) + len(DECOYS)

    @property
    def truth_cells(self) -> Array:
        """Positions of the cells that nothing is trained on."""
        return np.arange(self.shape.n_cells, len(self.labels))


def planted_run(shape: Shape, seed: int) -> PlantedRun:
    """Return cells and folds of one seed; the last ``n_truth`` cells are in no fold."""
    total = shape.n_cells + shape.n_truth
    params = IfcParams(n_cells=total, size=shape.size, n_classes=shape.n_classes, seed=seed)
    drawn = ifc_cells(params)
    labels = drawn.labels.astype(np.int64)
    if shape.noise_only:
        labels = np.random.default_rng([seed, 77]).permutation(labels)
    inside = np.where(np.arange(total) < shape.n_cells, labels, -1)
    folds = split(inside, None, shape.n_folds, seed, 0.2)
    return PlantedRun(shape=shape, seed=seed, drawn=drawn, labels=labels, folds=folds)


def decoyed(run: PlantedRun, fold: Fold) -> CellSource:
    """Return the cells with decoys made within the parts of ``fold``."""
    cells = ArrayCells(run.drawn.images, run.drawn.masks, MaskKind.CELL)
    channels = run.drawn.panel.channels
    stains = tuple(c for c, channel in enumerate(channels) if channel.role is Role.STAIN)
    return with_decoys(cells, [(name, stains) for name in DECOYS], fold, run.seed)


def fitted(
    run: PlantedRun,
    number: int,
    channels: tuple[int, ...] | None = None,
    options: tuple[tuple[str, bool | int | float | str], ...] = (),
) -> Fitted:
    """Return the model of one fold, on some channels or all."""
    fold, shape = run.folds[number], run.shape
    source = decoyed(run, fold)
    data = TrainingData(
        source=source,
        labels=run.labels,
        n_classes=shape.n_classes,
        fold=fold,
        channels=channels,
    )
    params = TrainingParams(
        max_epochs=shape.epochs,
        learning_rate=3e-3,
        batch_size=64,
        schedule="one_cycle",
        balance="weights",
        keep="last",
        low_percentile=0.05,
        high_percentile=99.95,
    )
    build = _builder(run.n_channels if channels is None else len(channels), shape, options)
    trained = fit(data, params, build, Control(seed=1000 * run.seed + number, device=CPU))
    model = build()
    model.load_state_dict({k: torch.tensor(v) for k, v in trained.weights.items()})
    return Fitted(
        source=source,
        fold=fold,
        trained=trained,
        model=model.eval(),
        data=data,
        params=params,
        number=number,
    )


def question(run: PlantedRun, one: Fitted, *, truth: bool = False) -> ExplainRequest:
    """Return what a method is asked: about the test cells, or about those that are the truth."""
    source, cells = one.source, one.fold.test
    if truth:
        cells = run.truth_cells
        source = decoyed(run, replace(one.fold, test=cells))
    limits = Normaliser(one.trained.low, one.trained.high)
    held = DeviceCells(source, cells, limits, CPU, one.data.channels)
    train = DeviceCells(source, one.fold.train, limits, CPU, one.data.channels)
    roles = (*(c.role for c in run.drawn.panel.channels), *[Role.DECOY] * len(DECOYS))
    return ExplainRequest(
        model=one.model,
        cells=held,
        labels=run.labels[cells],
        n_classes=run.shape.n_classes,
        read_masks=mask_reader(source, cells),
        mask_kind=source.mask_kind,
        roles=roles,
        train_mean=channel_means(train),
        seed=10_000 * run.seed + one.number,
        last_convolution=MODELS[MODEL].last_convolution,
        repeats=1 if truth else run.shape.repeats,
        layout=Layout(batch_size=256),
    )


def _builder(
    n_channels: int, shape: Shape, options: tuple[tuple[str, bool | int | float | str], ...]
) -> Callable[[], nn.Module]:
    request = BuildRequest(
        n_channels=n_channels,
        n_classes=shape.n_classes,
        image_size=(shape.size, shape.size),
        options=options,
    )
    return lambda: build_network(MODEL, request)
