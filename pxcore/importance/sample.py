"""A few of the held-out cells, for checks that need not see all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from pxcore.importance.masks import MaskReader
from pxcore.importance.method import ExplainRequest
from pxcore.importance.randomised import held
from pxcore.types import Array

SHARE, SMALLEST, LARGEST = 5, 64, 256
"""One cell in five, but at least 64 and at most 256."""


def sampled(request: ExplainRequest) -> ExplainRequest:
    """Return the same question about a sample of the cells, every class in its proportion."""
    n_cells = len(request.cells)
    wanted = min(n_cells, max(SMALLEST, min(LARGEST, n_cells // SHARE)))
    chosen = stratified(np.asarray(request.labels), wanted)
    images = request.cells.batch(torch.as_tensor(chosen, device=request.cells.device))
    return replace(
        request,
        cells=held(images),
        labels=np.asarray(request.labels)[chosen],
        groups=None if request.groups is None else np.asarray(request.groups)[chosen],
        read_masks=None if request.read_masks is None else _masks_of(request.read_masks, chosen),
        retrained=tuple(np.asarray(one)[chosen] for one in request.retrained),
    )


def stratified(labels: Array, wanted: int) -> Array:
    """Return ascending positions of ``wanted`` cells, every class in its proportion.

    Parameters
    ----------
    labels
        (n,) int64 class of each cell; n is at least ``wanted``.
    """
    by_class = np.argsort(labels, kind="stable")
    places = np.linspace(0, len(labels) - 1, wanted).round().astype(np.int64)
    return np.asarray(np.sort(by_class[places]))


def _masks_of(read: MaskReader, chosen: Array) -> MaskReader:
    """Return what reads the masks of the sample."""
    return lambda positions: read(chosen[positions])
