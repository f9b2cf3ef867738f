"""Shapley values: what a channel adds to the model, averaged over every set of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pxcore.importance.method import SHARE_OF_F1, ExplainRequest, Method, choices
from pxcore.types import Array

if TYPE_CHECKING:
    from pxcore.importance.fold import FoldImportance
    from pxcore.importance.shapley_values import Shares


def explain(request: ExplainRequest) -> FoldImportance:
    """Return the share of each channel in the model's F1 and in the true class's probability.

    v(S) is the F1 of a class on the held-out cells when the model sees the channels S and its
    training means elsewhere. ``scores``: shares of F1, they add up to F1(all) - F1(none).
    ``probability_drop`` and ``cell_drop``: shares of the mean and of each cell's own probability.
    Exact up to 14 channels; beyond, sampled, and the notes tell the largest standard error.

    One model answers for all sets, trained with channels missing at random: v(S) is what *that*
    model makes of S, a little less than a model trained for S alone would.

    Source: see ``shapley_values``; Covert, Lundberg and Lee, Understanding global feature
    contributions with additive importance measures, NeurIPS 2020, for Shapley values of a model's
    performance. We differ: F1 in place of the loss, a trained fill in place of sampled values.

    Raises
    ------
    MethodError
        For a model that was trained without ``channel_dropout``, and see ``show_sets``.
    Cancelled
        When ``request.stop()`` says so.
    """
    from pxcore.importance.fold import FoldImportance, class_means  # noqa: PLC0415 - loads torch
    from pxcore.importance.shapley_values import shares  # noqa: PLC0415 - loads torch
    from pxcore.importance.subsets import show_sets  # noqa: PLC0415 - loads torch
    from pxcore.training.metrics import f1_per_class  # noqa: PLC0415 - loads torch

    choices(METHOD.options, request.options)
    way = shares(len(request.cells.channels), request.seed)
    labels = np.asarray(request.labels, dtype=np.int64)
    cell_shares = np.empty((len(request.cells.channels), len(labels)))

    def block(here: slice, probability: Array) -> None:
        cell_shares[:, here] = way.of(probability)

    seen = show_sets(request, way.sets, block)
    f1 = f1_per_class(seen.counts)  # (S, K)
    missing = np.bincount(labels, minlength=request.n_classes) == 0
    known = np.where(missing, 0.0, f1)  # a class that has cells always has an F1
    scores = np.where(missing, np.nan, way.of(known))
    return FoldImportance(
        method=METHOD.id,
        unit=METHOD.unit,
        scores=scores[None],
        probability_drop=class_means(cell_shares, labels, request.n_classes)[None],
        base_score=np.where(missing, np.nan, f1[-1]),
        labels=labels,
        groups=request.groups,
        base_predictions=seen.last_predictions,
        cell_drop=cell_shares.astype(np.float32),
        notes=_notes(way, known),
    )


def _notes(way: Shares, f1: Array) -> tuple[str, ...]:
    """Return how the sets were chosen, how sure that is, and what ranges of ranks rest on."""
    error = way.error(f1).max()
    return (
        way.note if way.exact else f"{way.note}; largest standard error {error:.4f} F1",
        "cells are resampled by their shares of the true class's probability: F1 of resampled "
        "cells would take the predictions under every set",
    )


METHOD = Method(
    id="shapley",
    label="Shapley values",
    summary="Shows a model that was trained with channels missing every set of channels: what each "
    "adds to F1 on average, so that channels that say the same share their worth.",
    unit=SHARE_OF_F1,
    kind="subsets",
    repeated=False,
    needs_dropout=True,
    explain=explain,
)
