"""Which runs answer a question that was put to another one."""

from __future__ import annotations

from dataclasses import replace

from pxcore.runs import ledger
from pxcore.runs.board import RunChange
from pxcore.runs.panels.answers import answers
from pxcore.store.home import Store
from pxcore.types import RunState
from pxcore.types.panel import PanelQuestion
from tests.tiny_lab import tiny_dataset, tiny_spec


def test_an_answer_belongs_to_the_run_it_was_asked_of(store: Store) -> None:
    spec = replace(tiny_spec(tiny_dataset(store)), title="Rank", owner="ann")
    parent = ledger.submit(store, spec)
    ledger.submit(store, replace(spec, seed=spec.seed + 1))  # another run
    ledger.apply(store, [RunChange(run_id=parent, state=RunState.FINISHED)])
    asked = replace(spec, title="Rank, panel advice", owner="bob", question=PanelQuestion())
    answer = ledger.submit(store, asked)
    lost = ledger.submit(store, asked)
    ledger.apply(store, [RunChange(run_id=lost, state=RunState.FAILED)])
    (found,) = answers(store)
    assert (found.run.id, found.asked_of, found.question) == (answer, (parent,), asked.question)


def test_a_run_that_is_not_finished_was_not_asked(store: Store) -> None:
    spec = tiny_spec(tiny_dataset(store))
    ledger.submit(store, spec)
    ledger.submit(store, replace(spec, question=PanelQuestion()))
    (found,) = answers(store)
    assert found.asked_of == ()
