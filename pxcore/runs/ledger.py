"""Rows of runs and tasks. Submitting inserts, cancelling asks; all else is the runner's."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from pxcore.errors import PxError, RunError
from pxcore.runs.board import Change, RunChange, TaskChange
from pxcore.runs.method_names import method_name
from pxcore.runs.plan import plan
from pxcore.runs.task_rows import change_task, insert_tasks, renew, task_row
from pxcore.runs.tasks import Step
from pxcore.store.database import next_ordinal, now
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode
from pxcore.store.tables import datasets, runs, tasks
from pxcore.types import Dataset, RunRow, RunSpec, RunState, TaskRow, TaskState

LOG = logging.getLogger("pxcore.ledger")
LIVE = (RunState.QUEUED, RunState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run's row, read."""

    id: str
    spec: RunSpec
    dataset: Dataset
    state: RunState
    share: float
    error: str
    cancel_requested: bool
    seconds: float
    created: str
    finished: str
    ordinal: int

    @property
    def row(self) -> RunRow:
        """As the list of runs shows it: a queued run that was cancelled is cancelled."""
        dropped = self.cancel_requested and self.state is RunState.QUEUED
        return RunRow(
            id=self.id,
            title=self.spec.title,
            dataset_id=self.spec.dataset_id,
            dataset_title=self.dataset.title,
            preset=self.spec.preset,
            model=self.spec.model.id,
            methods=tuple(method_name(method) for method in self.spec.methods),
            owner=self.spec.owner,
            state=RunState.CANCELLED if dropped else self.state,
            share=self.share,
            created=self.created,
            finished=self.finished,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """One run's row whose spec or data set this version cannot read."""

    row: RunRow
    """As the list of runs shows it."""
    why: str


def submit(store: Store, spec: RunSpec, *, once: bool = False) -> str:
    """Return the id of a new queued run. The spec was checked before.

    ``once``: a run of the same title and data set that is under way is returned instead.
    """
    run_id = secrets.token_hex(6)
    with store.database.writing() as connection:
        same = _under_way(connection, spec) if once else None
        if same is not None:
            return same
        connection.execute(
            insert(runs).values(
                id=run_id,
                spec=encode(spec),
                dataset_id=spec.dataset_id,
                owner=spec.owner,
                state=RunState.QUEUED,
                created=now(),
                ordinal=next_ordinal(connection, runs),
            )
        )
        insert_tasks(connection, run_id, plan(spec))
    return run_id


def request_cancel(store: Store, run_id: str, owner: str) -> None:
    """Ask the runner to cancel a run; ``owner`` is who asks. RunError for an unknown id."""
    LOG.info("run %s: %s asks to cancel it", run_id, owner or "somebody")
    with store.database.writing() as connection:
        asked = update(runs).where(runs.c.id == run_id).values(cancel_requested=True)
        if connection.execute(asked).rowcount == 0:
            raise _unknown(run_id)


def records(store: Store, states: Iterable[RunState] = tuple(RunState)) -> tuple[RunRecord, ...]:
    """Return the runs in these states, newest first, but for those that cannot be read."""
    return tuple(found for found in listed(store, states) if isinstance(found, RunRecord))


def listed(
    store: Store, states: Iterable[RunState] = tuple(RunState)
) -> tuple[RunRecord | Unreadable, ...]:
    """Return every run in these states, newest first: one bad row does not hide the others."""
    wanted = _joined().where(runs.c.state.in_(list(states))).order_by(runs.c.ordinal.desc())
    with store.database.reading() as connection:
        return tuple(_read(row) for row in connection.execute(wanted).mappings())


def record(store: Store, run_id: str) -> RunRecord:
    """Return one run. Raises RunError for an unknown id."""
    with store.database.reading() as connection:
        row = connection.execute(_joined().where(runs.c.id == run_id)).mappings().first()
    if row is None:
        raise _unknown(run_id)
    return _record(row)


def task_rows(store: Store, run_id: str) -> tuple[TaskRow, ...]:
    """Return a run's steps in order, as their rows stand."""
    wanted = select(tasks).where(tasks.c.run_id == run_id).order_by(tasks.c.position)
    with store.database.reading() as connection:
        return tuple(task_row(row) for row in connection.execute(wanted))


def apply(store: Store, changes: Iterable[Change]) -> None:
    """Write what the board decided, together. Only the runner calls this."""
    with store.database.writing() as connection:
        for change in changes:
            match change:
                case TaskChange():
                    change_task(connection, change)
                case RunChange():
                    _change_run(connection, change)
                case _:
                    pass  # a Stop is for the engine


def add_seconds(store: Store, run_ids: Iterable[str], seconds: float) -> None:
    """Add running time to runs. Measured by the runner's own clock, which never jumps."""
    with store.database.writing() as connection:
        connection.execute(
            update(runs)
            .where(runs.c.id.in_(list(run_ids)))
            .values(seconds=runs.c.seconds + seconds)
        )


def renew_tasks(store: Store, run_id: str, steps: Sequence[Step]) -> None:
    """Replace a run's steps when this version plans others. Only the runner calls this."""
    with store.database.writing() as connection:
        renew(connection, run_id, steps)


def drop_tasks(store: Store, run_id: str) -> None:
    """Mark what a run has not done as cancelled. Only the runner calls this."""
    with store.database.writing() as connection:
        unfinished = (tasks.c.run_id == run_id) & (tasks.c.state != TaskState.DONE)
        connection.execute(update(tasks).where(unfinished).values(state=TaskState.CANCELLED))


def _under_way(connection: Connection, spec: RunSpec) -> str | None:
    """Return the run of this title and data set that has not ended, or None."""
    wanted = select(runs.c.id, runs.c.spec).where(
        runs.c.dataset_id == spec.dataset_id,
        runs.c.state.in_(LIVE),
        runs.c.cancel_requested.is_(False),
    )
    for row in connection.execute(wanted):
        try:
            under_way = decode(RunSpec, row.spec)
        except PxError as error:
            LOG.warning("run %s cannot be read and is passed over: %s", row.id, error)
            continue
        if under_way.title == spec.title:
            return str(row.id)
    return None


def _change_run(connection: Connection, change: RunChange) -> None:
    values: dict[str, object] = {"state": change.state, "error": change.error}
    if change.state.final:
        values["finished"] = now()
    if change.state is RunState.FINISHED:
        values["share"] = 1.0
    connection.execute(update(runs).where(runs.c.id == change.run_id).values(**values))


def _joined() -> Select[Any]:
    return select(runs, datasets.c.value.label("dataset")).join(
        datasets, runs.c.dataset_id == datasets.c.id
    )


def _read(row: RowMapping) -> RunRecord | Unreadable:
    try:
        return _record(row)
    except PxError as error:
        shown = RunRow(
            id=row["id"],
            title=f"run {row['id']} (cannot be read)",
            dataset_id=row["dataset_id"],
            dataset_title="",
            preset="",
            model="",
            methods=(),
            owner=row["owner"],
            state=RunState(row["state"]),
            share=row["share"],
            created=row["created"],
            finished=row["finished"],
        )
        return Unreadable(row=shown, why=f"{error}; start it anew from its data set")


def _record(row: RowMapping) -> RunRecord:
    return RunRecord(
        id=row["id"],
        spec=decode(RunSpec, row["spec"]),
        dataset=decode(Dataset, row["dataset"]),
        state=RunState(row["state"]),
        share=row["share"],
        error=row["error"],
        cancel_requested=row["cancel_requested"],
        seconds=row["seconds"],
        created=row["created"],
        finished=row["finished"],
        ordinal=row["ordinal"],
    )


def _unknown(run_id: str) -> RunError:
    message = f"run {run_id!r} is not known here; `python -m pxcore runs` lists what there is"
    return RunError(message)
