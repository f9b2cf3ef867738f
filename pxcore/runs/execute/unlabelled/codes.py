"""Codes of all cells, with where each lies and how bright it is: pixels are read once."""

from __future__ import annotations

import numpy as np

from pxcore.clustering.nuisance import nuisances
from pxcore.data.source import CellSource, blocks
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.memory import with_smaller_batches
from pxcore.runs.execute.unlabelled.cells import encoding
from pxcore.runs.saved.clusters import StoredCodes, save_codes
from pxcore.runs.unlabelled.tasks import CodesTask
from pxcore.training.fit_autoencoder import encode
from pxcore.types import Array, MaskKind

BATCH = 256


def write_codes(context: Context, task: CodesTask) -> None:
    """Write the artifact of codes.

    Raises TrainingError for cells that the encoder was not made for, StoreError without encoder,
    Cancelled when asked to stop.
    """
    work = context.work
    with encoding(context.artifacts, task.taken, task.encoder) as one:
        work.tell("encoding", 0.1, at_once=True)
        shown = one.shown(one.opened.everyone)
        codes, _ = with_smaller_batches(
            lambda size: encode(one.network, shown, size, work.stop), BATCH, work
        )
        work.tell("place, size and brightness", 0.7, at_once=True)
        stored = StoredCodes(
            codes=codes,
            brightness=_brightness(one.opened.stored),
            # As stored, not as centred: what was moved away may still be seen at the edges.
            nuisance=nuisances(one.opened.stored, one.opened.everyone),
            may_centre=one.opened.stored.mask_kind is MaskKind.CELL and not task.taken.centre,
        )
    save_codes(context.folder, stored)


def _brightness(source: CellSource) -> Array:
    """Return (N, P) float32: the mean of each plane of each cell, in stored units."""
    means = [
        source.images(cells).mean(axis=(2, 3), dtype=np.float64).astype(np.float32)
        for cells in blocks(source)
    ]
    return np.concatenate(means)
