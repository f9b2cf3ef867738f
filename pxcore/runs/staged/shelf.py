"""Staged plans in the database: every change is a further version, none is ever overwritten.

A save inserts version + 1 of the plan as a person saw it. Where somebody else was faster that row
is there already, so the insert fails: the second person is told, and nothing is lost.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace

from sqlalchemy import Connection, RowMapping, func, insert, select
from sqlalchemy.exc import IntegrityError

from pxcore.errors import PanelError, PlanChangedError, StoreError
from pxcore.people.rights import require_member, signed
from pxcore.plots.numbers import minute
from pxcore.store import audit
from pxcore.store.database import next_ordinal, now
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode
from pxcore.store.tables import plan_versions
from pxcore.types.staged import Instrument, StagedPlan
from pxcore.types.staged_views import PlanVersion

__all__ = ["add", "check_newest", "every", "history", "one", "save"]

LOG = logging.getLogger("pxcore.staged")


def add(store: Store, plan: StagedPlan, who: str, what: str) -> StagedPlan:
    """Return a new plan as it was saved: with an id of its own, version 1."""
    owner = signed(store, plan.owner)
    made = replace(plan, id=secrets.token_hex(6), version=0, created=now(), owner=owner)
    return save(store, made, who, what)


def save(store: Store, plan: StagedPlan, who: str, what: str) -> StagedPlan:
    """Return the plan as it was saved: one version above that of ``plan``.

    Raises
    ------
    PlanChangedError
        When somebody saved that version before; the message says who, when and what.
    AccessError
        For a reader.
    """
    require_member(store, "Changing a staged plan")
    who = signed(store, who)
    saved = replace(plan, version=plan.version + 1, changed=now())
    row = {
        "plan_id": saved.id,
        "version": saved.version,
        "step": saved.step,
        "title": saved.title,
        "owner": saved.owner,
        "who": who,
        "at": saved.changed,
        "what": what,
        "body": encode(saved),
    }
    try:
        with store.database.writing() as connection:
            if plan.version and not _last_version(connection, plan.id):
                message = (
                    f"staged plan {plan.title!r} was deleted meanwhile, so nothing was saved; "
                    "begin another one"
                )
                raise PanelError(message)
            number = next_ordinal(connection, plan_versions)
            connection.execute(insert(plan_versions).values(**row, ordinal=number))
            if saved.version == 1:
                audit.note(connection, who, "plan started", saved.id, saved.title)
    except IntegrityError as error:
        raise _changed(store, plan) from error
    return saved


def check_newest(store: Store, plan: StagedPlan) -> None:
    """Raise PlanChangedError, as `save` would, when a plan was changed since it was seen."""
    with store.database.reading() as connection:
        last = _last_version(connection, plan.id)
    if last > plan.version:
        raise _changed(store, plan)


def one(store: Store, plan_id: str, version: int | None = None) -> StagedPlan:
    """Return a plan as it stands, or as it stood at a version.

    Raises
    ------
    PanelError
        For a plan or a version that is not there.
    StoreError
        For one that another version of the program wrote and this one cannot read.
    """
    wanted = select(plan_versions.c.body).where(plan_versions.c.plan_id == plan_id)
    if version is not None:
        wanted = wanted.where(plan_versions.c.version == version)
    with store.database.reading() as connection:
        body = connection.scalar(wanted.order_by(plan_versions.c.version.desc()))
        last = _last_version(connection, plan_id)
    if body is None:
        if last:
            message = f"staged plan {plan_id!r} has no version {version}; it has 1 to {last}"
        else:
            message = (
                f"staged plan {plan_id!r} is not known here; `python -m pxcore stage show` lists "
                "what there is"
            )
        raise PanelError(message)
    return decode(StagedPlan, str(body))


def every(store: Store) -> tuple[StagedPlan, ...]:
    """Return every plan as it stands, the one changed last first.

    One that cannot be read is there by its title, with the reason in its notes.
    """
    newest = (
        select(plan_versions.c.plan_id, func.max(plan_versions.c.version).label("version"))
        .group_by(plan_versions.c.plan_id)
        .subquery()
    )
    wanted = (
        select(plan_versions)
        .join(
            newest,
            (plan_versions.c.plan_id == newest.c.plan_id)
            & (plan_versions.c.version == newest.c.version),
        )
        .order_by(plan_versions.c.ordinal.desc())
    )
    with store.database.reading() as connection:
        return tuple(_read(row) for row in connection.execute(wanted).mappings())


def history(store: Store, plan_id: str) -> tuple[PlanVersion, ...]:
    """Return every version of a plan, the newest first; () for an unknown one."""
    columns = plan_versions.c
    wanted = select(columns.version, columns.step, columns.who, columns.at, columns.what)
    wanted = wanted.where(columns.plan_id == plan_id).order_by(columns.version.desc())
    with store.database.reading() as connection:
        return tuple(PlanVersion(**row) for row in connection.execute(wanted).mappings())


def _read(row: RowMapping) -> StagedPlan:
    try:
        return decode(StagedPlan, row["body"])
    except StoreError as error:
        LOG.warning("staged plan %s cannot be read: %s", row["plan_id"], error)
        return StagedPlan(
            id=row["plan_id"],
            title=f"{row['title']} (cannot be read)",
            version=row["version"],
            step=row["step"],
            owner=row["owner"],
            instrument=Instrument(id="unknown", label="unknown", slots=0),
            changed=row["at"],
            notes=(str(error),),
        )


def _last_version(connection: Connection, plan_id: str) -> int:
    found = select(func.max(plan_versions.c.version)).where(plan_versions.c.plan_id == plan_id)
    return int(connection.scalar(found) or 0)


def _changed(store: Store, seen: StagedPlan) -> PlanChangedError:
    """Return the error for a person who saw a version that is no longer the last."""
    since = [one for one in history(store, seen.id) if one.version > seen.version]
    told = "; ".join(
        f"version {one.version} by {one.who or 'somebody'}, {minute(one.at)} UTC: {one.what}"
        for one in reversed(since[-3:])
    )
    message = (
        f"staged plan {seen.title!r} was changed meanwhile ({told}). You saw version "
        f"{seen.version}; your change was not saved and nothing was overwritten: open the plan "
        "again, look at what changed, and repeat yours"
    )
    return PlanChangedError(message)
