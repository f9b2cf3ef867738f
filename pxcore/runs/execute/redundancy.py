"""Combine joint drops over folds: which channels say the same."""

from __future__ import annotations

import numpy as np

from pxcore.errors import RunError
from pxcore.evaluation.redundancy import JointEvidence
from pxcore.evaluation.redundancy import redundancy as find_redundancy
from pxcore.evaluation.values import Sizes
from pxcore.importance.small_classes import held_out, small_classes
from pxcore.runs.execute.context import Context
from pxcore.runs.saved.evidence import load_spoilt, save_redundancy
from pxcore.runs.saved.scores import load_scores
from pxcore.runs.tasks import RedundancyTask, key
from pxcore.types import Array


def redundancy(context: Context, task: RedundancyTask) -> None:
    """Write the artifact of which channels say the same."""
    find = context.artifacts.folder
    joints = [load_scores(find(key(one))) for one in task.joints]
    singles = [load_scores(find(key(one.alone)))[0] for one in task.joints]
    spoilt = [load_spoilt(find(key(one))) for one in task.joints]
    if len({one.units for one in spoilt}) > 1:
        message = "trainings of one run had other channels spoilt together; start it anew"
        raise RunError(message)
    trains = [one.alone.train for one in task.joints]
    cells = held_out(singles, [train.fold for train in trains], len(context.job.dataset.classes))
    evidence = JointEvidence(
        joints=[scores for scores, _ in joints],
        singles=singles,
        units=spoilt[0].units,
        features=_with_decoys(spoilt[0].association, trains[0].n_channels),
        costs=task.costs,
        sizes=Sizes(
            n_train=tuple(number for _, number in joints),
            n_test=tuple(len(scores.labels) for scores, _ in joints),
            n_cells=int(cells.sum()),
        ),
        decoys=trains[0].decoy_positions,
        small_classes=small_classes(cells),
    )
    save_redundancy(context.folder, find_redundancy(evidence))


def _with_decoys(alike: Array, n_channels: int) -> Array:
    """Return (C, C) with the decoys, which are like nothing but themselves."""
    whole = np.eye(n_channels)
    whole[: len(alike), : len(alike)] = alike
    return whole
