"""How much room one person's work may take."""

from __future__ import annotations

from sqlalchemy import select

from pxcore.errors import StoreError
from pxcore.runs.upkeep.room import awaited_bytes
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
    limit = quota_of(store, owner)
    if not limit:
        return
    awaited = awaited_bytes(store, owner, itself)
    taken = person_bytes(store, owner) + awaited
    if taken + needed > limit:
        message = (
            f"{purpose} needs about {needed / GIB:.2f} GiB, but {owner!r} has "
            f"{max(0.0, limit - taken) / GIB:.2f} GiB left: runs and data sets take "
            f"{taken / GIB:.2f} of {limit / GIB:.2f} GiB, {awaited / GIB:.2f} of these for what "
            "has not ended yet. Delete some that are no longer needed (Delete is on their pages), "
            "or ask an administrator for a larger quota"
        )
        raise StoreError(message)


def quota_of(store: Store, owner: str) -> int:
    """Return the bytes that somebody's work may take; 0 for no limit."""
    if not owner:
        return 0
    with store.database.reading() as connection:
        own = connection.scalar(select(people.c.quota_gb).where(people.c.name == owner))
    return limit_of(store.settings.quota_gb, own)
