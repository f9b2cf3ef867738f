"""The perturbation engine: spoil a channel, look what the model then says, put it back.

::

    drop in F1            = F1(true cells)   - F1(cells with channel c spoilt)      per class
    drop in probability   = p(true class)    - p(true class, channel c spoilt)      mean per class

Larger = the model relies more on what the perturbation destroys. The order of work makes it
fast: a block of cells is normalised once, then every repeat draws once for all channels, and only
the spoilt plane is written into the block and back. Nothing is read from the device inside the
loop; predictions come over once per block of repeats and every score is made of their counts.
A network that looks at each channel alone is asked about embeddings (``embedded``).

Source: Shetab Boushehri et al. 2024 (PXPermute), for any perturbation. We differ: each repeat
uses the same draw for all channels (see ``perturbations``), and repeats stop by ``repeats``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from pxcore.errors import MethodError
from pxcore.importance.embedded import BEFORE, embedded
from pxcore.importance.fold import FoldImportance, class_means, f1_of_present
from pxcore.importance.folded import folded
from pxcore.importance.method import DROP_IN_F1, ExplainRequest, check_labels, look_for_stop
from pxcore.importance.perturbations import Context, Draw, Perturbation
from pxcore.importance.repeats import RepeatRule
from pxcore.training.predict import evaluating
from pxcore.types import Array

_SAMPLE = 32
"""Cells that folding a model is checked on."""
Units = tuple[tuple[int, ...], ...]
"""Sets of channels, each spoilt together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """How a block of repeats is told."""

    words: str
    first: int
    """Repeats that ran before."""
    share: Callable[[float], float]
    """Of the whole work, from the repeats of this block that are done."""


def measure(
    method: str,
    perturbation: Perturbation,
    request: ExplainRequest,
    context: Context,
    notes: tuple[str, ...] = (),
    units: Sequence[tuple[int, ...]] | None = None,
) -> FoldImportance:
    """Return the drops of every channel under one perturbation, or of sets of channels.

    A perturbation without chance runs once, whatever number of repeats is asked for.

    Parameters
    ----------
    units
        U sets of channels, each spoilt together with one draw (the same partner cell, the same
        order of pixels); the scores are then (R, U, K), in their order. None: each channel alone.
        The draws of a repeat are the same whatever the units are.

    Raises
    ------
    MethodError
        When there are no cells, the model's output is not one number a class, or a unit holds no
        channel, one twice, or one that the cells do not have.
    Cancelled
        When ``request.stop()`` says so.
    """
    rule = RepeatRule(
        fixed=request.repeats if perturbation.random else 1, limit=request.max_repeats
    )
    labels, n_classes = np.asarray(request.labels, dtype=np.int64), request.n_classes
    units = _checked(units, len(request.cells.channels))
    shape = (0, len(units), n_classes)
    scores, probability = np.zeros(shape), np.zeros(shape)
    predictions, cell_sum = [], np.zeros((shape[1], len(labels)))
    with evaluating(request.model):
        needed = sorted({channel for unit in units for channel in unit})
        fast = embedded(request, context, perturbation, needed)
        if fast is not None:
            request, context, perturbation = fast
        else:
            request = _made_fast(request)
        base_predictions, base_probability = _base(request, labels)
        base_score = f1_of_present(labels, base_predictions, n_classes)
        while (more := rule.more(scores)) > 0:
            draws = [perturbation.begin(context, len(scores) + i) for i in range(more)]
            words = _progress(rule, len(scores), more)
            predicted, true_probability = _repeat(request, units, draws, words)
            f1 = f1_of_present(labels, predicted, n_classes)  # (U, R', K)
            drop = base_probability - true_probability  # (U, R', n)
            scores = np.concatenate([scores, (base_score - f1).swapaxes(0, 1)])
            means = class_means(drop, labels, n_classes).swapaxes(0, 1)
            probability = np.concatenate([probability, means])
            predictions.append(predicted)
            cell_sum += drop.sum(axis=1, dtype=np.float64)
    return FoldImportance(
        method=method,
        unit=DROP_IN_F1,
        scores=scores,
        probability_drop=probability,
        base_score=base_score,
        labels=labels,
        groups=request.groups,
        base_predictions=base_predictions,
        predictions=np.concatenate(predictions, axis=1),
        cell_drop=(cell_sum / len(scores)).astype(np.float32),
        notes=notes,
    )


def _made_fast(request: ExplainRequest) -> ExplainRequest:
    """Return the same question to an equal but faster model; ``request.model`` is not changed."""
    first = next(_blocks(request))
    block = request.cells.batch(first[:_SAMPLE])
    return replace(request, model=folded(request.model, block)) if len(block) else request


def _base(request: ExplainRequest, labels: Array) -> tuple[Array, Array]:
    """Return what the model says about the cells as they are: classes and p(true), each (n,)."""
    check_labels(request)
    parts = []
    for positions in _blocks(request):
        look_for_stop(request, BEFORE)
        parts.append(request.layout.forward(request.model, request.cells.batch(positions)))
    logits = torch.cat(parts)
    if logits.shape != (len(labels), request.n_classes):
        message = (
            f"the model gives {tuple(logits.shape)} numbers for {len(labels)} cells; expected "
            f"one for each of {request.n_classes} classes"
        )
        raise MethodError(message)
    true = torch.as_tensor(labels, device=logits.device)
    probability = _true_probability(logits, true).cpu().numpy()
    if np.isnan(probability).any():
        message = (
            "the model's output is not a number for "
            f"{int(np.isnan(probability).sum())} of {len(labels)} held-out cells, before anything "
            "was changed in them; the training has diverged. Train again with a lower learning rate"
        )
        raise MethodError(message)
    return logits.argmax(dim=1).to(_small(request.n_classes)).cpu().numpy(), probability


def _progress(rule: RepeatRule, first: int, more: int) -> _Told:
    """Return how the next ``more`` repeats are told."""
    limit = f"{rule.fixed}" if rule.fixed is not None else f"at most {rule.limit}"
    words = f"repeats {first + 1} to {first + more} of {limit}"
    return _Told(words=words, first=first, share=lambda done: rule.share(first + done))


def _repeat(
    request: ExplainRequest, units: Units, draws: Sequence[Draw], told: _Told
) -> tuple[Array, Array]:
    """Return predicted classes and p(true class), each (U, R', n), for R' further repeats."""
    cells, layout = request.cells, request.layout
    shape = (len(units), len(draws), len(cells))
    predicted = torch.empty(shape, dtype=_small(request.n_classes), device=cells.device)
    probability = torch.empty(shape, dtype=torch.float32, device=cells.device)
    true = torch.as_tensor(np.asarray(request.labels, dtype=np.int64), device=cells.device)
    done = 0
    for positions in _blocks(request):
        here = slice(done, done + len(positions))
        block = cells.batch(positions)  # (B, C, H, W)
        if layout.channels_last:
            block = block.contiguous(memory_format=torch.channels_last)
        for repeat, draw in enumerate(draws):
            apply = draw(positions)
            for number, unit in enumerate(units):
                look_for_stop(request, f"in repeat {told.first + repeat + 1}")
                kept = [block[:, channel].clone() for channel in unit]
                for channel, plane in zip(unit, kept, strict=True):
                    block[:, channel] = apply(channel, plane)
                logits = layout.forward(request.model, block)  # (B, K)
                for channel, plane in zip(unit, kept, strict=True):
                    block[:, channel] = plane
                predicted[number, repeat, here] = logits.argmax(dim=1)
                probability[number, repeat, here] = _true_probability(logits, true[here])
            passes = done * len(draws) + len(positions) * (repeat + 1)
            request.tell(told.words, told.share(passes / len(cells)))
        done = here.stop
    result = probability.cpu().numpy()
    _check_numbers(result, units)
    return predicted.cpu().numpy(), result


def _blocks(request: ExplainRequest) -> Iterator[torch.Tensor]:
    """Yield the positions of the cells of each forward pass, ascending."""
    everything = torch.arange(len(request.cells), device=request.cells.device)
    yield from torch.split(everything, request.layout.batch_size)


def _true_probability(logits: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Return (B,) float32: the softmax of (B, K) at each cell's true class."""
    return logits.softmax(dim=1).gather(1, true[:, None])[:, 0]


def _check_numbers(probability: Array, units: Units) -> None:
    """Refuse outputs (U, R', n) that are not numbers, naming the channels."""
    broken = np.isnan(probability).any(axis=(1, 2))
    if broken.any():
        numbers = [str(channel + 1) for channel in units[int(np.flatnonzero(broken)[0])]]
        word, verb = ("channel number", "is") if len(numbers) == 1 else ("channels", "are")
        message = (
            f"the model's output is not a number once {word} {' and '.join(numbers)} {verb} "
            "changed; expected finite outputs. Train again with a lower learning rate"
        )
        raise MethodError(message)


def _checked(units: Sequence[tuple[int, ...]] | None, n_channels: int) -> Units:
    """Return the sets of channels to spoil together, each channel alone for None."""
    if units is None:
        return tuple((channel,) for channel in range(n_channels))
    for unit in units:
        known = all(0 <= channel < n_channels for channel in unit)
        if not unit or len(set(unit)) < len(unit) or not known:
            message = (
                f"the channels {unit} cannot be changed together; expected different numbers "
                f"from 0 to {n_channels - 1}, at least one"
            )
            raise MethodError(message)
    return tuple(units)


def _small(n_classes: int) -> torch.dtype:
    """Return the smallest integer type that holds a class number."""
    return torch.uint8 if n_classes <= 256 else torch.int16
