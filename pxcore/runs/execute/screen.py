"""Score panels with one model trained with channels missing at random."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pxcore.importance.subsets import SetScores, show_sets
from pxcore.panel.search import candidate_sets
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.memory import with_smaller_batches
from pxcore.runs.execute.trained import Look, look
from pxcore.runs.saved.screen import Screened, save_screened
from pxcore.runs.tasks import ExplainTask, ScreenTask
from pxcore.training.device_cells import DeviceCells
from pxcore.types import Array, MethodSpec


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
        test = _shown(context, asked, sets, "test cells")
        valid = _shown(context, _on_validation(asked), sets, "validation cells")
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


def _on_validation(asked: Look) -> Look:
    """Return the same model before its validation cells."""
    request, seen = asked.request, asked.seen
    cells = request.cells
    held = DeviceCells(seen.source, seen.fold.valid, asked.limits, cells.device, cells.channels)
    labels = np.asarray(seen.annotation.labels[seen.fold.valid], dtype=np.int64)
    return replace(asked, request=replace(request, cells=held, labels=labels, groups=None))


def _shown(context: Context, asked: Look, sets: Array, what: str) -> SetScores:
    context.work.tell(f"screening {len(sets)} panels on {what}", 0.0, at_once=True)
    found, _ = with_smaller_batches(
        lambda size: show_sets(asked.with_batches(size), sets, lambda _here, _seen: None),
        asked.batch_size,
        context.work,
    )
    return found
