"""A finished run as its page shows it: small JSON and npz files, no computation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pxcore.data.decoys import decoy_channels
from pxcore.errors import RunError
from pxcore.importance.methods import METHODS
from pxcore.runs import evidence, ledger, plan
from pxcore.runs.choices import method_label
from pxcore.runs.ledger import RunRecord
from pxcore.runs.method_names import method_name
from pxcore.runs.saved.model import Story, load_story, load_tested
from pxcore.runs.saved.ranks import Ranked, load_ranked
from pxcore.runs.saved.scored import load_scored
from pxcore.runs.splits import in_words
from pxcore.runs.tasks import KINDS, Task, key
from pxcore.store.home import Store
from pxcore.types import (
    FoldPredictions,
    MethodResult,
    Panel,
    Performance,
    RunResult,
    RunSpec,
    RunState,
    TaskRow,
)

EVERY_RUN = ("train", "explain", "rank")


def result(store: Store, run_id: str) -> RunResult:
    """Return everything a finished run's page shows.

    Raises RunError while the run is not finished, and when a part of it has left the store.
    """
    record = finished(store, run_id)
    spec, tasks = record.spec, ledger.task_rows(store, run_id)
    ranked = [load_ranked(_folder(store, task)) for task in tasks if task.kind == "rank"]
    methods = tuple(
        MethodResult(
            method=method_name(method),
            label=method_label(method),
            ranking=one.ranking,
            importance=one.importance,
            stability=one.stability,
        )
        for method, one in zip(spec.methods, ranked, strict=True)
    )
    performance = _performance(spec, ranked)
    told = [load_story(_folder(store, task)) for task in _own(spec, tasks)]

    def find(task: Task) -> Path:
        return _folder(store, rows[key(task)])

    rows = {task.key: task for task in tasks}
    return RunResult(
        run=record.row,
        spec=spec,
        dataset=record.dataset,
        panel=_panel(spec),
        performance=performance,
        methods=methods,
        computed=sum(not task.reused for task in tasks),
        reused=sum(task.reused for task in tasks),
        seconds=(*_seconds(tasks), ("total", record.seconds)),
        details=tuple(_details(record, told, _explained_on(store, tasks), methods)),
        where=evidence.where(spec, methods),
        redundancy=evidence.redundancy(spec, find),
        gates=evidence.gates(spec, find),
        leakage=evidence.leakage(spec, performance, find),
        left_out=evidence.left_out(spec, performance, find),
    )


def test_predictions(store: Store, run_id: str) -> tuple[FoldPredictions, ...]:
    """Return what every trained model of a finished run said about its held-out cells."""
    record = finished(store, run_id)
    found = []
    trains = own_trainings(store, record)
    for number, task in enumerate(trains):  # folds in order, the starts of each together
        tested = load_tested(_folder(store, task))
        found.append(
            FoldPredictions(
                fold=number // record.spec.seeds,
                seed_index=number % record.spec.seeds,
                positions=tested.test,
                true=tested.labels,
                predicted=tested.probability.argmax(1).astype(np.int64),
                probability=tested.probability.max(1),
            )
        )
    return tuple(found)


def stories(store: Store, run_id: str) -> tuple[tuple[str, Story], ...]:
    """Return the label and story of every training of a finished run that sees all channels."""
    record = finished(store, run_id)
    trains = own_trainings(store, record)
    return tuple((task.label, load_story(_folder(store, task))) for task in trains)


def own_trainings(store: Store, record: RunRecord) -> list[TaskRow]:
    """Return a run's own trainings: not those without channels, nor of another split.

    Folds in order, the starts of each together. A run that an earlier version carried out has
    other keys, and no other trainings.
    """
    return _own(record.spec, ledger.task_rows(store, record.id))


def _own(spec: RunSpec, tasks: Sequence[TaskRow]) -> list[TaskRow]:
    rows = {task.key: task for task in tasks}
    keys = [key(train) for train in plan.trains(spec)]
    if all(one in rows for one in keys):
        return [rows[one] for one in keys]
    return [task for task in tasks if task.kind == "train"]


def _performance(spec: RunSpec, ranked: Sequence[Ranked]) -> Performance:
    """Return how well the run's own trainings do: those that see all channels, if there are any."""
    plain = [
        one.performance
        for method, one in zip(spec.methods, ranked, strict=True)
        if not METHODS[method.id].needs_dropout
    ]
    return (plain or [ranked[0].performance])[0]


def _panel(spec: RunSpec) -> Panel:
    """Return the panel of the channels that took part, decoys last."""
    real = spec.panel.take(spec.channels or tuple(range(len(spec.panel))))
    return Panel((*real.channels, *decoy_channels(spec.decoys, real.names)))


def finished(store: Store, run_id: str) -> RunRecord:
    """Return the row of a finished run. Raises RunError for any other."""
    record = ledger.record(store, run_id)
    if record.state is RunState.FINISHED:
        return record
    why = f": {record.error}" if record.error else ""
    message = f"run {run_id!r} is {record.row.state}, not finished, so it has no result yet{why}"
    raise RunError(message)


def _folder(store: Store, task: TaskRow) -> Path:
    if not store.artifacts.has(task.key):
        message = (
            f"the result of {task.label!r} has left the store; "
            "start the run again: everything that is still there is reused"
        )
        raise RunError(message)
    return store.artifacts.folder(task.key)


def _seconds(tasks: Sequence[TaskRow]) -> list[tuple[str, float]]:
    return [
        (kind, sum(task.seconds or 0.0 for task in tasks if task.kind == kind and not task.reused))
        for kind in KINDS
        if kind in EVERY_RUN or any(task.kind == kind for task in tasks)
    ]


def _explained_on(store: Store, tasks: Sequence[TaskRow]) -> str:
    """Return the devices that the stored scores come from."""
    keys = [task.key for task in tasks if task.kind == "explain"]
    found = [load_scored(store.artifacts.folder(key)) for key in keys if store.artifacts.has(key)]
    return "; ".join(dict.fromkeys(scored.device or "not noted" for scored in found))


def _details(
    record: RunRecord,
    stories: Sequence[Story],
    explained_on: str,
    methods: Sequence[MethodResult],
) -> list[tuple[str, str]]:
    """Return what ran, in words."""
    spec, dataset = record.spec, record.dataset
    options = ", ".join(f"{name} {value}" for name, value in spec.model.options)
    weights = spec.model.weights
    if spec.model.weights_sha256:
        weights += f" (sha256 {spec.model.weights_sha256[:12]})"
    split = in_words(spec.split, has_donors=dataset.has_groups)
    trained = ", ".join(str(story.n_train) for story in stories)
    tested = ", ".join(str(story.n_test) for story in stories)
    told = [
        ("Data set", f"{dataset.title} ({dataset.id})"),
        ("Preset", spec.preset),
        ("Model", f"{spec.model.id} ({options})" if options else spec.model.id),
        ("Weights", weights),
        ("Trained on", "; ".join(dict.fromkeys(story.device for story in stories))),
        ("Explained on", explained_on),
        ("Folds", f"{spec.n_folds}, {split}"),
        ("Starts of each fold", str(spec.seeds)),
        ("Seed", str(spec.seed)),
        ("Cells trained on", trained),
        ("Cells held out", tested),
        ("Epochs run", ", ".join(str(len(story.history)) for story in stories)),
        ("Epoch kept", ", ".join(str(story.best_epoch) for story in stories)),
        ("Batch size", ", ".join(dict.fromkeys(str(story.batch_size) for story in stories))),
    ]
    told += [
        (f"Repeats of {method.label}", ", ".join(map(str, method.importance.repeats)))
        for method in methods
    ]
    told += [(f"Version of {name}", version) for name, version in stories[0].versions]
    notes = dict.fromkeys(note for story in stories for note in story.notes)
    told += [("Note", note) for note in notes]
    return told
