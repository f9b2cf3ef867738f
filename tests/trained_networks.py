"""Every architecture, briefly trained on tiny cells whose answer is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn

from pxcore.data.folds import split
from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.importance.masks import mask_reader
from pxcore.importance.method import ExplainRequest, Method
from pxcore.models import MODELS, BuildRequest, Model
from pxcore.models.build import build_network
from pxcore.training.device import Layout
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit import Control, TrainingData, fit
from pxcore.training.means import channel_means
from pxcore.training.predict import restore
from pxcore.types import Array, MaskKind, Role, TrainedModel, TrainingParams
from pxcore.types.runs import Option

PLANTED, DEAD, NOISE = range(3)
N_CLASSES, SIZE, N_CELLS, N_HELD_OUT = 2, 16, 120, 16
CPU = torch.device("cpu")
WITH_DROPOUT: tuple[Option, ...] = (("channel_dropout", True),)
SHORT = TrainingParams(
    max_epochs=6,
    batch_size=8,
    learning_rate=1e-3,
    schedule="one_cycle",
    keep="last",
    low_percentile=0.0,
    high_percentile=100.0,
)


def striped() -> tuple[Array, Array, Array]:
    """Return images (N, 3, H, W), masks and labels: stripes along rows or columns, dead, noise.

    Stripes have one mean in both classes; which way they run is all that tells them apart.
    """
    rng = np.random.default_rng(6)
    labels = rng.permutation(np.arange(N_CELLS) % N_CLASSES)
    images = rng.exponential(150, (N_CELLS, 3, SIZE, SIZE)).astype(np.int64)
    images[:, DEAD] = 70
    lines = np.arange(SIZE) % 4 < 2
    for cell, label in enumerate(labels):
        bright = int(rng.integers(1500, 3000))
        images[cell, PLANTED] += bright * (lines[:, None] if label else lines[None, :])
    rows, columns = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    masks = np.broadcast_to(np.hypot(rows, columns) < 7, (N_CELLS, 1, SIZE, SIZE))
    return images.astype(np.uint16), masks.astype(np.uint8), labels


IMAGES, MASKS, LABELS = striped()
SOURCE = ArrayCells(IMAGES, MASKS, MaskKind.CELL)
FOLD = split(LABELS, None, 3, 0, SHORT.valid_share)[0]
HELD_OUT = FOLD.test[:N_HELD_OUT]


def narrow(model: str) -> tuple[Option, ...]:
    """Return the settings that make a large network small enough for tests."""
    entry = MODELS[model]
    return ((entry.width, 8),) if entry.defaults.get(entry.width) == 64 else ()


def built(
    model: str, n_channels: int, options: tuple[Option, ...] = (), weights: Path | None = None
) -> nn.Module:
    """Return a network at its start: random, or from weights of its own kind."""
    request = BuildRequest(
        n_channels=n_channels,
        n_classes=N_CLASSES,
        image_size=(SIZE, SIZE),
        weights=weights,
        options=(*narrow(model), *options),
    )
    return build_network(model, request)


def trained(
    model: str,
    channels: tuple[int, ...],
    options: tuple[Option, ...] = (),
    weights: Path | None = None,
) -> TrainedModel:
    """Return a network of these channels after a few steps, the small one after more."""
    params = SHORT
    if narrow(model):
        params = replace(SHORT, max_epochs=8, learning_rate=5e-3)
    elif MODELS[model].imagenet is None:
        params = replace(SHORT, max_epochs=15, learning_rate=5e-3)
    data = TrainingData(
        source=SOURCE, labels=LABELS, n_classes=N_CLASSES, fold=FOLD, channels=channels
    )
    control = Control(seed=3, device=CPU)
    return fit(data, params, lambda: built(model, len(channels), options, weights), control)


@dataclass(frozen=True)
class Networks:
    """What is trained of one architecture; the plain network alone where it is large."""

    model: str
    plain: TrainedModel
    with_dropout: TrainedModel | None = None
    """With channels missing at random."""
    without: tuple[TrainedModel, ...] = ()
    """One trained without each channel."""

    def answer(self, method: Method) -> bool:
        """Return whether what the method asks is trained."""
        return bool(self.without) or not (method.needs_dropout or method.kind == "retraining")


@cache
def networks(model: str) -> Networks:
    """Train an architecture in every way that a method asks for.

    Once in a process, whoever asks. Learning with channels missing takes longer: it goes on from
    the network that has them all.
    """
    everything = tuple(range(IMAGES.shape[1]))
    plain = trained(model, everything)
    if narrow(model):
        return Networks(model, plain)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "plain.safetensors"
        save_file(dict(plain.weights), file)
        with_dropout = trained(model, everything, WITH_DROPOUT, file)
    return Networks(
        model,
        plain,
        with_dropout,
        tuple(trained(model, tuple(c for c in everything if c != gone)) for gone in everything),
    )


def question(
    method: Method, found: Networks, order: tuple[int, ...] = (PLANTED, DEAD, NOISE)
) -> ExplainRequest:
    """Return what the method is asked, channels and the weights that read them in this order."""
    chosen, options = found.plain, ()
    if method.needs_dropout and found.with_dropout is not None:
        chosen, options = found.with_dropout, WITH_DROPOUT
    network = restore(lambda: built(found.model, len(order), options), chosen.weights, CPU)
    _reorder(MODELS[found.model], network, order)
    limits = Normaliser(chosen.low, chosen.high).take(order)
    training = DeviceCells(SOURCE, FOLD.train, limits, CPU, order)
    return ExplainRequest(
        model=network,
        cells=DeviceCells(SOURCE, HELD_OUT, limits, CPU, order),
        labels=LABELS[HELD_OUT],
        n_classes=N_CLASSES,
        read_masks=mask_reader(SOURCE, HELD_OUT),
        mask_kind=MaskKind.CELL,
        roles=(Role.STAIN,) * len(order),
        train_mean=channel_means(training),
        retrained=tuple(found.without[c].test_probability[:N_HELD_OUT] for c in order)
        if found.without
        else (),
        seed=11,
        repeats=3,
        layout=Layout(batch_size=16),
        last_convolution=MODELS[found.model].last_convolution,
    )


def _reorder(model: Model, network: nn.Module, order: tuple[int, ...]) -> None:
    """Make a network read its channels in another order; one that sees depth cannot."""
    at = list(order)
    first = None
    if model.embedding:
        first = next(p for n, p in network.named_modules() if n.endswith("classifier.0"))
    elif model.channels == "together":
        first = next(part for part in network.modules() if isinstance(part, nn.Conv2d))
    with torch.no_grad():
        if first is not None:
            first.weight.copy_(first.weight[:, at].clone())
        for name, values in network.named_buffers():
            if name == "channel_dropout.fill":
                values.copy_(values[at].clone())


def in_passes(request: ExplainRequest, batch_size: int) -> ExplainRequest:
    """The same, with so many cells a forward pass."""
    return replace(request, layout=replace(request.layout, batch_size=batch_size))
