"""Private runs: hidden from everybody but their owner and administrators."""

from __future__ import annotations

from sqlalchemy import Connection, not_, select, update

from pxcore.errors import RunError
from pxcore.people.rights import check_private, require_owner, visible_runs
from pxcore.runs import ledger
from pxcore.runs.share_rows import end_others
from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.store.tables import plan_versions, runs, tasks


def set_private(store: Store, run_id: str, *, private: bool) -> None:
    """Hide a run from everybody but its owner and administrators, or show it again.

    Links to it that others made end when it is hidden; its owner's stay until they revoke them.

    Raises
    ------
    RunError
        For an unknown id, a run that nobody owns, where everybody sees everything, and for a run
        that a staged plan names, or named: plans are everybody's.
    AccessError
        For somebody else's run.
    """
    found = ledger.record(store, run_id)
    require_owner(store, found.spec.owner, "Hiding or showing this run")
    if private:
        check_private(store, found.spec.owner)
    with store.database.writing() as connection:
        if private:
            _check_unused(connection, run_id)
        connection.execute(update(runs).where(runs.c.id == run_id).values(private=private))
        action = "run made private" if private else "run shown to the lab"
        audit.note(connection, store.person.name, action, run_id, found.spec.title)
        if private:
            end_others(store, connection, {run_id: found.spec.owner}, why="became private")


def only_hidden(store: Store) -> frozenset[str]:
    """Return the keys of results that only runs hidden from this person have.

    An estimate must not tell that somebody has computed them already.
    """
    if store.person.admin:
        return frozenset()
    seen = visible_runs(store.person)
    keys = select(tasks.c.key).join(runs, tasks.c.run_id == runs.c.id)
    with store.database.reading() as connection:
        hidden = set(connection.scalars(keys.where(not_(seen))))
        return frozenset(hidden.difference(connection.scalars(keys.where(seen))) if hidden else ())


def _check_unused(connection: Connection, run_id: str) -> None:
    """Raise RunError where any version of a plan names the run: each can be brought back."""
    named = plan_versions.c.body.contains(f'"{run_id}"', autoescape=True)
    found = select(plan_versions.c.plan_id, plan_versions.c.title).where(named)
    plan = connection.execute(found.order_by(plan_versions.c.ordinal.desc())).first()
    if plan is not None:
        message = (
            f"run {run_id!r} is, or once was, part of the staged plan {plan.title!r} "
            f"({plan.plan_id}); plans and their earlier states are everybody's, so it cannot be "
            "hidden: delete the plan, or start a private run of its own"
        )
        raise RunError(message)
