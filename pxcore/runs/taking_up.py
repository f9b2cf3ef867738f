"""A run from the database as the board knows it: its steps, what is done, what had begun."""

from __future__ import annotations

import logging
from collections.abc import Container
from dataclasses import dataclass

from pxcore.runs import ledger
from pxcore.runs.board import LiveRun, RunChange
from pxcore.runs.ledger import RunRecord, Unreadable
from pxcore.runs.panels.growing import Planned
from pxcore.store.home import Store
from pxcore.types import RunState, TaskState

LOG = logging.getLogger("pxcore.runner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A run that a runner takes up, for the first time or where another left it."""

    run: LiveRun
    done: set[str]
    """Keys of steps whose results are in the store."""
    began: set[str]
    """Keys of steps that were begun on this run's account."""


def taken_up(store: Store, record: RunRecord, planned: Planned) -> Taken:
    """Return a run with the state of its steps, whose rows are written anew."""
    ledger.renew_tasks(store, record.id, planned.steps)
    done = [step for step in planned.steps if store.artifacts.has(step.key)]
    store.note_kinds({step.key: step.kind for step in done})
    began = {
        row.key
        for row in ledger.task_rows(store, record.id)
        if row.state is TaskState.RUNNING or (row.state is TaskState.DONE and not row.reused)
    }
    run = LiveRun(
        id=record.id,
        owner=record.spec.owner,
        priority=record.spec.priority,
        ordinal=record.ordinal,
        steps=planned.steps,
        grows=not planned.complete,
    )
    return Taken(run=run, done={step.key for step in done}, began=began)


def drop_unreadable(store: Store, known: Container[str]) -> None:
    """End every run whose row nobody can read, but those that are ``known``."""
    for found in ledger.listed(store, ledger.LIVE):
        if isinstance(found, Unreadable) and found.row.id not in known:
            LOG.error("run %s: %s", found.row.id, found.why)
            drop(store, failed(found.row.id, found.why))


def drop(store: Store, change: RunChange) -> None:
    """End a run that the board does not know, and what was left to do for it."""
    ledger.apply(store, [change])
    ledger.drop_tasks(store, change.run_id)


def failed(run_id: str, why: str) -> RunChange:
    """Return the end of a run that cannot be carried out."""
    return RunChange(run_id=run_id, state=RunState.FAILED, error=why)
