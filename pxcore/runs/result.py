"""A finished run as its page shows it: small JSON and npz files, no computation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pxcore.errors import RunError
from pxcore.runs import ledger
from pxcore.runs.choices import method_label
from pxcore.runs.ledger import RunRecord
from pxcore.runs.method_names import method_name
from pxcore.runs.saved.model import Story, load_story, load_tested
from pxcore.runs.saved.ranks import load_ranked
from pxcore.runs.saved.scored import load_scored
from pxcore.runs.splits import in_words
from pxcore.store.home import Store
from pxcore.types import (
    FoldPredictions,
    MethodResult,
    RunResult,
    RunState,
    TaskRow,
)

KINDS = ("train", "explain", "rank")


def result(store: Store, run_id: str) -> RunResult:
    """Return everything a finished run's page shows.

    Raises RunError while the run is not finished, and when a part of it has left the store.
    """
    record = _finished(store, run_id)
    tasks = ledger.task_rows(store, run_id)
    ranked = [load_ranked(_folder(store, task)) for task in tasks if task.kind == "rank"]
    methods = tuple(
        MethodResult(
            method=method_name(method),
            label=method_label(method),
            ranking=one.ranking,
            importance=one.importance,
            stability=one.stability,
        )
        for method, one in zip(record.spec.methods, ranked, strict=True)
    )
    stories = [load_story(_folder(store, task)) for task in tasks if task.kind == "train"]
    channels = record.spec.channels or tuple(range(len(record.spec.panel)))
    return RunResult(
        run=record.row,
        spec=record.spec,
        dataset=record.dataset,
        panel=record.spec.panel.take(channels),
        performance=ranked[0].performance,
        methods=methods,
        computed=sum(not task.reused for task in tasks),
        reused=sum(task.reused for task in tasks),
        seconds=(*_seconds(tasks), ("total", record.seconds)),
        details=tuple(_details(record, stories, _explained_on(store, tasks), methods)),
    )


def test_predictions(store: Store, run_id: str) -> tuple[FoldPredictions, ...]:
    """Return what every trained model of a finished run said about its held-out cells."""
    record = _finished(store, run_id)
    found = []
    trains = [task for task in ledger.task_rows(store, run_id) if task.kind == "train"]
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
    """Return the label and story of every training of a finished run."""
    _finished(store, run_id)
    trains = [task for task in ledger.task_rows(store, run_id) if task.kind == "train"]
    return tuple((task.label, load_story(_folder(store, task))) for task in trains)


def _finished(store: Store, run_id: str) -> RunRecord:
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
