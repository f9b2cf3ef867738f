"""Rows of runs and tasks. Submitting inserts, cancelling asks; all else is the runner's."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, insert, select, update

from pxcore.errors import PxError, RunError
from pxcore.people.rights import check_private, require_member, require_owner, signed, visible_runs
from pxcore.runs import datasets
from pxcore.runs.board import Change, RunChange, TaskChange
from pxcore.runs.plan import plan
from pxcore.runs.run_rows import RunRecord, Unreadable, joined, read, record_of
from pxcore.runs.task_rows import change_task, insert_tasks, renew, task_row
from pxcore.runs.tasks import Step
from pxcore.runs.upkeep.quotas import writing_within
from pxcore.runs.upkeep.room import run_bytes
from pxcore.store import audit
from pxcore.store.database import next_ordinal, now
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode
from pxcore.store.tables import runs, tasks
from pxcore.types import RunSpec, RunState, TaskRow, TaskState

__all__ = [
    "LIVE", "RunRecord", "Unreadable", "add_seconds", "apply", "drop_tasks", "listed", "record",
    "records", "renew_tasks", "request_cancel", "submit", "task_rows", "unknown",
]  # fmt: skip

LOG = logging.getLogger("pxcore.ledger")
LIVE = (RunState.QUEUED, RunState.RUNNING)


def submit(store: Store, spec: RunSpec, *, once: bool = False, private: bool = False) -> str:
    """Return the id of a new queued run. The spec was checked before.

    Whoever logged in owns it, whatever name the spec has.

    Parameters
    ----------
    once
        A run of the same title and data set that is under way is returned instead.
    private
        Only its owner and administrators will see it.

    Raises
    ------
    AccessError
        For a reader.
    RunError
        For a private run that nobody would own, or where everybody sees everything.
    StoreError
        For a run above its owner's quota, counted once more together with what was started in
        the same second.
    """
    require_member(store, "Starting a run")
    spec = replace(spec, owner=signed(store, spec.owner))
    if private:
        check_private(store, spec.owner)
    run_id = secrets.token_hex(6)

    def needed() -> int:
        return run_bytes(spec, datasets.one(store, spec.dataset_id))

    with writing_within(store, spec.owner, needed, "this run") as connection:
        same = _under_way(store, connection, spec, private=private) if once else None
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
                private=private,
            )
        )
        insert_tasks(connection, run_id, plan(spec))
        audit.note(connection, spec.owner, "run started", run_id, spec.title)
    return run_id


def request_cancel(store: Store, run_id: str, owner: str) -> None:
    """Ask the runner to cancel a run; ``owner`` is who asks, where nobody logs in.

    Raises RunError for an unknown id, AccessError for somebody else's run.
    """
    who = signed(store, owner)
    found = record(store, run_id)
    require_owner(store, found.spec.owner, "Cancelling this run")
    LOG.info("run %s: %s asks to cancel it", run_id, who or "somebody")
    with store.database.writing() as connection:
        asked = update(runs).where(runs.c.id == run_id).values(cancel_requested=True)
        connection.execute(asked)
        audit.note(connection, who, "run cancelled", run_id, found.spec.title)


def records(store: Store, states: Iterable[RunState] = tuple(RunState)) -> tuple[RunRecord, ...]:
    """Return the runs in these states, newest first, but for those that cannot be read."""
    return tuple(found for found in listed(store, states) if isinstance(found, RunRecord))


def listed(
    store: Store, states: Iterable[RunState] = tuple(RunState)
) -> tuple[RunRecord | Unreadable, ...]:
    """Return every run in these states, newest first: one bad row does not hide the others."""
    wanted = joined(store).where(runs.c.state.in_(list(states))).order_by(runs.c.ordinal.desc())
    with store.database.reading() as connection:
        return tuple(read(row) for row in connection.execute(wanted).mappings())


def record(store: Store, run_id: str) -> RunRecord:
    """Return one run. Raises RunError for an unknown id: what is private is unknown to others."""
    with store.database.reading() as connection:
        row = connection.execute(joined(store).where(runs.c.id == run_id)).mappings().first()
    if row is None:
        raise unknown(run_id)
    return record_of(row)


def task_rows(store: Store, run_id: str) -> tuple[TaskRow, ...]:
    """Return a run's steps in order, as their rows stand; none of a run that is hidden."""
    wanted = select(tasks).where(tasks.c.run_id == run_id).order_by(tasks.c.position)
    if not store.person.admin:
        wanted = wanted.join(runs, tasks.c.run_id == runs.c.id).where(visible_runs(store.person))
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


def _under_way(store: Store, connection: Connection, spec: RunSpec, *, private: bool) -> str | None:
    """Return the run of this title and data set that has not ended, or None."""
    wanted = select(runs.c.id, runs.c.spec).where(
        visible_runs(store.person),
        runs.c.private.is_(private),
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


def unknown(run_id: str) -> RunError:
    """Return the error for a run that is not there, or not for this person: nothing tells which."""
    message = f"run {run_id!r} is not known here; `python -m pxcore runs` lists what there is"
    return RunError(message)
