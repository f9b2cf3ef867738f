"""What the store knows of the benchmark: drawn data sets by their settings, runs on them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field

import numpy as np

from pxcore.data.importers.multiplex_circles import WORD
from pxcore.evaluation.recall import recalls, usual_ks
from pxcore.runs import datasets, ledger, progress
from pxcore.runs.benchmark.entries import ENTRIES, entry_of
from pxcore.runs.saved.model import WEIGHTS, n_parameters
from pxcore.store.home import Store
from pxcore.store.keys import key_of
from pxcore.types import (
    Dataset,
    MethodResult,
    ModelSpec,
    RunResult,
    RunRow,
    RunState,
    TrainingParams,
)
from pxcore.types.benchmark import BenchmarkKind, BenchmarkRow, Settings, Spread

OF_ONE = ("seed", "part")
"""Settings in which data sets of a kind differ."""
WORDS = {"max_epochs": "epochs"}
"""Settings of a training that have another name before people."""
Open = Callable[[str], RunResult]


def kind_id(settings: Settings) -> str:
    """Return the id of the data sets with these settings, whatever their seed."""
    return key_of("benchmark", [one for one in settings if one[0] not in OF_ONE])[:12]


def settings_of(dataset: Dataset) -> Settings:
    """Return what a data set was drawn with; () of one that was not drawn."""
    report = dataset.report
    return report.settings if report is not None and report.format == WORD else ()


def seed_of(settings: Settings) -> str:
    """Return the seed of drawn images; of a further part of it with the part's number."""
    known = dict(settings)
    part = known.get("part", "0")
    return known.get("seed", "0") + (f" part {part}" if part != "0" else "")


def kinds(store: Store) -> tuple[BenchmarkKind, ...]:
    """Return the drawn data sets of the store by their settings, the newest kind first."""
    found: dict[str, list[Dataset]] = {}
    for dataset in datasets.all_datasets(store):
        if settings_of(dataset):
            found.setdefault(kind_id(settings_of(dataset)), []).append(dataset)
    return tuple(_kind(name, members) for name, members in found.items())


def rows(store: Store, kind: BenchmarkKind, opened: Open) -> tuple[BenchmarkRow, ...]:
    """Return what finished runs on a kind's data sets give, by model, training, folds and method.

    Of several runs of the same on one data set the newest counts. Runs on a part of the channels
    are left out. ``opened`` gives the result of a run.
    """
    seeds = dict(zip(kind.datasets, kind.seeds, strict=True))
    ks = usual_ks(kind.n_informative, kind.n_channels)
    made: dict[tuple[_Trained, str], _Row] = {}
    for run in _finished(store, seeds):
        result = opened(run.id)
        if result.spec.channels:
            continue
        spec = result.spec
        trained = _Trained(_bare(spec.model), spec.training, spec.n_folds)
        for method in result.methods:
            row = made.setdefault((trained, method.method), _Row(method.label))
            row.add(seeds[run.dataset_id], run.id, *_scores(result, method, ks))
    every = {trained for trained, _ in made}
    shown = [
        _told(store, (_label(trained, every), name), trained.model, row, ks)
        for (trained, name), row in made.items()
    ]
    return tuple(sorted(shown, key=_place))


@dataclass(frozen=True, slots=True)
class _Trained:
    """What makes two runs one experiment: they may differ in data set and methods alone."""

    model: ModelSpec
    training: TrainingParams
    folds: int

    @property
    def settings(self) -> dict[str, object]:
        """Settings by name, folds with them."""
        return asdict(self.training) | {"folds": self.folds}


@dataclass(slots=True)
class _Row:
    """What a model and a method give, a value a data set."""

    label: str
    runs: dict[str, str] = field(default_factory=dict)
    accuracy: dict[str, float] = field(default_factory=dict)
    recall: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def add(self, seed: str, run_id: str, accuracy: float, recall: tuple[float, ...]) -> None:
        """Keep a run's scores, unless a newer run gave some."""
        if seed not in self.runs:
            self.runs[seed], self.accuracy[seed] = run_id, accuracy
            self.recall[seed] = recall


def _kind(name: str, members: list[Dataset]) -> BenchmarkKind:
    ordered = sorted(members, key=lambda one: (len(seed_of(settings_of(one))), _seed(one)))
    first = ordered[0]
    return BenchmarkKind(
        id=name,
        settings=tuple(one for one in settings_of(first) if one[0] not in OF_ONE),
        seeds=tuple(_seed(one) for one in ordered),
        datasets=tuple(one.id for one in ordered),
        n_channels=len(first.panel),
        n_informative=len(first.informative),
    )


def _seed(dataset: Dataset) -> str:
    return seed_of(settings_of(dataset))


def _finished(store: Store, seeds: dict[str, str]) -> list[RunRow]:
    """Return the finished runs that rank, on some data sets, newest first."""
    return [
        row
        for row in progress.run_rows(store)
        if row.state is RunState.FINISHED and row.dataset_id in seeds and row.methods
    ]


def _bare(model: ModelSpec) -> ModelSpec:
    """Return a model by which equal ones are known, in whatever order it was asked for."""
    return ModelSpec(id=model.id, weights=model.weights, options=tuple(sorted(model.options)))


def _scores(
    result: RunResult, method: MethodResult, ks: tuple[int, ...]
) -> tuple[float, tuple[float, ...]]:
    """Return accuracy and recall at every K, percent: of each training, averaged over them."""
    informative = result.dataset.informative
    real = len(result.source_channels)
    found = [recalls(np.array(fold[:real]), informative, ks) for fold in method.ranking.folds]
    recall = tuple(100 * float(one) for one in np.mean(found, axis=0))
    return 100 * result.behind(method).accuracy.mean, recall


def _label(trained: _Trained, every: Collection[_Trained]) -> str:
    """Return a model in words, with what sets it apart from other trainings of the same."""
    model, own = trained.model, trained.settings
    others = [one.settings for one in every if one.model == model]
    apart = [key for key in own if any(one[key] != own[key] for one in others)]
    settings = [f"{key.replace('_', ' ')} {value}" for key, value in model.options]
    start = [] if model.weights == "random" else [f"{model.weights} weights"]
    training = [f"{WORDS.get(key, key.replace('_', ' '))} {own[key]}" for key in apart]
    entry = entry_of(model)
    name = entry.label if entry is not None else model.id
    return ", ".join([name, *settings, *start, *training])


def _told(
    store: Store, words: tuple[str, str], model: ModelSpec, row: _Row, ks: tuple[int, ...]
) -> BenchmarkRow:
    """Return a row as the table shows it. ``words``: model with what sets it apart, method."""
    seeds = tuple(sorted(row.runs, key=lambda one: (len(one), one)))
    entry = entry_of(model)
    label, name = words
    return BenchmarkRow(
        entry=entry.id if entry is not None else "",
        model=label,
        method=name,
        method_label=row.label,
        seeds=seeds,
        runs=tuple(row.runs[seed] for seed in seeds),
        accuracy=Spread(values=tuple(row.accuracy[seed] for seed in seeds)),
        recall=tuple(
            (k, Spread(values=tuple(row.recall[seed][n] for seed in seeds)))
            for n, k in enumerate(ks)
        ),
        parameters=_parameters(store, row.runs[seeds[0]]),
    )


def _parameters(store: Store, run_id: str) -> int | None:
    """Return the number of weights of a run's network; None where they have left the store."""
    for task in ledger.task_rows(store, run_id):
        if task.kind == "train" and store.artifacts.has(task.key):
            folder = store.artifacts.folder(task.key)
            return n_parameters(folder) if (folder / WEIGHTS).is_file() else None
    return None


def _place(row: BenchmarkRow) -> tuple[int, str, bool, str]:
    """Return where a row stands: published models first, their own method first."""
    order = list(ENTRIES)
    if row.entry not in order:
        return len(order), row.model, False, row.method
    own = row.method.partition(":")[0] == ENTRIES[row.entry].method
    return order.index(row.entry), row.model, not own, row.method
