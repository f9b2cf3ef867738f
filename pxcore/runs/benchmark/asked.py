"""What is asked of the benchmark: which images to draw, which runs to start on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pxcore.data.importers.importer import ImportOptions
from pxcore.data.importers.multiplex_circles import WORD, params_of
from pxcore.errors import RunError
from pxcore.importance.methods import METHODS
from pxcore.models import MODELS
from pxcore.runs import datasets, drafts, imports, ledger
from pxcore.runs.benchmark.collected import kind_id, seed_of, settings_of
from pxcore.runs.benchmark.entries import ENTRIES, model_of
from pxcore.runs.choices import canonical, canonical_model
from pxcore.runs.method_names import method_name, parse_method
from pxcore.runs.presets import spec_from
from pxcore.store.home import Store
from pxcore.types import (
    Dataset,
    ImportProgress,
    ImportRequest,
    ImportState,
    MethodSpec,
    ModelSpec,
    RunSpec,
    RunState,
    TrainingParams,
)
from pxcore.types.benchmark import BenchmarkAsk, BenchmarkEntry, BenchmarkState, Settings

MOST_SEEDS, MOST_RUNS = 20, 200
UNDER_WAY = (ImportState.QUEUED, ImportState.RUNNING)
VALID_SHARE = 1 / 3
"""Of the cells outside the test part: with four folds of 1,200 images 600 train and 300 choose the
epoch, as published."""


def check(ask: BenchmarkAsk) -> None:
    """Raise the PxError that says what of it cannot be drawn or run."""
    runs = ask.seeds * len(ask.models)
    if not 1 <= ask.seeds <= MOST_SEEDS or not 1 <= runs <= MOST_RUNS:
        message = (
            f"the benchmark was asked for {ask.seeds} data sets and {len(ask.models)} models; give "
            f"1 to {MOST_SEEDS} data sets and at least one model, at most {MOST_RUNS} runs in all"
        )
        raise RunError(message)
    for entry in ask.models:
        ENTRIES[entry]
    for name in ask.methods:
        canonical(parse_method(name))
    wanted_settings(ask, 0)


def wanted_settings(ask: BenchmarkAsk, seed: int) -> Settings:
    """Return every setting of the images of one seed."""
    return params_of(ImportOptions(values=tuple(_options(ask, seed).items()))).texts


def request(ask: BenchmarkAsk, seed: int, owner: str) -> ImportRequest:
    """Return the import that draws the images of one seed."""
    return ImportRequest(
        path=WORD,
        format=WORD,
        title=f"Circles {ask.size} px, {ask.channels} channels, seed {seed}",
        options=tuple(_options(ask, seed).items()),
        owner=owner,
    )


def drawn(store: Store, ask: BenchmarkAsk) -> dict[str, Dataset]:
    """Return the data sets that are here by their seed."""
    wanted = kind_id(wanted_settings(ask, 0))
    seeds = {str(seed) for seed in range(ask.seeds)}
    found: dict[str, Dataset] = {}
    for dataset in datasets.all_datasets(store):
        settings = settings_of(dataset)
        if settings and seed_of(settings) in seeds and kind_id(settings) == wanted:
            found.setdefault(seed_of(settings), dataset)
    return found


def state(store: Store, ask: BenchmarkAsk) -> BenchmarkState:
    """Return how far what was asked for is."""
    check(ask)
    here, on_way = drawn(store, ask), _imports(store, ask)
    drawing = {seed: one for seed, one in on_way.items() if one.state in UNDER_WAY}
    failed = [
        one.error
        for seed, one in on_way.items()
        if one.state is ImportState.FAILED and seed not in here
    ]
    missing = [n for n in range(ask.seeds) if str(n) not in here and str(n) not in drawing]
    started = _started(store)
    found = [_run_of(started, spec) for spec in _specs(here, ask)]
    finished = [run for run, final in found if run and final]
    running = [run for run, final in found if run and not final]
    return BenchmarkState(
        missing=tuple(missing),
        drawing=tuple(one.id for seed, one in drawing.items() if seed not in here),
        failed=tuple(failed),
        to_run=len(found) - len(finished) - len(running),
        running=tuple(running),
        finished=tuple(finished),
    )


def specs(store: Store, ask: BenchmarkAsk, owner: str = "") -> tuple[RunSpec, ...]:
    """Return the runs that the benchmark asks for on the images that are here."""
    return _specs(drawn(store, ask), ask, owner)


def draw(store: Store, ask: BenchmarkAsk, owner: str) -> tuple[str, ...]:
    """Return the ids of new imports that draw the images which are missing."""
    found = state(store, ask)
    return tuple(imports.queue(store, request(ask, seed, owner)) for seed in found.missing)


def train(store: Store, ask: BenchmarkAsk, owner: str) -> tuple[str, ...]:
    """Return the ids of new runs: those asked for that are neither finished nor under way."""
    check(ask)
    started = _started(store)
    wanted = [one for one in specs(store, ask, owner) if not _run_of(started, one)[0]]
    return tuple(ledger.submit(store, drafts.frozen_spec(store, spec)) for spec in wanted)


def seconds(store: Store, ask: BenchmarkAsk) -> float:
    """Return about how long the runs take that are still to be started."""
    started = _started(store)
    wanted = [one for one in specs(store, ask) if not _run_of(started, one)[0]]
    first = {spec.model: spec for spec in wanted}
    each = {model: drafts.estimate(store, spec).seconds for model, spec in first.items()}
    return sum(each[spec.model] for spec in wanted)


def _specs(here: Mapping[str, Dataset], ask: BenchmarkAsk, owner: str = "") -> tuple[RunSpec, ...]:
    """Return the runs on these images, by their seeds."""
    return tuple(
        _spec(here[seed], ask, entry, owner)
        for seed in sorted(here, key=int)
        for entry in ask.models
    )


def _options(ask: BenchmarkAsk, seed: int) -> dict[str, str]:
    return {
        "n_images": str(ask.n_images),
        "size": str(ask.size),
        "channels": str(ask.channels),
        "background": ask.background,
        "seed": str(seed),
    }


def _spec(dataset: Dataset, ask: BenchmarkAsk, entry_id: str, owner: str) -> RunSpec:
    """Return one run: the model of an entry from scratch, its own method and the others."""
    entry = ENTRIES[entry_id]
    model = canonical_model(model_of(entry, ask.width))
    return replace(
        spec_from("fast", dataset, owner),
        title=f"{entry.label}, width {ask.width}: {dataset.title}",
        model=model,
        training=TrainingParams(
            max_epochs=ask.epochs,
            batch_size=32,
            learning_rate=1e-3,
            stop_patience=6,
            balance="none",
            valid_share=VALID_SHARE,
        ),
        methods=_methods(entry, model, ask),
        n_folds=ask.folds,
        repeats=1,
        decoys=(),
        redundancy=False,
    )


def _methods(entry: BenchmarkEntry, model: ModelSpec, ask: BenchmarkAsk) -> tuple[MethodSpec, ...]:
    """Return the entry's own method and those asked for beside it that fit its model."""
    built = MODELS[model.id].as_built(model.options)
    others = dict.fromkeys(canonical(parse_method(name)) for name in ask.methods)
    own = MethodSpec(id=entry.method)
    fitting = [one for one in others if not METHODS[one.id].refusal(built, one.options)]
    return (own, *(one for one in fitting if one != own))


def _imports(store: Store, ask: BenchmarkAsk) -> dict[str, ImportProgress]:
    """Return the newest import of each seed's images."""
    wanted = {tuple(_options(ask, n).items()): str(n) for n in range(ask.seeds)}
    found: dict[str, ImportProgress] = {}
    for one in imports.all_imports(store):
        seed = wanted.get(one.request.options) if one.request.path == WORD else None
        if seed is not None:
            found.setdefault(seed, one)
    return found


def _started(store: Store) -> tuple[ledger.RunRecord, ...]:
    """Return the runs that are finished or under way, newest first."""
    return ledger.records(store, (RunState.QUEUED, RunState.RUNNING, RunState.FINISHED))


def _run_of(started: tuple[ledger.RunRecord, ...], spec: RunSpec) -> tuple[str, bool]:
    """Return the newest run that is the same as asked and whether it is finished; "" for none."""
    for record in started:
        if _same(record.spec, spec):
            return record.id, record.row.state is RunState.FINISHED
    return "", False


def _same(found: RunSpec, spec: RunSpec) -> bool:
    """Return whether a run answers what is asked; it may rank by more methods."""
    return (
        found.dataset_id == spec.dataset_id
        and not found.channels
        and found.model == spec.model
        and found.training == spec.training
        and found.n_folds == spec.n_folds
        and set(map(method_name, spec.methods)) <= set(map(method_name, found.methods))
    )
