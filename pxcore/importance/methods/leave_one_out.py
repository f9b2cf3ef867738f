"""Leave one out: what is lost when the model never had the channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pxcore.errors import MethodError
from pxcore.importance.method import (
    DROP_IN_F1,
    ExplainRequest,
    Fault,
    Method,
    check_labels,
    choices,
    look_for_stop,
)
from pxcore.types import Array

if TYPE_CHECKING:
    from pxcore.importance.fold import FoldImportance

_COMPARING = "before all channels were compared"


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the drops between the model and models trained anew without each channel.

    ``scores`` = F1(model) - F1(model trained without c), per class, on the same held-out cells.
    Negative values are real: two trainings differ by chance, and fewer channels can train better.
    A channel whose news another one has too scores about 0, and so does the other one.

    Source: Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, Distribution-free predictive inference
    for regression, JASA 113, 2018 (section 6, leave-one-covariate-out), for F1 in place of the
    absolute error.

    Raises
    ------
    MethodError
        When ``request.retrained`` is not one array (n, K) of probabilities a channel, or the
        model's output is not a number.
    Cancelled
        When ``request.stop()`` says so.
    """
    from pxcore.importance.fold import (  # noqa: PLC0415 - loads torch
        FoldImportance,
        class_dtype,
        class_means,
        f1_of_present,
    )

    choices(METHOD.options, request.options)
    labels, n_classes = np.asarray(request.labels, dtype=np.int64), request.n_classes
    _check(request)
    base = _base(request)  # (n, K)
    small = class_dtype(n_classes)
    n_channels, rows = len(request.retrained), np.arange(len(labels))
    predictions = np.empty((n_channels, 1, len(labels)), dtype=small)
    drop = np.empty((n_channels, 1, len(labels)))
    for channel, probability in enumerate(request.retrained):
        look_for_stop(request, _COMPARING)
        predictions[channel, 0] = probability.argmax(axis=1)
        drop[channel, 0] = base[rows, labels].astype(np.float64) - probability[rows, labels]
        request.tell(f"without channel {channel + 1} of {n_channels}", (channel + 1) / n_channels)
    base_predictions = base.argmax(axis=1).astype(small)
    base_score = f1_of_present(labels, base_predictions, n_classes)
    f1 = f1_of_present(labels, predictions, n_classes)  # (C, 1, K)
    return FoldImportance(
        method=METHOD.id,
        unit=METHOD.unit,
        scores=(base_score - f1).swapaxes(0, 1),
        probability_drop=class_means(drop, labels, n_classes).swapaxes(0, 1),
        base_score=base_score,
        labels=labels,
        groups=request.groups,
        base_predictions=base_predictions,
        predictions=predictions,
        cell_drop=drop[:, 0].astype(np.float32),
    )


def _check(request: ExplainRequest) -> None:
    """Refuse retrained probabilities that are not one array a channel for these cells."""
    n_channels, shape = len(request.cells.channels), (len(request.labels), request.n_classes)
    check_labels(request)
    if len(request.retrained) != n_channels:
        message = (
            f"{len(request.retrained)} models trained without a channel were given for "
            f"{n_channels} channels; expected one for each: train the model again without each "
            "channel on the same fold"
        )
        raise MethodError(message)
    for channel, probability in enumerate(request.retrained):
        if probability.shape != shape:
            message = (
                f"the model trained without channel number {channel + 1} gave "
                f"{probability.shape} probabilities; expected {shape}, one row for each held-out "
                "cell: train it again on the same fold"
            )
            raise MethodError(message)
        if not np.isfinite(probability).all():
            message = (
                f"the model trained without channel number {channel + 1} gave an output that is "
                "not a number; train it again with a lower learning rate"
            )
            raise MethodError(message)


def _base(request: ExplainRequest) -> Array:
    """Return (n, K) float32: the class probabilities of the model with all channels."""
    import torch  # noqa: PLC0415 - the web process lists methods without torch

    from pxcore.training.predict import evaluating  # noqa: PLC0415 - loads torch

    cells, layout = request.cells, request.layout
    everything = torch.arange(len(cells), device=cells.device)
    parts = []
    with evaluating(request.model):
        for positions in torch.split(everything, layout.batch_size):
            look_for_stop(request, _COMPARING)
            parts.append(layout.forward(request.model, cells.batch(positions)).softmax(dim=1))
    result: Array = torch.cat(parts).cpu().numpy()
    if result.shape != (len(cells), request.n_classes) or not np.isfinite(result).all():
        message = (
            f"the model's output has shape {result.shape}, or is not a number; expected "
            f"{(len(cells), request.n_classes)} finite numbers. Train again with a lower learning "
            "rate"
        )
        raise MethodError(message)
    return result


METHOD = Method(
    id="leave_one_out",
    label="Leave one out",
    summary="Trains the model again without a channel: the honest reference, at the price of one "
    "training for each channel.",
    unit=DROP_IN_F1,
    kind="retraining",
    repeated=False,
    gates=(),
    explain=explain,
    faults=(
        Fault(
            what="dead_channel",
            reason="Two trainings are compared and differ by chance, so what says nothing scores "
            "about 0, above or below.",
        ),
    ),
)
