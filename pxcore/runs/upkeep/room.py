"""Room that work under way will take: runs that have not ended, imports that have not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy import Connection, select

from pxcore.errors import PxError
from pxcore.importance.methods import METHODS
from pxcore.models import MODELS
from pxcore.runs.plan import plan
from pxcore.runs.sources import expected_bytes
from pxcore.runs.tasks import ExplainTask, TrainTask
from pxcore.runs.upkeep.references import LIVE, sizes
from pxcore.store.keys import decode
from pxcore.store.tables import datasets, imports, runs, tasks
from pxcore.types import Dataset, ImportRequest, ImportState, RunSpec
from pxcore.types.unlabelled_ask import ClusterAsk


def run_bytes(spec: RunSpec, dataset: Dataset) -> int:
    """Return about what a run's artifacts and checkpoints take."""
    if spec.clusters is not None:
        return cluster_bytes(spec.clusters, dataset)
    tasks = [step.task for step in plan(spec)]
    trainings = sum(isinstance(task, TrainTask) for task in tasks)
    entry = MODELS[spec.model.id]
    wide = float(dict(spec.model.options).get(entry.width, 64)) / 64 if entry.width else 1.0
    large = entry.megabytes * wide**2
    repeats = spec.repeats or spec.max_repeats
    channels = len(spec.channels or spec.panel.channels) + len(spec.decoys)
    looks = sum(
        isinstance(task, ExplainTask) and METHODS[task.method.id].repeated for task in tasks
    )
    predictions = dataset.n_labelled / spec.n_folds * channels * repeats * looks
    return trainings * int(max(4, large) * 2**20) + int(predictions) // 2


def cluster_bytes(ask: ClusterAsk, dataset: Dataset) -> int:
    """Return about what encoder, codes and pictures of a clustering take.

    The last convolution and the linear layers on both sides hold most of the weights.
    """
    options = {"width": 32, "code": 512, **dict(ask.options)}
    width, code = float(options["width"]), float(options["code"])
    _, height, columns = dataset.image_shape
    linear = 2 * 8 * width * (height / 16 + 1) * (columns / 16 + 1) * max(1, ask.depth / 16) * code
    convolutions = 2 * 8 * 4 * 27 * width**2
    # Weights in the artifact; with those of the best epoch and the optimiser in the checkpoint.
    return int(5 * 4 * (linear + convolutions) + 8 * dataset.n_cells * code) + 16 * 2**20


def under_way(connection: Connection, owner: str) -> frozenset[str]:
    """Return the ids of somebody's runs and imports that have not ended."""
    live = select(runs.c.id).where(runs.c.state.in_(LIVE), runs.c.owner == owner)
    mine = (name for name, _, one in _imports(connection) if one.owner == owner)
    return frozenset((*connection.scalars(live), *mine))


def awaited_bytes(connection: Connection, owner: str, but_for: ImportRequest | None = None) -> int:
    """Return about how much more somebody's queued and running work will take.

    Parameters
    ----------
    owner
        Whose work.
    but_for
        An import that asks for itself: its own row is not counted.
    """
    return _of_runs(connection, owner) + _of_imports(connection, owner, but_for)


def _of_runs(connection: Connection, owner: str) -> int:
    """Return what runs under way will take beside what they have already."""
    live = runs.c.state.in_(LIVE) & (runs.c.owner == owner)
    wanted = select(runs.c.id, runs.c.spec, datasets.c.value)
    found = connection.execute(wanted.join(datasets).where(live)).all()
    known = sizes(connection) if found else {}
    total = 0
    for one in found:
        with suppress(PxError):  # what this version cannot read
            spec, dataset = decode(RunSpec, one.spec), decode(Dataset, one.value)
            keys = set(connection.scalars(select(tasks.c.key).where(tasks.c.run_id == one.id)))
            there = sum(known.get(key, 0) for key in keys)
            total += max(0, run_bytes(spec, dataset) - there)
    return total


def _of_imports(connection: Connection, owner: str, but_for: ImportRequest | None) -> int:
    """Return what imports that wait or work will take."""
    total = 0
    for _, state, one in _imports(connection):
        itself = state == ImportState.RUNNING and one == but_for
        if one.owner == owner and not itself:
            with suppress(OSError):  # its file has just gone
                total += expected_bytes(one)
    return total


def _imports(connection: Connection) -> Iterator[tuple[str, str, ImportRequest]]:
    """Yield id, state and request of the imports that wait or work."""
    open_states = imports.c.state.in_([ImportState.QUEUED, ImportState.RUNNING])
    wanted = select(imports.c.id, imports.c.state, imports.c.request).where(open_states)
    for row in connection.execute(wanted).all():
        yield row.id, row.state, decode(ImportRequest, row.request)
