"""A store whose runs have a line of text for every result: quick to make, whole to check."""

from __future__ import annotations

from dataclasses import replace

from pxcore.runs import ledger
from pxcore.runs.board import RunChange, TaskChange
from pxcore.store.home import Store
from pxcore.store.keys import key_of
from pxcore.types import Dataset, RunSpec, RunState, TaskState
from tests.tiny_lab import tiny_dataset, tiny_spec


def put(store: Store, key: str, text: str = "a result", kind: str = "train") -> str:
    """Write an artifact with its row."""
    with store.artifacts.write(key) as folder:
        (folder / "a.txt").write_text(text)
    store.note_artifacts({kind: key})
    return key


def made_dataset(store: Store, seed: int = 0) -> Dataset:
    """Return a registered data set all of whose parts are there."""
    dataset = tiny_dataset(store, n_cells=24, seed=seed)
    put(store, "0" * 64, kind="overview")
    return dataset


def made_run(store: Store, dataset: Dataset, owner: str = "ann", **changes: object) -> str:
    """Return a finished run on a data set; changes of the spec give it other steps."""
    run_id = queued_run(store, dataset, owner, **changes)
    rows = ledger.task_rows(store, run_id)
    for row in rows:
        if not store.artifacts.has(row.key):
            put(store, row.key, kind=row.kind)
    done = [TaskChange(run_id=run_id, key=row.key, state=TaskState.DONE) for row in rows]
    ledger.apply(store, [*done, RunChange(run_id=run_id, state=RunState.FINISHED)])
    return run_id


def queued_run(store: Store, dataset: Dataset, owner: str = "ann", **changes: object) -> str:
    """Return a run that nobody has begun."""
    spec: RunSpec = replace(tiny_spec(dataset), owner=owner, **changes)
    return ledger.submit(store, spec)


def keys_of(store: Store, run_id: str) -> set[str]:
    return {row.key for row in ledger.task_rows(store, run_id)}


def name(word: str) -> str:
    """Return a key."""
    return key_of(word)
