"""Deleting runs, plans and data sets: rows only.

Files go with the next clean-up, and only those that nothing else refers to: what another run
reuses stays.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Row, Table, delete, func, select

from pxcore.errors import AccessError, DatasetError, PanelError, PxError, RunError
from pxcore.people.rights import may_see, require_member, require_owner, visible_runs
from pxcore.runs import heart
from pxcore.runs.upkeep.references import LIVE
from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.store.tables import datasets, imports, plan_versions, runs, shares, tasks
from pxcore.types import RunState
from pxcore.types.people import Rank
from pxcore.types.upkeep import Uses

Kind = Literal["run", "dataset", "plan"]
LISTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A run or plan that uses what is to be deleted."""

    kind: Kind
    id: str
    title: str
    owner: str
    private: bool = False
    live: bool = False


def kind_of(store: Store, name: str) -> Kind:
    """Return what an id names. Raises RunError for one that this person does not know."""
    places: tuple[tuple[Kind, Table, str], ...] = (
        ("run", runs, "id"), ("dataset", datasets, "id"), ("plan", plan_versions, "plan_id"),
    )  # fmt: skip
    with store.database.reading() as connection:
        for kind, table, column in places:
            wanted = select(func.count()).select_from(table).where(table.c[column] == name)
            if kind == "run":
                wanted = wanted.where(visible_runs(store.person))
            if connection.scalar(wanted):
                return kind
    message = (
        f"{name!r} is not known here; `python -m pxcore runs` lists runs, `stage show` plans, and "
        "the address of a data set's page ends with its id"
    )
    raise RunError(message)


def uses(store: Store, kind: Kind, name: str) -> Uses:
    """Return what would go with a run, data set or plan.

    Others' private runs are counted too, so only whoever may delete it is told: raises
    AccessError for everybody else, and a PxError for an unknown id.
    """
    with store.database.reading() as connection:
        subject = _subject(store, connection, kind, name)
        require_owner(store, subject.owner, f"Looking at what uses {subject.title!r}")
        users = _users(connection, kind, name)
        links = connection.scalar(
            select(func.count())
            .select_from(shares)
            .where(shares.c.subject.contains(name, autoescape=True), shares.c.revoked == "")
        )
    mine = [one for one in users if store.person.owns(one.owner)]
    return Uses(
        title=subject.title,
        owner=subject.owner,
        runs=tuple((one.id, one.title) for one in mine if one.kind == "run"),
        plans=tuple((one.id, one.title) for one in mine if one.kind == "plan"),
        foreign=len(users) - len(mine),
        live=sum(one.live for one in users) + subject.live,
        links=int(links or 0),
    )


def may_delete(store: Store, kind: Kind, name: str) -> bool:
    """Return whether this is there and the person's to delete, whatever else forbids it now."""
    with suppress(PxError), store.database.reading() as connection:
        owner = _subject(store, connection, kind, name).owner
        return store.person.rank is not Rank.READER and store.person.owns(owner)
    return False


def delete_run(store: Store, run_id: str, *, and_plans: bool = False) -> None:
    """Delete a run. What other runs reuse of it stays.

    ``and_plans``: and every staged plan that uses it.

    Raises
    ------
    RunError
        For an unknown run, one that has not ended, or one that plans use (without `and_plans`).
    AccessError
        For a run, or a plan that uses it, that is somebody else's.
    """
    _delete(store, "run", run_id, along=and_plans)


def delete_plan(store: Store, plan_id: str) -> None:
    """Delete a staged plan with all its versions; runs and data sets attached to it stay.

    Raises PanelError for an unknown plan, AccessError for somebody else's.
    """
    _delete(store, "plan", plan_id, along=False)


def delete_dataset(store: Store, dataset_id: str, *, and_runs: bool = False) -> None:
    """Delete a data set.

    ``and_runs``: and every run on it, and every staged plan that uses it or one of those.

    Raises
    ------
    DatasetError
        For an unknown data set, or one that runs or plans use (without `and_runs`).
    RunError
        While a run on it has not ended.
    AccessError
        For a data set, or a run or plan that uses it, that is somebody else's.
    """
    _delete(store, "dataset", dataset_id, along=and_runs)


def _delete(store: Store, kind: Kind, name: str, *, along: bool) -> None:
    """Delete what an id names, and with ``along`` what uses it, together or not at all."""
    require_member(store, "Deleting something")
    runner_alive = heart.status(store).alive
    with store.database.writing() as connection:
        subject = _subject(store, connection, kind, name)
        require_owner(store, subject.owner, f"Deleting {subject.title!r}")
        users = _users(connection, kind, name)
        if users and not along:
            raise _refused(store, subject, users)
        foreign = [one for one in users if not store.person.owns(one.owner)]
        if foreign:
            message = (
                f"{subject.title!r} is used by {len(foreign)} runs or plans of others, which go "
                "with it: ask them, or an administrator, to delete it"
            )
            raise AccessError(message)
        for one in (*users, subject):
            _check_ended(connection, one, runner_alive=runner_alive)
        for one in (*users, subject):
            _remove(connection, one)
            who = store.person.name or "command line"
            audit.note(connection, who, f"{one.kind} deleted", one.id, one.title[:200])


def _subject(store: Store, connection: Connection, kind: Kind, name: str) -> Found:
    """Return what is to be deleted; one that this person may not see is unknown to them."""
    if kind == "run":
        row = connection.execute(select(runs).where(runs.c.id == name)).first()
        if row is not None and may_see(store.person, row.owner, private=row.private):
            return _run(row)
        message = f"run {name!r} is not known here; `python -m pxcore runs` lists what there is"
        raise RunError(message)
    if kind == "dataset":
        row = connection.execute(select(datasets).where(datasets.c.id == name)).first()
        if row is not None:
            value = json.loads(row.value)
            owner = row.owner or str(value.get("owner", ""))
            return Found(kind=kind, id=name, title=str(value.get("title", name)), owner=owner)
        message = f"data set {name!r} is not known here; Data sets lists what there is"
        raise DatasetError(message)
    newest = plan_versions.c.version.desc()
    wanted = select(plan_versions).where(plan_versions.c.plan_id == name).order_by(newest)
    row = connection.execute(wanted).first()
    if row is not None:
        return Found(kind=kind, id=name, title=row.title, owner=row.owner)
    message = f"staged plan {name!r} is not known here; `python -m pxcore stage show` lists them"
    raise PanelError(message)


def _users(connection: Connection, kind: Kind, name: str) -> list[Found]:
    """Return the runs and plans that use a data set or run, each once, newest first.

    A plan uses what any of its versions names: each of them can be brought back.
    """
    if kind == "plan":
        return []
    found: list[Found] = []
    if kind == "dataset":
        wanted = select(runs).where(runs.c.dataset_id == name).order_by(runs.c.ordinal.desc())
        found += [_run(row) for row in connection.execute(wanted)]
    ids = (name, *(one.id for one in found))
    wanted = select(plan_versions).order_by(plan_versions.c.ordinal.desc())
    plans = {}
    for row in connection.execute(wanted):
        if row.plan_id not in plans and any(f'"{one}"' in row.body for one in ids):
            plans[row.plan_id] = Found(
                kind="plan", id=row.plan_id, title=row.title, owner=row.owner
            )
    return [*plans.values(), *found]


def _run(row: Row[tuple[object, ...]]) -> Found:
    told = json.loads(row.spec)
    return Found(
        kind="run",
        id=row.id,
        title=str(told.get("title", "")) or f"run {row.id}",
        owner=row.owner,
        private=row.private,
        live=row.state in LIVE and not (row.state == RunState.QUEUED and row.cancel_requested),
    )


def _check_ended(connection: Connection, one: Found, *, runner_alive: bool) -> None:
    """Raise RunError for a run that a runner works on, or may be about to."""
    if one.kind != "run":
        return
    state = connection.scalar(select(runs.c.state).where(runs.c.id == one.id))
    if one.live:
        message = (
            f"run {one.title!r} is {state}, and a run is deleted only when it has ended: cancel "
            f"it first (`python -m pxcore cancel {one.id}`)"
        )
        raise RunError(message)
    if state in LIVE and runner_alive:
        message = f"run {one.title!r} is being cancelled; delete it in a few seconds"
        raise RunError(message)


def _remove(connection: Connection, one: Found) -> None:
    """Remove the rows of one thing."""
    if one.kind == "run":
        connection.execute(delete(tasks).where(tasks.c.run_id == one.id))
        connection.execute(delete(runs).where(runs.c.id == one.id))
    elif one.kind == "plan":
        connection.execute(delete(plan_versions).where(plan_versions.c.plan_id == one.id))
    else:
        connection.execute(delete(imports).where(imports.c.dataset_id == one.id))
        connection.execute(delete(datasets).where(datasets.c.id == one.id))


def _refused(store: Store, subject: Found, users: list[Found]) -> PxError:
    """Return the error that says what uses it, without the titles of others' private runs."""
    seen = [one for one in users if may_see(store.person, one.owner, private=one.private)]
    told = [f"{one.kind} {one.title!r} ({one.id})" for one in seen[:LISTED]]
    more = len(users) - len(told)
    listed = ", ".join([*told, *([f"{more} more"] if more else [])])
    if subject.kind == "run":
        message = (
            f"run {subject.title!r} is used by {listed}; detach it there first, or delete it with "
            "them (`--and-plans`)"
        )
        return RunError(message)
    message = (
        f"data set {subject.title!r} is used by {listed}; delete those first, or all of it "
        "together (`--and-runs`)"
    )
    return DatasetError(message)
