"""Links for readers: a frozen report behind a token that only its holder knows.

A link opens one snapshot and nothing else. The token has 256 bits and is shown once; the database
holds its sha256, so a copy of the rows opens nothing, and the look-up by that hash tells a guesser
nothing about the tokens there are. Unknown, expired and revoked links get one and the same answer.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import time
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Row, insert, not_, select, update
from sqlalchemy.exc import SQLAlchemyError

from pxcore.errors import AccessError, PanelError, RunError, StoreError
from pxcore.people.rights import require_member, visible_runs
from pxcore.plots.numbers import minute
from pxcore.reports.strangers import for_strangers
from pxcore.runs import ledger
from pxcore.runs.share_rows import alive, asker, one, parts_of, stamp, subjects
from pxcore.runs.staged import shelf
from pxcore.store import audit
from pxcore.store.database import next_ordinal, now
from pxcore.store.holds import held
from pxcore.store.home import Store
from pxcore.store.keys import decode, encode, key_of
from pxcore.store.tables import runs, shares
from pxcore.types.people import Rank, ShareRow
from pxcore.types.reports import Report

LOG = logging.getLogger("pxcore.sharing")
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
SNAPSHOT = "report.json"
DAY = 86400.0
MOST_DAYS = 365
DAYS = 30
"""For which a link opens when nobody says otherwise."""


def may_share(store: Store) -> bool:
    """Return whether whoever asks may make links at all."""
    return store.person.rank is not Rank.READER


def require_sharing(store: Store, days: int) -> None:
    """Raise the AccessError that `keep` would raise."""
    require_member(store, "Sharing a result")
    _require_days(days)


def keep(store: Store, report: Report, days: int = DAYS) -> tuple[ShareRow, str]:
    """Return a new link to a report as it is now, and its token, which is kept nowhere.

    Raises AccessError for a reader, and for fewer than 1 or more than 365 days.
    """
    require_sharing(store, days)
    report = for_strangers(report)
    key, token = key_of("report", report), secrets.token_urlsafe(32)
    with held(store, [key]):  # until its row is there, whatever the clock says of its age
        with store.artifacts.write(key) as folder:
            (folder / SNAPSHOT).write_text(encode(report), encoding="utf-8")
        store.note_artifacts({"report": key})
        return _inserted(store, report, key, token, _expiry(days)), token


def opened(store: Store, token: str, *, again: bool = False) -> Report:
    """Return the report behind a token. ``again``: by somebody whose visit is counted already.

    Raises AccessError as `require_open`.
    """
    row = _open_row(store, token)
    found = _snapshot(store, row)
    if not again:
        _count(store, row.id)
    return found


def require_open(store: Store, token: str) -> None:
    """Let a token pass that opens a report; the report is not read: pictures ask one by one.

    Raises
    ------
    AccessError
        The same for a link that never was, has expired or was revoked.
    """
    _open_row(store, token)


def revoke(store: Store, share_id: str) -> ShareRow:
    """Return a link that opens nothing any more, from this moment and for good.

    Raises AccessError for a link that is not there or is somebody else's.
    """
    before = one(store, share_id)
    with store.database.writing() as connection:
        unrevoked = (shares.c.id == share_id) & (shares.c.revoked == "")
        done = connection.execute(update(shares).where(unrevoked).values(revoked=now()))
        if done.rowcount:
            told = f"{before.kind} {before.subject}"
            audit.note(connection, asker(store), "share revoked", share_id, told)
    return one(store, share_id)


def extend(store: Store, share_id: str, days: int = DAYS) -> ShareRow:
    """Return a link that opens for so many days from now; one that had expired opens again.

    Raises AccessError as `revoke`, for a revoked link, for what may no longer be seen, and as
    `keep`.
    """
    found = one(store, share_id)
    require_sharing(store, days)
    _require_seen(store, found)
    expires = _expiry(days)
    with store.database.writing() as connection:
        unrevoked = (shares.c.id == share_id) & (shares.c.revoked == "")
        done = connection.execute(update(shares).where(unrevoked).values(expires=expires))
        if not done.rowcount:
            message = f"link {share_id} was revoked, which is for good; make a new one"
            raise AccessError(message)
        told = f"opens until {minute(stamp(expires))} UTC"
        audit.note(connection, asker(store), "share extended", share_id, told)
    return one(store, share_id)


def _inserted(store: Store, report: Report, key: str, token: str, expires: float) -> ShareRow:
    """Return the row of a new link, unless what it shows has become private meanwhile."""
    share_id, owner = secrets.token_hex(6), asker(store)
    with store.database.writing() as connection:
        hidden = runs.c.id.in_(parts_of(report.subject)) & not_(visible_runs(store.person))
        if connection.scalar(select(runs.c.id).where(hidden)) is not None:
            message = "this result became private while its link was made; ask its owner for one"
            raise AccessError(message)
        connection.execute(
            insert(shares).values(
                id=share_id,
                token_hash=_hashed(token),
                kind=report.kind,
                subject=report.subject,
                title=report.title,
                snapshot_key=key,
                owner=owner,
                created=now(),
                expires=expires,
                ordinal=next_ordinal(connection, shares),
            )
        )
        told = f"{report.kind} {report.subject}, opens until {minute(stamp(expires))} UTC"
        audit.note(connection, owner, "shared", share_id, told)
    return one(store, share_id)


def _expiry(days: int) -> float:
    return time.time() + days * DAY


def _require_days(days: int) -> None:
    if not 1 <= days <= MOST_DAYS:
        message = f"a link opens for 1 to {MOST_DAYS} days; {days} were asked for"
        raise AccessError(message)


def _require_seen(store: Store, row: ShareRow) -> None:
    """Raise AccessError unless whoever asks may see what a link was made of."""
    try:
        for subject in subjects(row):
            if row.kind == "plan":
                shelf.one(store, subject)
            else:
                ledger.record(store, subject)
    except (RunError, PanelError) as error:
        message = f"link {row.id} cannot be extended: what it was made of is not here for you"
        raise AccessError(message) from error


def _open_row(store: Store, token: str) -> Row[tuple[object, ...]]:
    row = None
    if TOKEN.fullmatch(token):
        wanted = select(shares).where(shares.c.token_hash == _hashed(token))
        with store.database.reading() as connection:
            row = connection.execute(wanted).first()
    if row is None or not alive(row):
        message = (
            "this link shows nothing: it has expired, was taken back, or was not copied whole; "
            "ask whoever sent it for a new one"
        )
        raise AccessError(message)
    return row


def _snapshot(store: Store, row: Row[tuple[object, ...]]) -> Report:
    """Return a link's report; its readers are told nothing about this host."""
    try:
        return _read(store.artifacts.folder(row.snapshot_key) / SNAPSHOT)
    except (StoreError, OSError) as error:
        LOG.warning("share %s cannot be shown: %s", row.id, error)
        message = (
            "what this link shows cannot be read here any more; ask whoever sent it for a new one"
        )
        raise AccessError(message) from error


@lru_cache(16)
def _read(path: Path) -> Report:
    """Return a snapshot; it never changes, and a page asks again with every click."""
    return decode(Report, path.read_text(encoding="utf-8"))


def _count(store: Store, share_id: str) -> None:
    """Count a visit; a store that cannot be written is no reason to show nothing."""
    one_more = update(shares).where(shares.c.id == share_id).values(opened=shares.c.opened + 1)
    try:
        with store.database.writing() as connection:
            connection.execute(one_more)
    except (SQLAlchemyError, StoreError) as error:
        LOG.warning("share %s: a visit was not counted: %s", share_id, type(error).__name__)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("ascii")).hexdigest()
