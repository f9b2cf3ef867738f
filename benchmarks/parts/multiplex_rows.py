"""The rows of the benchmark: which network, ranked how; and one row on one data seed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import nn

from benchmarks.parts.multiplex_data import Drawn
from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.data.synthetic import MultiplexParams, suited
from pxcore.evaluation.recall import recalls, usual_ks
from pxcore.importance.fold import FoldImportance
from pxcore.importance.methods import METHODS, ExplainRequest
from pxcore.importance.ranking import over_repeats
from pxcore.importance.repeats import channel_values
from pxcore.models import MODELS, BuildRequest
from pxcore.models.build import build_network
from pxcore.training.device import Layout
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit import Control, TrainingData, fit
from pxcore.training.means import channel_means
from pxcore.types import Array, TrainedModel, TrainingParams
from pxcore.types.runs import Option

PERMUTED = ("permute_cells", "pxpermute")
LOOKED_AT = 64
"""Images a forward pass when a trained network is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The setting that all results of one table share."""

    size: int
    width: int
    channels: int
    n_train: int
    n_valid: int
    n_test: int
    epochs: int
    patience: int
    repeats: int
    batch: int
    rate: float

    @property
    def as_json(self) -> dict[str, float]:
        """As it stands in every line."""
        return asdict(self)

    @property
    def words(self) -> str:
        """For the first line of a print."""
        return ", ".join(f"{name} {value:g}" for name, value in asdict(self).items())

    def params(self, seed: int) -> MultiplexParams:
        """Return what to draw for one data seed."""
        radius, n_circles = suited(self.size)
        return MultiplexParams(
            size=self.size,
            channels=self.channels,
            radius=radius,
            n_circles=n_circles,
            seed=seed,
        )

    @property
    def training(self) -> TrainingParams:
        """One training from random weights: the published rate, batch and weight decay.

        Not its amsgrad, plateau factor and crops, which the preset ``multiplexed`` has.
        """
        return TrainingParams(
            max_epochs=self.epochs,
            batch_size=self.batch,
            learning_rate=self.rate,
            weight_decay=1e-7,
            plateau_patience=6,
            stop_patience=self.patience,
            balance="none",
            noise=0.0,
            low_percentile=0.0,
            high_percentile=100.0,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One network of the tables."""

    label: str
    model: str
    own: str
    """The importance it was published with."""
    options: tuple[Option, ...] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        """How its channels are ranked, its own way first."""
        return (self.own, *PERMUTED)


def _embedding(label: str, backbone: str, encoders: str) -> Row:
    options = (("backbone", backbone), ("encoders", encoders))
    return Row(label, "channel_embedding", "channel_embedding", options)


ROWS = {
    "embedding": _embedding("channel embedding (R18, shared)", "resnet18", "shared"),
    "independent": _embedding("R18, independent", "resnet18", "independent"),
    "r3d_shared": _embedding("R3D, shared", "r3d", "shared"),
    "r3d_independent": _embedding("R3D, independent", "r3d", "independent"),
    "resnet50": Row("ResNet50", "resnet50", "input_gradient"),
    "r3d_18": Row("ResNet3D-18", "r3d_18", "input_gradient"),
    "bsn": Row("BSN", "bsn", "gradcam_channel"),
    "small_cnn": Row("small_cnn (ours)", "small_cnn", "input_gradient"),
}


def results_of(plan: Plan, name: str, data: Drawn, device: torch.device) -> Iterator[dict]:
    """Yield one line a method: the row's network is trained once, then asked by each."""
    row = ROWS[name]
    start = time.perf_counter()
    network, trained, training = _trained(plan, row, data, device)
    seconds = time.perf_counter() - start
    right = float((trained.test_probability.argmax(1) == trained.test_labels).mean())
    ks = usual_ks(len(data.informative), plan.channels)
    for method in row.methods:
        start = time.perf_counter()
        found = _explained(plan, row, method, (network, trained, training), device)
        drops = over_repeats(found.probability_drop[None])[0].mean(axis=1)  # (C,)
        yield {
            "row": name,
            "method": method,
            "accuracy": right,
            "recall": _told(channel_values(found.scores).mean(axis=0), data, ks),
            "recall_by_probability": None if np.isnan(drops).all() else _told(drops, data, ks),
            "parameters": sum(one.numel() for one in network.parameters()),
            "epochs": len(trained.history),
            "train_seconds": round(seconds, 1),
            "rank_seconds": round(time.perf_counter() - start, 1),
            "device": trained.device,
        }


def _told(values: Array, data: Drawn, ks: tuple[int, ...]) -> dict[str, float]:
    found = recalls(values, data.informative, ks)
    return {str(k): share for k, share in zip(ks, found, strict=True)}


def _trained(
    plan: Plan, row: Row, data: Drawn, device: torch.device
) -> tuple[nn.Module, TrainedModel, TrainingData]:
    has_width = "width" in dict(MODELS[row.model].options) and row.model != "small_cnn"
    own: tuple[Option, ...] = (("width", plan.width),) if has_width else ()
    request = BuildRequest(
        n_channels=plan.channels,
        n_classes=data.n_classes,
        image_size=(plan.size, plan.size),
        options=(*row.options, *own),
    )
    training = TrainingData(
        source=ArrayCells(data.images),
        labels=data.labels,
        n_classes=data.n_classes,
        fold=data.fold,
    )
    trained = fit(
        training,
        plan.training,
        lambda: build_network(row.model, request),
        Control(seed=1000 + data.seed, device=device),
    )
    network = build_network(row.model, request)
    network.load_state_dict({k: torch.tensor(v) for k, v in trained.weights.items()})
    return network.to(device).eval(), trained, training


def _explained(
    plan: Plan,
    row: Row,
    method: str,
    asked: tuple[nn.Module, TrainedModel, TrainingData],
    device: torch.device,
) -> FoldImportance:
    """Return what a method says of the test images."""
    network, trained, data = asked
    limits = Normaliser(trained.low, trained.high)
    held, train = (
        DeviceCells(data.source, cells, limits, device)
        for cells in (data.fold.test, data.fold.train)
    )
    entry = MODELS[row.model].as_built(row.options)
    return METHODS[method].explain(
        ExplainRequest(
            model=network,
            cells=held,
            labels=data.labels[data.fold.test],
            n_classes=data.n_classes,
            train_mean=channel_means(train),
            seed=7,
            last_convolution=entry.last_convolution if entry.last_map else None,
            repeats=plan.repeats,
            layout=Layout(batch_size=LOOKED_AT),
        )
    )
