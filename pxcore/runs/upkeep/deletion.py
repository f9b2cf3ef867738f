"""Deleting runs, plans and data sets: rows only.

Links to a run or plan that others made end with it: afterwards nobody could call it theirs and
revoke them. Its owner's own stay open, as snapshots. Files go with the next clean-up, and only
those that nothing else refers to: what another run reuses stays.
"""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import Connection, delete, select

from pxcore.errors import AccessError, DatasetError, PxError, RunError
from pxcore.people.rights import may_see, require_member, require_owner
from pxcore.runs import heart
from pxcore.runs.share_rows import end_others
from pxcore.runs.upkeep.references import LIVE
from pxcore.runs.upkeep.users import Found, Kind, subject_of, users_of
from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.store.tables import datasets, imports, plan_versions, runs, tasks
from pxcore.types.people import Rank

LISTED = 5


def may_delete(store: Store, kind: Kind, name: str) -> bool:
    """Return whether this is there and the person's to delete, whatever else forbids it now."""
    with suppress(PxError), store.database.reading() as connection:
        owner = subject_of(store, connection, kind, name).owner
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
        subject = subject_of(store, connection, kind, name)
        require_owner(store, subject.owner, f"Deleting {subject.title!r}")
        users = users_of(connection, kind, name)
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
        owners = {one.id: one.owner for one in (*users, subject)}
        end_others(store, connection, owners, why="was deleted")


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
