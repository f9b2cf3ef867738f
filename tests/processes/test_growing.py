"""SIGKILL between the two stages of a run that grows: the next runner plans on, equal results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pxcore.runs import drafts, ledger
from pxcore.runs.panels import growing
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.panels.result import findings
from pxcore.runs.tasks import key
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import ModelSpec, RunSpec, RunState
from pxcore.types.panel import Constraints, PanelQuestion
from tests.processes.living import Runners, alive, carry_on, wait_for
from tests.runs.panel_cells import BF, panel_dataset
from tests.tiny_lab import tiny_spec

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


def growing_spec(store: Store) -> RunSpec:
    question = PanelQuestion(always=(BF,), finalists=1, compare=(("pxpermute", 1),))
    spec = tiny_spec(panel_dataset(store), max_epochs=2, repeats=1)
    model = ModelSpec(id="small_cnn", options=(("width", 4),))
    return drafts.frozen_spec(store, replace(spec, model=model, question=question))


def answer(store: Store, run_id: str) -> tuple[str, ...]:
    """Return every number of a run's answer, as text."""
    found = findings(store, run_id)
    advice = found.advice(Constraints(margin=0.4, class_floor=1.0))
    screens = found.screen
    assert screens is not None
    return (
        repr(advice),
        repr(found.compared),
        repr(found.evidence.nested),
        repr(screens.valid_f1.tolist()),
    )


def test_killed_between_the_stages(store: Store, runners: Runners, tmp_path: Path) -> None:
    """Killed when all that decides was there and what it decided was not done."""
    spec = growing_spec(store)
    run_id = ledger.submit(store, spec)
    first = growing.planned(store, spec)
    assert not first.complete
    deciding = [
        *panel_tasks.screens(spec), *panel_tasks.rankings(spec, "pxpermute")
    ]  # fmt: skip
    runner = runners.start()
    wait_for(lambda: all(store.artifacts.has(key(task)) for task in deciding), what="screens")
    workers = psutil.Process(runner.pid).children(recursive=True)
    runner.kill()
    runner.wait()
    wait_for(lambda: not any(alive(w.pid) for w in workers), 60, "workers to end by themselves")
    assert not ledger.record(store, run_id).state.final
    second = growing.planned(store, spec)
    assert second.complete
    known = {step.key for step in first.steps}
    grown = [step.key for step in second.steps if step.key not in known]
    assert not all(store.artifacts.has(one) for one in grown)
    before = {
        step.key: store.artifacts.folder(step.key).stat().st_mtime_ns
        for step in second.steps
        if store.artifacts.has(step.key)
    }
    carry_on(store)
    assert ledger.record(store, run_id).state is RunState.FINISHED
    after = {one: store.artifacts.folder(one).stat().st_mtime_ns for one in before}
    assert after == before  # nothing that was there was done again
    assert not [row.label for row in ledger.task_rows(store, run_id) if row.reused]
    other = open_store(Settings(home=tmp_path / "undisturbed", device="cpu"))
    undisturbed = ledger.submit(other, growing_spec(other))
    carry_on(other)
    assert answer(store, run_id) == answer(other, undisturbed)
    other.close()
