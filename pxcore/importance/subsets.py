"""How well a model with channel dropout does when it sees some of the channels only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from pxcore.errors import MethodError
from pxcore.importance.fold import class_dtype
from pxcore.importance.method import ExplainRequest, check_labels, look_for_stop
from pxcore.importance.shown_sets import ShownSets, require_dropout
from pxcore.training.metrics import confusion
from pxcore.training.predict import evaluating
from pxcore.types import Array

_SAMPLE = 32
"""Cells that the faster copy of the model is checked on."""
_SHOWING = "while sets of channels were shown"

Block = Callable[[slice, Array], None]
"""Told where a block of B cells stands, and p(true class) (S, B) float32 under every set."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SetScores:
    """What a model says about n cells under S sets of channels."""

    counts: Array
    """(S, K, K) int64: true class by row, predicted by column."""
    last_predictions: Array
    """(n,) of the smallest integer type: classes predicted under the last set."""


def show_sets(request: ExplainRequest, sets: Array, block: Block) -> SetScores:
    """Return the confusion of a model under every set of channels.

    A block of cells is read and normalised once and stays on the device; all sets are shown
    within it. Nothing is read back from the device before the block is done.

    Parameters
    ----------
    request
        Its model has a ChannelDropout layer.
    sets
        (S, C) bool in ascending order: which channels are shown.
    block
        Called after each block of cells, in their order: the probabilities of all cells under all
        sets could be too many to hold.

    Raises
    ------
    MethodError
        When the model has no ChannelDropout or one for other channels, there is not one label a
        cell, or the model's output is not one number a class.
    Cancelled
        When ``request.stop()`` says so.
    """
    _check(request)
    cells, n_classes = request.cells, request.n_classes
    true = torch.as_tensor(np.asarray(request.labels, np.int64), device=cells.device)
    counts = torch.zeros((len(sets), n_classes, n_classes), dtype=torch.int64, device=cells.device)
    last: list[torch.Tensor] = []
    with evaluating(request.model):
        everything = torch.arange(len(cells), device=cells.device)
        sample = cells.batch(everything[:_SAMPLE])
        _check_output(request, sample)
        shower = ShownSets(request.model, sample, request.layout)
        done = 0
        for positions in torch.split(everything, request.layout.batch_size):
            here = slice(done, done + len(positions))
            predicted, probability = _look(request, shower, positions, sets)
            counts += confusion(true[here], predicted, n_classes)
            last.append(predicted[-1])
            block(here, _numbers(probability, sets))
            done = here.stop
    small = class_dtype(n_classes)
    return SetScores(
        counts=counts.cpu().numpy(), last_predictions=torch.cat(last).cpu().numpy().astype(small)
    )


def _look(
    request: ExplainRequest, shower: ShownSets, positions: torch.Tensor, sets: Array
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return predicted classes and p(true class), each (S, B), of one block of cells."""
    cells = request.cells
    shape = (len(sets), len(positions))
    predicted = torch.empty(shape, dtype=torch.int64, device=cells.device)
    probability = torch.empty(shape, dtype=torch.float32, device=cells.device)
    labels = np.asarray(request.labels, np.int64)[positions.cpu().numpy()]
    own = torch.as_tensor(labels, device=cells.device)[:, None]
    first = int(positions[0])
    look_for_stop(request, _SHOWING)
    for number, logits in enumerate(shower.logits(cells.batch(positions), sets)):
        predicted[number] = logits.argmax(dim=1)
        probability[number] = logits.softmax(dim=1).gather(1, own)[:, 0]
        passes = len(sets) * first + (number + 1) * len(positions)
        share = passes / (len(sets) * len(cells))
        request.tell(f"set {number + 1} of {len(sets)}, cells {first + 1} on", share)
        if number + 1 < len(sets):
            look_for_stop(request, _SHOWING)
    return predicted, probability


def _check(request: ExplainRequest) -> None:
    """Refuse a model that cannot answer, and labels that are not the cells'."""
    fill = require_dropout(request.model).fill
    n_channels = len(request.cells.channels)
    if len(fill) != n_channels:
        message = (
            f"the model was trained with {len(fill)} channels, the cells have {n_channels}; "
            "expected the channels of its training"
        )
        raise MethodError(message)
    check_labels(request)


def _check_output(request: ExplainRequest, sample: torch.Tensor) -> None:
    """Refuse a model that does not give one number a class."""
    shape = tuple(request.layout.forward(request.model, sample).shape)
    if shape != (len(sample), request.n_classes):
        message = (
            f"the model gives {shape} numbers for {len(sample)} cells; expected one for each of "
            f"{request.n_classes} classes"
        )
        raise MethodError(message)


def _numbers(probability: torch.Tensor, sets: Array) -> Array:
    """Return (S, B) on the processor; refuse what is not a number."""
    result: Array = probability.cpu().numpy()
    broken = np.isnan(result).any(axis=1)
    if broken.any():
        n_shown = int(sets[int(np.flatnonzero(broken)[0])].sum())
        message = (
            f"the model's output is not a number when it sees {n_shown} of {sets.shape[1]} "
            "channels; expected finite outputs. Train again with a lower learning rate"
        )
        raise MethodError(message)
    return result
