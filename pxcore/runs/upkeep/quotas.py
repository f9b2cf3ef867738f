"""How much room one person's work may take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select

from pxcore.errors import StoreError
from pxcore.runs.upkeep.room import awaited_bytes, under_way
from pxcore.runs.upkeep.storage import GIB, limit_of, person_bytes
from pxcore.store.home import Store
from pxcore.store.tables import people
from pxcore.types import ImportRequest


def require_quota(
    store: Store, owner: str, needed: int, purpose: str, *, itself: ImportRequest | None = None
) -> None:
    """Raise StoreError when ``needed`` bytes more would be above a person's quota.

    What their queued and running work is estimated to take is counted as taken.

    Parameters
    ----------
    owner
        Whose it will be. Work without a name, from the command line, has no quota.
    needed
        Bytes, estimated.
    purpose
        What it is for; begins the error's sentence.
    itself
        The import that asks, where it is under way already.
    """
    with store.database.reading() as connection:
        limit = _limit(store, connection, owner)
        if limit:
            _require(connection, owner, limit, needed, purpose, itself)


@contextmanager
def writing_within(
    store: Store, owner: str, needed: Callable[[], int], purpose: str
) -> Iterator[Connection]:
    """Yield a writing connection in which ``needed`` bytes more fit a person's quota.

    Counted before it, so that nobody waits for that; counted again in it only where more of
    theirs has begun meanwhile: of two clicks in one second the second sees the first.

    Raises StoreError as `require_quota`.
    """
    with store.database.reading() as connection:
        limit = _limit(store, connection, owner)
        n_bytes = needed() if limit else 0
        counted = under_way(connection, owner) if limit else frozenset()
        if limit:
            _require(connection, owner, limit, n_bytes, purpose)
    with store.database.writing() as connection:
        if limit and under_way(connection, owner) != counted:
            _require(connection, owner, limit, n_bytes, purpose)
        yield connection


def _limit(store: Store, connection: Connection, owner: str) -> int:
    """Return the bytes that somebody's work may take; 0 for no limit."""
    if not owner:
        return 0
    own = connection.scalar(select(people.c.quota_gb).where(people.c.name == owner))
    return limit_of(store.settings.quota_gb, own)


def _require(
    connection: Connection,
    owner: str,
    limit: int,
    needed: int,
    purpose: str,
    itself: ImportRequest | None = None,
) -> None:
    awaited = awaited_bytes(connection, owner, itself)
    taken = person_bytes(connection, owner) + awaited
    if taken + needed > limit:
        message = (
            f"{purpose} needs about {needed / GIB:.2f} GiB, but {owner!r} has "
            f"{max(0.0, limit - taken) / GIB:.2f} GiB left: runs and data sets take "
            f"{taken / GIB:.2f} of {limit / GIB:.2f} GiB, {awaited / GIB:.2f} of these for what "
            "has not ended yet. Delete some that are no longer needed (Delete is on their pages), "
            "or ask an administrator for a larger quota"
        )
        raise StoreError(message)
