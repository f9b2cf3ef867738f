"""A run made anew from its JSON: the same spec and results, clear words where it cannot be."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pxcore.errors import PanelError, RunError, StoreError
from pxcore.runs import drafts, ledger
from pxcore.runs.recreating import read_recreate, recreate_all, recreate_run
from pxcore.store.home import Store
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec


def submitted(store: Store) -> str:
    spec = replace(tiny_spec(tiny_dataset(store), max_epochs=1), title="=cmd <b>", owner="ann")
    return ledger.submit(store, drafts.frozen_spec(store, spec))


def test_the_same_run_again_computes_nothing_new(store: Store) -> None:
    first = submitted(store)
    carry_on(store)
    text = recreate_run(store, first)
    assert '"ann"' not in text
    again = read_recreate(store, text)
    spec = ledger.record(store, first).spec
    assert replace(again, owner=spec.owner, priority=0) == spec
    second = ledger.submit(store, drafts.frozen_spec(store, again))
    carry_on(store)
    tasks = ledger.task_rows(store, second)
    assert all(task.reused for task in tasks)
    assert [one.key for one in tasks] == [one.key for one in ledger.task_rows(store, first)]


def test_other_cells_need_the_same_channels(store: Store) -> None:
    first = submitted(store)
    text = recreate_run(store, first)
    other = tiny_dataset(store, n_cells=120, seed=1)
    spec = read_recreate(store, text, other.id)
    assert (spec.dataset_id, spec.seed) == (other.id, 0)
    drafts.check(store, spec)
    told = json.loads(text)
    told["spec"]["panel"]["channels"][0]["name"] = "another"
    with pytest.raises(PanelError, match="the run was made on the channels another"):
        read_recreate(store, json.dumps(told), other.id)


def test_cells_that_are_not_here_are_named(store: Store) -> None:
    told = json.loads(recreate_run(store, submitted(store)))
    told["spec"]["dataset_id"] = "f" * 16
    with pytest.raises(RunError, match=r"'tiny' with the fingerprint 'ffffffffffffffff'\. Import"):
        read_recreate(store, json.dumps(told))


@pytest.mark.parametrize(
    ("text", "error", "why"),
    [
        ("{", RunError, "no recreate.json"),
        ("[]", RunError, "it is none"),
        ("[" * 100_000, RunError, "no recreate.json"),
        ('{"form": "pxcore comparison"}', RunError, "holds several runs"),
        ('{"form": "pxcore run", "spec": {}}', StoreError, "cannot be read"),
        ('{"form": "pxcore run", "spec": {"dataset_id": 7}}', StoreError, "cannot be read"),
        ('{"form": "pxcore run", "spec": NaN}', RunError, "it is"),
    ],
)
def test_anything_else_is_refused(
    text: str, error: type[Exception], why: str, store: Store
) -> None:
    with pytest.raises(error, match=why):
        read_recreate(store, text)


def test_several_runs_stand_in_one_json_once(store: Store) -> None:
    first = submitted(store)
    told = json.loads(recreate_all(store, "pxcore comparison", [first, first], items=["a"]))
    assert [one["run_id"] for one in told["runs"]] == [first]
    assert (told["form"], told["items"]) == ("pxcore comparison", ["a"])
