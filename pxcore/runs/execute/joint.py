"""Spoil channels of one trained model together: which sets, and what that costs."""

from __future__ import annotations

import numpy as np
import torch

from pxcore.data import normalise
from pxcore.errors import MethodError
from pxcore.evaluation.association import association, cell_sizes, channel_features, groups
from pxcore.evaluation.redundancy import units_to_measure
from pxcore.importance.joint import measure_joint
from pxcore.importance.masks import cell_masks, mask_reader
from pxcore.runs.execute.cells import Seen
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.memory import with_smaller_batches
from pxcore.runs.execute.trained import look
from pxcore.runs.saved.evidence import Spoilt, save_spoilt
from pxcore.runs.saved.scores import save_scores
from pxcore.runs.tasks import JointTask
from pxcore.training.device_cells import DeviceCells
from pxcore.types import Array, Role

SAMPLE = 2000
"""Cells that the association of channels is seen on."""
FEWEST = 10
BLOCK = 256
PERCENTILES = (1.0, 99.0)


def joint(context: Context, task: JointTask) -> None:
    """Write the artifact of joint drops on one trained model.

    Which channels go together is the same in every fold: it is seen on the same labelled cells,
    without their labels.
    """
    with look(context, task.alone) as asked:
        context.work.tell("comparing what channels show", 0.0, at_once=True)
        alike = _alike(
            asked.seen, task.alone.train.channels, task.roles, task.alone.train.split_seed
        )
        units, together = units_to_measure(alike), groups(alike)
        scores, _ = with_smaller_batches(
            lambda size: measure_joint(asked.with_batches(size), units, together),
            asked.batch_size,
            context.work,
        )
    context.work.log(f"{len(units)} sets of channels, {scores.n_repeats} repeats")
    save_scores(context.folder, scores, asked.n_train, asked.device)
    save_spoilt(context.folder, Spoilt(units=units, association=alike))


def _alike(seen: Seen, channels: tuple[int, ...], roles: tuple[Role, ...], seed: int) -> Array:
    """Return (C, C): how alike the real channels are in what they show."""
    fold = seen.fold
    labelled = np.sort(np.concatenate([fold.train, fold.valid, fold.test]))
    rng = np.random.default_rng((seed, len(labelled)))
    picked = np.sort(rng.permutation(labelled)[:SAMPLE])
    if len(picked) < FEWEST:
        return np.eye(len(channels))
    inside = _inside(seen, picked, channels, roles[: len(channels)])
    parts = []
    for start in range(0, len(picked), BLOCK):
        here = slice(start, start + BLOCK)
        images = seen.stored.images(picked[here], channels)
        parts.append(channel_features(images, inside[here]))
    donors = seen.annotation.known_groups
    own = None if donors is None else donors[picked]
    return association(np.concatenate(parts), cell_sizes(inside), own)


def _inside(seen: Seen, picked: Array, channels: tuple[int, ...], roles: tuple[Role, ...]) -> Array:
    """Return (n, H, W) bool: the cells; the whole tile where nothing can show an outline."""
    limits = normalise.fit(seen.stored, picked, *PERCENTILES).take(channels)
    cells = DeviceCells(seen.stored, picked, limits, torch.device("cpu"), channels)
    height, width = cells.image_size
    try:
        read = mask_reader(seen.stored, picked)
        masks = cell_masks(cells, seen.stored.mask_kind, read, roles)
    except MethodError:  # no brightfield and no stain to look for an outline in
        return np.ones((len(picked), height, width), dtype=bool)
    found: Array = masks.inside(torch.arange(len(picked))).numpy()
    return found.reshape(len(picked), height, width)
