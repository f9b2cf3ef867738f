"""Score panels with one model trained with channels missing at random."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pxcore.importance.sample import stratified
from pxcore.importance.subsets import SetScores, show_sets
from pxcore.panel.search import candidate_sets
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.memory import with_smaller_batches
from pxcore.runs.execute.trained import Look, look
from pxcore.runs.saved.screen import Screened, save_screened
from pxcore.runs.tasks import ExplainTask, ScreenTask
from pxcore.training.device_cells import DeviceCells
from pxcore.types import Array, MethodSpec

LOOKS = 250_000
"""Panels times cells that a screen looks at: some two minutes of one core at 64 x 64 pixels."""
FEWEST = 500
"""Cells that are looked at whatever the number of panels; all where there are fewer."""


def screen(context: Context, task: ScreenTask) -> None:
    """Write the artifact of a screen: confusion of every panel on validation and test cells.

    Panels are chosen by the validation cells. The test cells only tell how far a screen is from
    models that are trained for a panel.
    """
    sets = _sets(task)
    context.work.log(f"{len(sets)} panels of {task.train.n_channels} channels")
    asked_as = ExplainTask(
        train=task.train,
        roles=(),
        method=MethodSpec(id="shapley"),
        repeats=None,
        max_repeats=0,
        seed=0,
    )
    with look(context, asked_as) as asked:
        fold = asked.seen.fold
        test = _shown(context, _before(asked, fold.test, len(sets)), sets, "test cells")
        valid = _shown(context, _before(asked, fold.valid, len(sets)), sets, "validation cells")
    save_screened(
        context.folder, Screened(sets=sets, valid_counts=valid.counts, test_counts=test.counts)
    )


def _sets(task: ScreenTask) -> Array:
    """Return (S, C) bool in ascending order: those asked for, or all."""
    n_channels = task.train.n_channels
    if task.sets:
        sets = np.zeros((len(task.sets), n_channels), dtype=bool)
        for row, members in enumerate(task.sets):
            sets[row, list(members)] = True
        return np.unique(sets, axis=0)
    optional = tuple(c for c in range(n_channels) if c not in task.always)
    return candidate_sets(n_channels, optional, task.always)


def sample(labels: Array, n_sets: int) -> Array:
    """Return ascending positions of the cells to look at, classes in their proportions.

    All of them while panels x cells is at most `LOOKS`, but never fewer than `FEWEST`: a standard
    error of F1 of about 0.02 then is that of every panel alike, as all are shown the same cells.

    Parameters
    ----------
    labels
        (n,) int64 class of each cell.
    """
    return stratified(labels, min(len(labels), max(FEWEST, LOOKS // n_sets)))


def _before(asked: Look, positions: Array, n_sets: int) -> Look:
    """Return the same model before a sample of these cells."""
    request, seen = asked.request, asked.seen
    cells = request.cells
    labels = np.asarray(seen.annotation.labels[positions], dtype=np.int64)
    chosen = sample(labels, n_sets)
    held = DeviceCells(seen.source, positions[chosen], asked.limits, cells.device, cells.channels)
    request = replace(request, cells=held, labels=labels[chosen], groups=None)
    return replace(asked, request=request)


def _shown(context: Context, asked: Look, sets: Array, what: str) -> SetScores:
    context.work.tell(f"screening {len(sets)} panels on {what}", 0.0, at_once=True)
    found, _ = with_smaller_batches(
        lambda size: show_sets(asked.with_batches(size), sets, lambda _here, _seen: None),
        asked.batch_size,
        context.work,
    )
    return found
