"""A finished run as its page shows it: small JSON and npz files, no computation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock

import numpy as np

from pxcore.data.decoys import decoy_channels
from pxcore.errors import RunError
from pxcore.evaluation.model_words import model_words
from pxcore.runs import evidence, ledger, spec_tasks
from pxcore.runs.channel_truth import channel_truth
from pxcore.runs.choices import method_label
from pxcore.runs.details import details
from pxcore.runs.ledger import RunRecord
from pxcore.runs.method_names import method_name
from pxcore.runs.parts import Parts
from pxcore.runs.saved.model import Story, load_story, load_tested
from pxcore.runs.saved.ranks import Ranked, load_ranked
from pxcore.runs.saved.scored import load_scored
from pxcore.runs.tasks import KINDS
from pxcore.store.home import Store
from pxcore.types import (
    FoldPredictions,
    MethodResult,
    MethodSpec,
    Panel,
    Performance,
    RunResult,
    RunSpec,
    RunState,
    TaskRow,
)

KEPT = 32
"""Results remembered, some hundred kB each."""
EVERY_RUN = ("train", "explain", "rank")


def result(store: Store, run_id: str) -> RunResult:
    """Return everything a finished run's page shows.

    What cannot be found is left out, and a note in ``details`` says so. Raises RunError while the
    run is not finished, and when a ranking or a training of its own has left the store.

    Where models have not learned, every verdict is undecided: chance decides nothing.
    """
    from pxcore.plots.unlearned import without_claims  # noqa: PLC0415 - loads scipy

    record = finished(store, run_id)
    spec, parts = record.spec, Parts(store, record)
    ranked = _ranked(spec, parts)
    performance = _performance(parts, ranked)
    methods = tuple(_method(spec, parts, *one) for one in ranked.items())
    told = [load_story(parts.kept(task)) for task in parts.rows("train") if task is not None]
    found = RunResult(
        run=record.row,
        spec=spec,
        dataset=record.dataset,
        panel=_panel(spec),
        performance=performance,
        methods=methods,
        computed=sum(not task.reused for task in parts.tasks),
        reused=sum(task.reused for task in parts.tasks),
        seconds=(*_seconds(parts.tasks), ("total", record.seconds)),
        details=(),
        where=evidence.where(spec, methods),
        redundancy=evidence.redundancy(spec, parts),
        gates=evidence.gates(spec, parts),
        leakage=evidence.leakage(spec, performance, parts),
        left_out=evidence.left_out(spec, performance, parts),
        truth=channel_truth(store, spec, record.dataset),
    )
    explained_on = _explained_on(store, parts.tasks)
    told_all = details(found, told, explained_on, parts.notes())
    return without_claims(replace(found, details=told_all))


class Results:
    """Results remembered between two looks: a finished run does not change.

    Who asks must be able to see the run each time. A changed row (a new title of the cells, a run
    made private) is read anew, and so is one whose files have left the store.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[RunRecord, RunResult, tuple[str, ...]]] = {}
        self._lock = Lock()

    def of(self, store: Store, run_id: str) -> RunResult:
        """Return :func:`result`, the same value while nothing about the run has changed."""
        record = finished(store, run_id)
        known = self._kept.get(run_id)
        here = store.artifacts.has
        if known is not None and known[0] == record and all(here(key) for key in known[2]):
            return known[1]
        found = result(store, run_id)
        keys = tuple(row.key for row in ledger.task_rows(store, run_id) if here(row.key))
        with self._lock:
            if len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[run_id] = record, found, keys
        return found


def test_predictions(store: Store, run_id: str) -> tuple[FoldPredictions, ...]:
    """Return what every trained model of a finished run said about its held-out cells.

    Folds in order, the starts of each together; without those that cannot be found.
    """
    record = finished(store, run_id)
    found, parts = [], Parts(store, record)
    for number, task in enumerate(parts.rows("train")):
        if task is None:
            continue
        tested = load_tested(parts.kept(task))
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
    parts = Parts(store, finished(store, run_id))
    own = [task for task in parts.rows("train") if task is not None]
    return tuple((task.label, load_story(parts.kept(task))) for task in own)


def _ranked(spec: RunSpec, parts: Parts) -> dict[MethodSpec, Ranked]:
    """Return the rankings that can be found. Raises RunError when none can."""
    rows = {method: parts.row(f"rank/{method_name(method)}") for method in spec.methods}
    parts.missing += [f"rank/{method_name(one)}" for one, row in rows.items() if row is None]
    found = {one: load_ranked(parts.kept(row)) for one, row in rows.items() if row is not None}
    if not found:
        message = "none of the run's rankings can be found in the store; start the run again"
        raise RunError(message)
    return found


def _method(spec: RunSpec, parts: Parts, method: MethodSpec, ranked: Ranked) -> MethodResult:
    own = _explains_own(parts, method)
    return MethodResult(
        method=method_name(method),
        label=method_label(method),
        ranking=ranked.ranking,
        importance=ranked.importance,
        stability=ranked.stability,
        performance=None if own else ranked.performance,
        model="" if own else model_words(spec_tasks.model_for(spec, method)),
    )


def _performance(parts: Parts, ranked: Mapping[MethodSpec, Ranked]) -> Performance:
    """Return how well the run's own trainings do."""
    own = [one.performance for method, one in ranked.items() if _explains_own(parts, method)]
    return (own or [one.performance for one in ranked.values()])[0]


def _explains_own(parts: Parts, method: MethodSpec) -> bool:
    """Return whether a method explained the run's own trainings, not such of its own."""
    explained = parts.rows(f"model/{method_name(method)}")
    return None in explained or explained == parts.rows("train")


def _panel(spec: RunSpec) -> Panel:
    """Return the panel of the channels that took part, decoys last."""
    real = spec.panel.take(spec.channels or tuple(range(len(spec.panel))))
    return Panel((*real.channels, *decoy_channels(spec.decoys, real.names)))


def finished(store: Store, run_id: str, *, clusters: bool = False) -> RunRecord:
    """Return the row of a finished run. Raises RunError for any other.

    ``clusters``: one that clusters cells, which has no ranking of a classifier, or one that ranks.
    """
    record = ledger.record(store, run_id)
    if (record.spec.clusters is not None) != clusters:
        found = "trains a classifier" if clusters else "clusters cells without labels"
        place = "under Runs" if clusters else "on the page Unlabelled"
        message = f"run {run_id!r} {found}; open it {place}"
        raise RunError(message)
    if record.state is RunState.FINISHED:
        return record
    why = f": {record.error}" if record.error else ""
    message = f"run {run_id!r} is {record.row.state}, not finished, so it has no result yet{why}"
    raise RunError(message)


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
