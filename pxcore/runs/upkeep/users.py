"""What an id names, and which runs and plans use it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Row, Table, func, select

from pxcore.errors import DatasetError, PanelError, RunError
from pxcore.people.rights import may_see, require_owner, visible_runs
from pxcore.runs.share_rows import links_to
from pxcore.runs.upkeep.references import LIVE
from pxcore.store.home import Store
from pxcore.store.tables import datasets, plan_versions, runs
from pxcore.types import RunState
from pxcore.types.upkeep import Uses

Kind = Literal["run", "dataset", "plan"]


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
        subject = subject_of(store, connection, kind, name)
        require_owner(store, subject.owner, f"Looking at what uses {subject.title!r}")
        users = users_of(connection, kind, name)
        owners = {one.id: one.owner for one in (*users, subject)}
        stay, end = (sum(one.alive for one in some) for some in links_to(connection, owners))
    mine = [one for one in users if store.person.owns(one.owner)]
    return Uses(
        title=subject.title,
        owner=subject.owner,
        runs=tuple((one.id, one.title) for one in mine if one.kind == "run"),
        plans=tuple((one.id, one.title) for one in mine if one.kind == "plan"),
        foreign=len(users) - len(mine),
        live=sum(one.live for one in users) + subject.live,
        links=stay,
        links_end=end,
    )


def subject_of(store: Store, connection: Connection, kind: Kind, name: str) -> Found:
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


def users_of(connection: Connection, kind: Kind, name: str) -> list[Found]:
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
