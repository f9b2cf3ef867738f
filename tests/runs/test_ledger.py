"""Rows of runs: submitted once where two tabs ask at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pxcore.runs import ledger
from pxcore.runs.board import RunChange
from pxcore.store.home import Store
from pxcore.types import RunState
from tests.tiny_lab import tiny_dataset, tiny_spec


def test_two_tabs_start_one_run(store: Store) -> None:
    spec = replace(tiny_spec(tiny_dataset(store)), title="Demo")
    with ThreadPoolExecutor(4) as tabs:
        made = set(tabs.map(lambda _: ledger.submit(store, spec, once=True), range(8)))
    assert len(made) == 1
    assert len(ledger.records(store)) == 1


def test_once_minds_title_and_end_only(store: Store) -> None:
    spec = replace(tiny_spec(tiny_dataset(store)), title="Demo")
    first = ledger.submit(store, spec, once=True)
    assert ledger.submit(store, replace(spec, owner="bob"), once=True) == first
    assert ledger.submit(store, replace(spec, title="Other"), once=True) != first
    assert ledger.submit(store, spec) != first
    for record in ledger.records(store):
        ledger.apply(store, [RunChange(run_id=record.id, state=RunState.CANCELLED)])
    assert ledger.submit(store, spec, once=True) not in {first}
    ledger.request_cancel(store, ledger.records(store)[0].id, "ann")
    before = len(ledger.records(store))
    ledger.submit(store, spec, once=True)
    assert len(ledger.records(store)) == before + 1
