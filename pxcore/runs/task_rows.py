"""Rows of the tasks of one run, within the ledger's transactions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from pxcore.runs.board import TaskChange
from pxcore.runs.tasks import Step
from pxcore.store.tables import tasks
from pxcore.types import TaskRow, TaskState


def insert_tasks(connection: Connection, run_id: str, steps: Sequence[Step]) -> None:
    """Write a run's steps, none of them begun."""
    _insert(connection, run_id, dict(enumerate(steps)))


def renew(connection: Connection, run_id: str, steps: Sequence[Step]) -> None:
    """Replace a run's steps by others. Those it keeps stay as they stand, in their new places."""
    own = tasks.c.run_id == run_id
    stored = connection.execute(select(tasks.c.key, tasks.c.position, tasks.c.parts).where(own))
    known = {row.key: (row.position, row.parts) for row in stored}
    for key in known.keys() - {step.key for step in steps}:
        connection.execute(delete(tasks).where(own, tasks.c.key == key))
    for position, step in enumerate(steps):
        if step.key in known and known[step.key] != (position, _told(step)):
            row = update(tasks).where(own, tasks.c.key == step.key)
            values = {"position": position, "label": step.label, "parts": _told(step)}
            connection.execute(row.values(values))
    _insert(connection, run_id, {n: s for n, s in enumerate(steps) if s.key not in known})


def change_task(connection: Connection, change: TaskChange) -> None:
    """Write how a task of a run stands."""
    values: dict[str, object] = {
        "state": change.state,
        "reused": change.reused,
        "error": change.error,
        "error_class": change.error_class,
    }
    if change.seconds is not None:
        values["seconds"] = change.seconds
    connection.execute(
        update(tasks)
        .where(tasks.c.run_id == change.run_id, tasks.c.key == change.key)
        .values(**values)
    )


def task_row(row: Row[Any]) -> TaskRow:
    """Return a step as its row stands."""
    return TaskRow(
        key=row.key,
        kind=row.kind,
        label=row.label,
        state=TaskState(row.state),
        reused=row.reused,
        seconds=row.seconds,
        error=row.error,
        error_class=row.error_class,
        share=1.0 if row.state == TaskState.DONE else 0.0,
        parts=tuple(json.loads(row.parts)),
    )


def _insert(connection: Connection, run_id: str, steps: Mapping[int, Step]) -> None:
    """Write steps at their positions."""
    rows = [
        {
            "run_id": run_id,
            "key": step.key,
            "position": position,
            "kind": step.kind,
            "label": step.label,
            "state": TaskState.WAITING,
            "parts": _told(step),
        }
        for position, step in steps.items()
    ]
    if rows:
        connection.execute(insert(tasks), rows)


def _told(step: Step) -> str:
    return json.dumps(step.parts)
