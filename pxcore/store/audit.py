"""Who did what: one row for every start, cancel, deletion, share and change of people."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, delete, insert, select

from pxcore.store.database import next_ordinal, now
from pxcore.store.home import Store
from pxcore.store.tables import audit
from pxcore.types.people import AuditRow

MOST = 5000


def note(connection: Connection, who: str, action: str, subject: str, detail: str = "") -> None:
    """Write a row in the transaction of what it tells of: neither is there without the other."""
    connection.execute(
        insert(audit).values(
            id=secrets.token_hex(8),
            at=now(),
            who=who,
            action=action,
            subject=subject,
            detail=detail,
            ordinal=next_ordinal(connection, audit),
        )
    )


def rows(store: Store, most: int = MOST) -> tuple[AuditRow, ...]:
    """Return the latest rows, newest first."""
    wanted = select(audit).order_by(audit.c.ordinal.desc()).limit(most)
    with store.database.reading() as connection:
        found = connection.execute(wanted).mappings()
        return tuple(
            AuditRow(
                at=row["at"],
                who=row["who"],
                action=row["action"],
                subject=row["subject"],
                detail=row["detail"],
            )
            for row in found
        )


def shorten(store: Store, before: str, who: str) -> int:
    """Return how many rows of days before ``before`` (YYYY-MM-DD, UTC) were removed; on record."""
    with store.database.writing() as connection:
        removed = connection.execute(delete(audit).where(audit.c.at < before)).rowcount
        note(connection, who, "log shortened", "log", f"{removed} rows before {before}")
    return int(removed)
