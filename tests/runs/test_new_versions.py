"""A stage's code gets a new version: finished runs stay what they are, new runs do it anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from pxcore.api import Lab
from pxcore.runs import ledger
from pxcore.runs.panels import growing
from pxcore.runs.tasks import VERSIONS
from pxcore.settings import Settings
from pxcore.store.artifacts import Artifacts
from pxcore.store.home import Store, open_store
from pxcore.store.tables import tasks
from pxcore.types import MethodSpec, RunResult
from pxcore.types.panel import Constraints, PanelQuestion
from tests.runs.ranking_stages import OF_RANKINGS
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec

ABOVE = {
    "train": set(OF_RANKINGS),
    "explain": {"explain", "rank", "gate", "joint", "redundancy"},
    "rank": {"rank"},
    "joint": {"joint", "redundancy"},
    "redundancy": {"redundancy"},
    "gate": {"gate"},
    "judge": {"judge"},
    "screen": {"screen"},
}
"""A stage, and those that read its results one way or another."""
METHODS = ("permute_cells", "pxpermute_mask", "leave_one_out")
SEEDS = (0, 1)


@dataclass(frozen=True, slots=True)
class Opened:
    """Everything that a finished run gives, for comparison."""

    result: RunResult
    json: dict[str, object]
    tables: dict[str, str]
    files: dict[str, bytes]
    advice: str

    @property
    def values(self) -> tuple[object, ...]:
        """What another run of the same spec must give as well."""
        own = {"run_id", "cache", "timing"}
        told = {name: value for name, value in self.json.items() if name not in own}
        tables = {name: text for name, text in self.tables.items() if name != "training"}
        found = self.result
        beside = (found.where, found.gates, found.leakage, found.left_out)
        return told, tables, repr(beside), repr(found.methods), repr(found.redundancy)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path_factory.mktemp("versions")))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def runs(store: Store) -> tuple[str, ...]:
    """Two finished runs of everything there is, equal but for the seed."""
    spec = replace(
        tiny_spec(tiny_dataset(store, n_cells=64), max_epochs=1, repeats=1),
        channels=(0, 2, 4),
        methods=tuple(MethodSpec(id=one) for one in METHODS),
        decoys=("decoy_empty",),
        redundancy=True,
        gates=True,
        leakage=True,
        leave_out=((2,), (0, 4)),
        question=PanelQuestion(always=(0,), finalists=1),
    )
    found = tuple(Lab(store).submit(replace(spec, seed=seed)) for seed in SEEDS)
    carry_on(store)
    return found


@pytest.fixture(scope="module")
def before(
    store: Store, runs: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Opened]:
    return {run: opened(store, run, tmp_path_factory.mktemp("export")) for run in runs}


def opened(store: Store, run_id: str, folder: Path | None = None) -> Opened:
    """Open a run as pages and the command line do; drawn files only where a folder is given."""
    lab = Lab(store)
    written = lab.exports.files(run_id, folder) if folder else ()
    return Opened(
        result=lab.result(run_id),
        json=lab.exports.json(run_id),
        tables={name: table.to_csv() for name, table in lab.exports.tables(run_id).items()},
        files={path.name: path.read_bytes() for path in written},
        advice=advice(lab, run_id) if folder else "",
    )


def advice(lab: Lab, run_id: str) -> str:
    """Return all that is advised on the panel, and the screen behind it."""
    found = lab.panels.findings(run_id)
    assert found.screen is not None
    return repr((found.advice(Constraints(margin=0.1)), found.screen.valid_f1.tolist()))


@pytest.fixture(params=OF_RANKINGS)
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stage whose code was just changed."""
    name: str = request.param
    monkeypatch.setitem(VERSIONS, name, VERSIONS[name] + 100)
    return name


@pytest.fixture
def before_parts(store: Store, runs: tuple[str, ...]) -> Iterator[None]:
    """Rows as the database has them from before parts were written down."""
    own = tasks.c.run_id.in_(runs)
    with store.database.reading() as connection:
        kept = connection.execute(select(tasks.c.run_id, tasks.c.key, tasks.c.parts).where(own))
        rows = kept.all()
    with store.database.writing() as connection:
        connection.execute(update(tasks).where(own).values(parts="[]"))
    yield
    with store.database.writing() as connection:
        for run_id, key, parts in rows:
            here = (tasks.c.run_id == run_id, tasks.c.key == key)
            connection.execute(update(tasks).where(*here).values(parts=parts))


def test_the_two_runs_differ_in_everything_that_is_told(before: dict[str, Opened]) -> None:
    """Else the tests below could not see one run's results in the other."""
    one, other = before.values()
    for mine, theirs in zip(one.values, other.values, strict=True):
        assert mine != theirs
    assert "Could not be found" not in str(one.result.details + other.result.details)


def test_finished_runs_open_as_they_were(
    store: Store, before: dict[str, Opened], stage: str
) -> None:
    for run_id, earlier in before.items():
        now = opened(store, run_id)
        assert now.values == earlier.values
        assert (now.json, now.tables) == (earlier.json, earlier.tables)
        assert now.result.details == earlier.result.details
        assert advice(Lab(store), run_id) == earlier.advice


def test_an_export_has_the_same_bytes_after_all_stages_changed(
    store: Store, before: dict[str, Opened], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VERSIONS:
        monkeypatch.setitem(VERSIONS, name, VERSIONS[name] + 100)
    run_id, earlier = next(iter(before.items()))
    assert opened(store, run_id, tmp_path).files == earlier.files


@pytest.mark.usefixtures("before_parts")
def test_rows_without_parts_open_as_they_were(
    store: Store, before: dict[str, Opened], stage: str
) -> None:
    for run_id, earlier in before.items():
        now = opened(store, run_id)
        assert now.values == earlier.values
        assert now.result.details == earlier.result.details


def test_a_new_run_does_the_stage_and_what_rests_on_it(
    store: Store, before: dict[str, Opened], stage: str
) -> None:
    run_id, earlier = next(iter(before.items()))
    spec = ledger.record(store, run_id).spec
    steps, lab = growing.planned(store, spec).steps, Lab(store)
    due = {step.key for step in steps if step.kind in ABOVE[stage]}
    assert due == {step.key for step in steps if not store.artifacts.has(step.key)}
    estimate = lab.estimate(spec)
    assert (estimate.tasks, estimate.cached) == (len(steps), len(steps) - len(due))
    again = lab.submit(spec)
    carry_on(store)
    done = ledger.task_rows(store, again)
    every = growing.planned(store, spec).steps
    assert {task.key for task in done} == {step.key for step in every}
    anew = {step.key for step in every if step.kind in ABOVE[stage]}
    assert {task.key for task in done if not task.reused} == anew >= due
    assert opened(store, again).values == earlier.values
    assert opened(store, run_id).json == earlier.json


def test_every_stage_is_in_the_run_and_in_the_table(store: Store, runs: tuple[str, ...]) -> None:
    there = {task.kind for task in ledger.task_rows(store, runs[0])}
    assert there == set(OF_RANKINGS) == set(ABOVE)


def test_only_results_of_the_runs_own_tasks_are_read(
    store: Store, runs: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, read = Artifacts.folder, set[str]()

    def folder(artifacts: Artifacts, key: str) -> Path:
        read.add(key)
        return real(artifacts, key)

    monkeypatch.setattr(Artifacts, "folder", folder)
    for name in VERSIONS:
        monkeypatch.setitem(VERSIONS, name, VERSIONS[name] + 100)
    for run_id in runs:
        read.clear()
        Lab(store).result(run_id)
        assert read
        assert read <= {task.key for task in ledger.task_rows(store, run_id)}
