"""Room that work under way will take: runs that have not ended, imports that have not."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import select

from pxcore.errors import DatasetError
from pxcore.importance.methods import METHODS
from pxcore.models import MODELS
from pxcore.runs import datasets, ledger
from pxcore.runs.plan import plan
from pxcore.runs.sources import expected_bytes
from pxcore.runs.tasks import ExplainTask, TrainTask
from pxcore.runs.upkeep.references import sizes
from pxcore.store.home import Store
from pxcore.store.keys import decode
from pxcore.store.tables import imports
from pxcore.types import Dataset, ImportRequest, ImportState, RunSpec
from pxcore.types.people import HOST


def run_bytes(spec: RunSpec, dataset: Dataset) -> int:
    """Return about what a run's artifacts and checkpoints take."""
    tasks = [step.task for step in plan(spec)]
    trainings = sum(isinstance(task, TrainTask) for task in tasks)
    large = MODELS[spec.model.id].imagenet is not None
    repeats = spec.repeats or spec.max_repeats
    channels = len(spec.channels or spec.panel.channels) + len(spec.decoys)
    looks = sum(
        isinstance(task, ExplainTask) and METHODS[task.method.id].repeated for task in tasks
    )
    predictions = dataset.n_labelled / spec.n_folds * channels * repeats * looks
    return trainings * (60 if large else 4) * 2**20 + int(predictions) // 2


def awaited_bytes(store: Store, owner: str, but_for: ImportRequest | None = None) -> int:
    """Return about how much more somebody's queued and running work will take.

    Parameters
    ----------
    owner
        Whose work.
    but_for
        An import that asks for itself: its own row is not counted.
    """
    return _of_runs(store, owner) + _of_imports(store, owner, but_for)


def _of_runs(store: Store, owner: str) -> int:
    """Return what runs under way will take beside what they have already."""
    everything = store.seen_by(HOST)
    with store.database.reading() as connection:
        known = sizes(connection)
    total = 0
    for one in ledger.records(everything, ledger.LIVE):
        if one.spec.owner == owner:
            with suppress(DatasetError):  # a data set that this version cannot read
                dataset = datasets.one(everything, one.spec.dataset_id)
                keys = {row.key for row in ledger.task_rows(everything, one.id)}
                there = sum(known.get(key, 0) for key in keys)
                total += max(0, run_bytes(one.spec, dataset) - there)
    return total


def _of_imports(store: Store, owner: str, but_for: ImportRequest | None) -> int:
    """Return what imports that wait or work will take."""
    under_way = imports.c.state.in_([ImportState.QUEUED, ImportState.RUNNING])
    with store.database.reading() as connection:
        rows = connection.execute(select(imports.c.request, imports.c.state).where(under_way))
        requests = [(decode(ImportRequest, row.request), row.state) for row in rows]
    total = 0
    for one, state in requests:
        itself = state == ImportState.RUNNING and one == but_for
        if one.owner == owner and not itself:
            with suppress(OSError):  # its file has just gone
                total += expected_bytes(one)
    return total
