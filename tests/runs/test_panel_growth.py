"""A run that grows: once, whoever carries it on, and nothing that was done is done again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pxcore.data.annotation import Annotation
from pxcore.panel.orders import removal_orders, steps
from pxcore.runs import drafts, ledger, runner
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.panels import growing
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.plan import plan
from pxcore.runs.runner import Runner
from pxcore.runs.saved.screen import SCREEN
from pxcore.runs.tasks import Lane, key
from pxcore.store.home import Store
from pxcore.types import Channel, Panel, RunSpec, RunState, TaskState
from pxcore.types.panel import Members, PanelQuestion
from tests.runs.panel_cells import BF, FakeScreens, panel_dataset
from tests.tiny_lab import stored_dataset, tiny_spec


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.0)


@pytest.fixture
def spec(store: Store) -> RunSpec:
    question = PanelQuestion(always=(BF,), finalists=1)
    return drafts.frozen_spec(store, replace(tiny_spec(panel_dataset(store)), question=question))


def quality(_: int, members: Members) -> float:
    return 0.5 + len(members) / 10


def alive(store: Store) -> tuple[Runner, FakeScreens]:
    engine = FakeScreens(store, quality)
    return Runner(store=store, engine=engine, desk=ImportDesk(store)), engine


def drive(living: Runner, engine: FakeScreens, turns: int = 40) -> None:
    for _ in range(turns):
        living.turn()
        engine.do()
        if not ledger.records(living.store, ledger.LIVE):
            break
    living.turn()


def until_screened(store: Store, living: Runner, engine: FakeScreens, spec: RunSpec) -> None:
    """Carry on until all screens are there; the runner may not have heard of the last."""
    wanted = [key(task) for task in panel_tasks.screens(spec)]
    while not all(store.artifacts.has(one) for one in wanted):
        living.turn()
        engine.do()


def grown(store: Store, spec: RunSpec) -> set[str]:
    return {s.key for s in growing.planned(store, spec).steps} - {s.key for s in plan(spec)}


def test_a_run_grows_once_and_ends(store: Store, spec: RunSpec) -> None:
    run_id = ledger.submit(store, spec)
    living, engine = alive(store)
    drive(living, engine)
    assert ledger.record(store, run_id).state is RunState.FINISHED
    rows = ledger.task_rows(store, run_id)
    steps = growing.planned(store, spec).steps
    assert [row.key for row in rows] == [step.key for step in steps]
    assert [row.parts for row in rows] == [step.parts for step in steps]
    assert grown(store, spec)
    assert len(engine.log) == len(rows)  # each once


def test_what_was_done_before_it_grew_counts_as_its_own(store: Store, spec: RunSpec) -> None:
    run_id = ledger.submit(store, spec)
    drive(*alive(store))
    rows = ledger.task_rows(store, run_id)
    assert {row.state for row in rows} == {TaskState.DONE}
    assert not [row.label for row in rows if row.reused]
    assert all(row.seconds is not None for row in rows)
    again = ledger.submit(store, replace(spec, title="again"))
    living, engine = alive(store)
    drive(living, engine)
    assert ledger.record(store, again).state is RunState.FINISHED
    assert engine.log == []
    assert all(row.reused for row in ledger.task_rows(store, again))


@pytest.mark.parametrize("heard", [0, 1, 2])
def test_another_runner_goes_on_between_the_stages(store: Store, spec: RunSpec, heard: int) -> None:
    """Killed when the screens were there: before and after the first runner planned on."""
    run_id = ledger.submit(store, spec)
    living, first = alive(store)
    until_screened(store, living, first, spec)
    for _ in range(heard):
        living.turn()
    begun = set(first.jobs)
    living, second = alive(store)
    drive(living, second)
    assert ledger.record(store, run_id).state is RunState.FINISHED
    assert {row.key for row in ledger.task_rows(store, run_id)} >= grown(store, spec) >= begun
    assert not [row.label for row in ledger.task_rows(store, run_id) if row.reused]
    assert not [word for word in second.log if word.startswith("screen")]


def test_six_rankings_of_twelve_channels_train_each_panel_once_a_fold(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted as they are carried out, and as the page says before."""
    rng = np.random.default_rng(0)
    n_cells, panel = 60, Panel(tuple(Channel(name=f"C{n}") for n in range(12)))
    labels = np.arange(n_cells) % 2
    donors = Annotation(labels, np.arange(n_cells) // 2 % 5, ("a", "b"), tuple("vwxyz"))
    images = rng.integers(0, 9, (n_cells, 12, 8, 8)).astype(np.uint16)
    dataset = stored_dataset(store, (images, np.ones((n_cells, 1, 8, 8), np.uint8)), donors, panel)
    rankings = {f"m{n}": list(rng.random(12)) for n in range(6)}
    orders = removal_orders(rankings, tuple(range(12)), 3, rng)
    question = PanelQuestion(search=False, orders=orders)
    spec = replace(tiny_spec(dataset), channels=(), n_folds=5, question=question)
    spec = drafts.frozen_spec(store, spec)
    panels = {frozenset(left) for one in orders for left in steps(tuple(range(12)), one.order)}
    notes = " ".join(drafts.estimate(store, spec).notes)
    asked = len(orders) * 12
    assert f"have {asked} steps, but only {len(panels)} different panels" in notes
    assert f"The question needs {5 * len(panels)} trainings" in notes
    ledger.submit(store, spec)
    living, engine = alive(store)
    monkeypatch.setattr(engine, "lanes", lambda: dict.fromkeys(Lane, 64))  # all at once
    drive(living, engine)
    assert engine.log.count("train on heavy") == 5 * len(panels) < 5 * asked


def test_two_runs_that_share_their_screens_both_grow(store: Store, spec: RunSpec) -> None:
    question = replace(spec.question or PanelQuestion(), finalists=2)
    both = [ledger.submit(store, one) for one in (spec, replace(spec, question=question))]
    living, engine = alive(store)
    drive(living, engine)
    assert {ledger.record(store, one).state for one in both} == {RunState.FINISHED}
    rows = [{row.key for row in ledger.task_rows(store, one)} for one in both]
    surplus = [row for row in ledger.task_rows(store, both[0]) if row.key not in rows[1]]
    assert [(row.label, row.parts) for row in surplus] == []
    assert rows[0] != rows[1]
    assert len(engine.log) == len(rows[1])


def test_a_run_can_be_cancelled_after_it_grew(store: Store, spec: RunSpec) -> None:
    run_id = ledger.submit(store, spec)
    living, engine = alive(store)
    until_screened(store, living, engine, spec)
    while not engine.jobs.keys() & grown(store, spec):
        living.turn()
        if not engine.jobs.keys() & grown(store, spec):
            engine.do()
    ledger.request_cancel(store, run_id, "ann")
    living.turn()
    assert ledger.record(store, run_id).state is RunState.CANCELLED


def test_a_damaged_screen_fails_its_run_and_not_the_runner(store: Store, spec: RunSpec) -> None:
    run_id = ledger.submit(store, spec)
    living, engine = alive(store)
    until_screened(store, living, engine, spec)
    (store.artifacts.folder(key(panel_tasks.screens(spec)[0])) / SCREEN).write_bytes(b"PK nothing")
    drive(living, engine, turns=4)
    told = ledger.record(store, run_id)
    assert told.state is RunState.FAILED
    assert "cannot be read" in told.error
    assert "remove that folder" in told.error
    ledger.submit(store, replace(spec, question=None))
    drive(living, engine)
    assert {one.state for one in ledger.records(store)} == {RunState.FAILED, RunState.FINISHED}


def test_screens_that_left_the_store_are_made_anew(store: Store, spec: RunSpec) -> None:
    """The runner remembers what it did; the store knows better."""
    ledger.submit(store, spec)
    living, engine = alive(store)
    drive(living, engine)
    for task in panel_tasks.screens(spec):
        store.artifacts.folder(key(task)).rename(store.home / key(task))
    again = ledger.submit(store, replace(spec, title="again"))
    engine.log.clear()
    drive(living, engine)
    assert ledger.record(store, again).state is RunState.FINISHED
    assert engine.log == ["screen on heavy"] * len(panel_tasks.screens(spec))
