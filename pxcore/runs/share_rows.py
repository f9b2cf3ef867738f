"""Links as rows: which there are, whose they are, and whether they open."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from pxcore.errors import AccessError
from pxcore.people.rights import require_admin
from pxcore.store import audit
from pxcore.store.database import now
from pxcore.store.home import Store
from pxcore.store.tables import plan_versions, runs, shares
from pxcore.types.comparison import OF
from pxcore.types.people import ShareRow


def mine(store: Store) -> tuple[ShareRow, ...]:
    """Return the links that whoever asks has made, and others' to what is theirs, newest first."""
    who, owned = asker(store), _owned(store)
    return tuple(row for row in _rows(store) if row.owner == who or _shows(row, owned))


def every(store: Store) -> tuple[ShareRow, ...]:
    """Return every link of the lab, newest first. Raises AccessError unless an admin asks."""
    require_admin(store, "The list of everybody's links")
    return _rows(store)


def one(store: Store, share_id: str) -> ShareRow:
    """Return a link that whoever asks may change: their own, or one to what is theirs.

    Raises AccessError, the same for another's link as for none.
    """
    with store.database.reading() as connection:
        row = connection.execute(select(shares).where(shares.c.id == share_id)).first()
    found = None if row is None else _shown(row)
    if found and (store.person.owns(found.owner) or _shows(found, _owned(store))):
        return found
    message = f"link {share_id!r} is not among yours; `python -m pxcore shares` lists what there is"
    raise AccessError(message)


def subjects(row: ShareRow) -> tuple[str, ...]:
    """Return the ids of the runs that a link shows, or of the plan."""
    return parts_of(row.subject)


def parts_of(subject: str) -> tuple[str, ...]:
    """Return the ids in what a link is made of.

    >>> parts_of("x:lrp, y:pxpermute;of=T%2C%20B")
    ('x', 'y')
    """
    items = subject.partition(OF)[0].split(",")
    return tuple(part.partition(":")[0].strip() for part in items)


def links_to(
    connection: Connection, owners: Mapping[str, str]
) -> tuple[list[ShareRow], list[ShareRow]]:
    """Return the unrevoked links that owners made to what is theirs, and those of others.

    ``owners``: of runs and plans, by id. A link to several of them is the owner's only when all
    of these are.
    """
    own: list[ShareRow] = []
    foreign: list[ShareRow] = []
    for row in connection.execute(select(shares).where(shares.c.revoked == "")):
        found = _shown(row)
        named = {owners[name] for name in subjects(found) if name in owners}
        if named:
            (own if named == {found.owner} else foreign).append(found)
    return own, foreign


def end_others(
    store: Store, connection: Connection, owners: Mapping[str, str], *, why: str
) -> None:
    """Revoke the links to runs and plans (id to owner) that others made; on record each."""
    for found in links_to(connection, owners)[1]:
        connection.execute(update(shares).where(shares.c.id == found.id).values(revoked=now()))
        told = f"{found.kind} {found.subject}, which {why}"
        audit.note(connection, asker(store), "share revoked", found.id, told)


def alive(row: Row[Any]) -> bool:
    """Return whether a link opens."""
    return not row.revoked and time.time() < row.expires


def asker(store: Store) -> str:
    """Return the name of whoever asks, as it stands on their links."""
    return store.person.name or store.settings.owner


def stamp(seconds: float) -> str:
    """Return seconds since 1970 as UTC ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _owned(store: Store) -> frozenset[str]:
    """Return the ids of the runs and plans of whoever asks."""
    who = asker(store)
    if not who:
        return frozenset()
    with store.database.reading() as connection:
        own_runs = connection.scalars(select(runs.c.id).where(runs.c.owner == who)).all()
        own_plans = connection.scalars(
            select(plan_versions.c.plan_id).where(plan_versions.c.owner == who).distinct()
        ).all()
    return frozenset((*own_runs, *own_plans))


def _shows(row: ShareRow, owned: frozenset[str]) -> bool:
    """Return whether a link shows one of these: a comparison's subject names several."""
    return not owned.isdisjoint(subjects(row))


def _rows(store: Store) -> tuple[ShareRow, ...]:
    with store.database.reading() as connection:
        found = connection.execute(select(shares).order_by(shares.c.ordinal.desc()))
        return tuple(_shown(row) for row in found)


def _shown(row: Row[Any]) -> ShareRow:
    return ShareRow(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        title=row.title,
        owner=row.owner,
        created=row.created,
        expires=stamp(row.expires),
        revoked=row.revoked,
        opened=row.opened,
        alive=alive(row),
    )
