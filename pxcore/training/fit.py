"""From cells, labels and a fold to a trained classifier and its word on the test cells."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import nn

from pxcore.data import normalise
from pxcore.data.normalise import Normaliser
from pxcore.data.source import CellSource
from pxcore.errors import TrainingError
from pxcore.models.channel_dropout import dropout_of
from pxcore.training.device import device_name
from pxcore.training.device_cells import DeviceCells
from pxcore.training.loop import Control, Training, learn
from pxcore.training.means import channel_means
from pxcore.training.objective import Classification
from pxcore.training.predict import predict
from pxcore.training.schedules import kept
from pxcore.training.starting import as_arrays, fingerprint, fresh
from pxcore.types import Array, Fold, TrainedModel, TrainingParams

__all__ = ["Control", "TrainingData", "fit"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingData:
    """The cells of one training."""

    source: CellSource
    labels: Array
    """(N,) class number of every cell of the source; only those of the fold are looked at."""
    n_classes: int
    fold: Fold
    channels: tuple[int, ...] | None = None
    """Positions of the channels the network sees; None for all."""
    limits: Normaliser | None = None
    """Pixel values that become 0 and 1, one pair for each of ``channels``, where a part of the
    network was trained with them before; None to fit them on the training cells."""


def fit(
    data: TrainingData,
    params: TrainingParams,
    build: Callable[[], nn.Module],
    control: Control,
) -> TrainedModel:
    """Return a classifier trained on ``data.fold.train``, with its test predictions.

    Training cells decide weights, normalisation, class balance and what fills a channel that
    channel dropout hides; validation cells decide the learning rate, when to stop, and which
    epoch is kept; test cells are read once, at the end.
    ``build`` makes the network (from torch's generator, seeded here). Equal seed, data and
    settings give equal bits on the same kind of processor and number of threads, also after a
    kill and a restart from ``control.folder``; on graphics cards they differ by roundings.

    Raises
    ------
    TrainingError
        When the fold has fewer than two training cells, no validation or test cell, or a label
        outside the classes; or when training breaks down.
    Cancelled, torch.OutOfMemoryError
        See :func:`pxcore.training.loop.learn`.
    """
    _check(data)
    started = time.perf_counter()
    fold, device = data.fold, control.device
    limits = data.limits or _limits(data, params)

    def on_device(cells: Array) -> DeviceCells:
        return DeviceCells(data.source, cells, limits, device, data.channels, control.budget_bytes)

    model = fresh(build, control)
    training = Training(
        objective=Classification(
            data.labels[fold.train],
            data.labels[fold.valid],
            data.n_classes,
            params.balance,
            device,
        ),
        train=on_device(fold.train),
        valid=on_device(fold.valid),
        params=params,
        fingerprint=_fingerprint(data, params, control),
    )
    if (dropout := dropout_of(model)) is not None:
        dropout.fill.copy_(torch.from_numpy(channel_means(training.train)))
    learned = learn(model, training, control)
    del training  # its cells make room for the test cells
    model.load_state_dict(learned.weights)
    probability = predict(model, on_device(fold.test), params.batch_size, control.stop)
    return TrainedModel(
        weights=as_arrays(learned.weights),
        low=limits.low,
        high=limits.high,
        history=learned.history,
        best_epoch=kept(params, learned.history).number,
        test_probability=probability,
        test_labels=data.labels[fold.test].astype(np.int64),
        seconds=time.perf_counter() - started,
        device=device_name(device),
    )


def _limits(data: TrainingData, params: TrainingParams) -> Normaliser:
    """Return the percentiles of the training cells, of the channels the network sees."""
    limits = normalise.fit(
        data.source,
        data.fold.train,
        params.low_percentile,
        params.high_percentile,
        skip_zeros=params.zero_pixels == "skip",
    )
    return limits if data.channels is None else limits.take(data.channels)


def _check(data: TrainingData) -> None:
    """Refuse a fold that cannot be trained on."""
    fold = data.fold
    for name, cells, least in (
        ("training", fold.train, 2),
        ("validation", fold.valid, 1),
        ("test", fold.test, 1),
    ):
        if len(cells) < least:
            message = (
                f"the fold has {len(cells)} {name} cells; expected at least {least}: label more "
                "cells, or choose fewer folds"
            )
            raise TrainingError(message)
        labels = data.labels[cells]
        if labels.min() < 0 or labels.max() >= data.n_classes:
            message = (
                f"{name} cells have labels from {labels.min()} to {labels.max()}; expected 0 to "
                f"{data.n_classes - 1}: leave unlabelled cells out of the folds"
            )
            raise TrainingError(message)


def _fingerprint(data: TrainingData, params: TrainingParams, control: Control) -> str:
    """Return a hash that tells the checkpoints of different trainings in one folder apart.

    Of settings, seed, ``cpu`` or ``cuda``, channels, size of the images, and which cells with
    which labels are trained on and validated on. Not of the pixels nor of the kind of network:
    the caller keeps one folder for each data set and model.
    """
    told = {
        "params": asdict(params),
        "seed": control.seed,
        "device": control.device.type,
        "channels": data.channels,
        "image_shape": data.source.image_shape,
    }
    parts = (data.fold.train, data.fold.valid)
    return fingerprint(told, [one for cells in parts for one in (cells, data.labels[cells])])
