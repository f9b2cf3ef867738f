"""Logging in: by password, or as the identity provider says; sessions that can be ended.

A session is a 256-bit token in a cookie; only its hash is stored, so a copy of the database opens
nothing. Failures are counted before a password is looked at, so attempts side by side count too.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from pxcore.errors import AccessError
from pxcore.people.accounts import named, plain
from pxcore.people.passwords import hashed, outdated, right
from pxcore.store import audit
from pxcore.store.database import now
from pxcore.store.home import Store
from pxcore.store.tables import login_failures, people, sessions
from pxcore.types.people import Person, Rank

SESSION_SECONDS = 7 * 86_400
WINDOW = 900.0
"""Seconds for which failures count."""
BY_BOTH, BY_ADDRESS, BY_NAME = 5, 30, 60
"""Failures in a window: of one name from one address, from one address, of one name.

The last is high, or anybody could shut a person out by failing in their name.
"""
LONGEST = 200
WRONG = (
    "name and password do not belong together; look at both, or ask an administrator for a new "
    "password"
)
"""The same for unknown names, wrong passwords and people who are shut out."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt, as it is counted."""

    id: str
    name: str
    address: str
    at: float
    last: bool
    """True for the last one that is looked at."""


def log_in(store: Store, name: str, password: str, address: str) -> str:
    """Return the token of a new session.

    Raises AccessError for a name and password that do not belong together, and for too many
    failures: nothing tells which names exist.
    """
    name, address = _shown(name), _shown(address)
    attempt = _counted(store, plain(name), address)
    with store.database.reading() as connection:
        found = named(connection, name)
    stored = found["password_hash"] if found is not None and found["active"] else ""
    if not right(password, stored) or found is None:
        if attempt.last:
            with store.database.writing() as connection:
                audit.note(connection, name, "log-in locked", address)
        raise AccessError(WRONG)
    better = hashed(password) if outdated(stored) else stored
    token = secrets.token_urlsafe(32)
    with store.database.writing() as connection:
        # Looked at again: meanwhile the password may be another one, or the person shut out.
        same = (people.c.id == found["id"]) & (people.c.password_hash == stored)
        still = update(people).where(same & people.c.active.is_(True))
        if connection.execute(still.values(password_hash=better)).rowcount != 1:
            raise AccessError(WRONG)
        _forgive(connection, attempt)
        _open_session(connection, found["id"], token)
    return token


def let_in(store: Store, person: Person) -> str:
    """Return the token of a new session of somebody whom the identity provider vouches for."""
    token = secrets.token_urlsafe(32)
    with store.database.writing() as connection:
        _open_session(connection, person.id, token)
    return token


def change_password(store: Store, old: str, new: str, address: str) -> str:
    """Return the token of a new session once the person who asks has a new password.

    Their other sessions end. Raises AccessError as `log_in` for the old one, for a new one that is
    too short or long, and for whoever has no account here.
    """
    name = store.person.name
    if not store.person.id:
        message = "nobody is logged in, so there is no password to change; log in first"
        raise AccessError(message)
    stored = hashed(new)
    proved = log_in(store, name, old, address)  # counted as any other attempt
    with store.database.writing() as connection:
        # Its session is there unless somebody changed the password or shut them out meanwhile.
        known = select(sessions.c.token_hash).where(sessions.c.token_hash == _hash(proved))
        if connection.scalar(known) is None:
            raise AccessError(WRONG)
        mine = people.c.id == store.person.id
        connection.execute(update(people).where(mine).values(password_hash=stored))
        connection.execute(delete(sessions).where(sessions.c.person_id == store.person.id))
        audit.note(connection, name, "person changed", name, "new password, by themselves")
    return log_in(store, name, new, address)


def who(store: Store, token: str) -> Person | None:
    """Return whose session a token opens, None for none: unknown, ended, or its person shut out."""
    wanted = (
        select(people.c.id, people.c.name, people.c.role)
        .join(sessions, sessions.c.person_id == people.c.id)
        .where(
            sessions.c.token_hash == _hash(token),
            sessions.c.expires > time.time(),
            people.c.active.is_(True),
            # Of another way in than today's: the lab changed it, so those sessions are over.
            people.c.subject != "" if store.settings.auth == "oidc" else people.c.subject == "",
        )
    )
    with store.database.reading() as connection:
        row = connection.execute(wanted).mappings().first()
    return None if row is None else Person(id=row["id"], name=row["name"], rank=Rank(row["role"]))


def log_out(store: Store, token: str) -> None:
    """End a session; nothing happens to an unknown one."""
    with store.database.writing() as connection:
        connection.execute(delete(sessions).where(sessions.c.token_hash == _hash(token)))


def _counted(store: Store, name: str, address: str) -> _Attempt:
    """Return the attempt, counted as a failure until it succeeds. AccessError for too many."""
    at, columns = time.time(), login_failures.c
    of_name, from_there = columns.name == name, columns.address == address
    limits = ((of_name & from_there, BY_BOTH), (from_there, BY_ADDRESS), (of_name, BY_NAME))
    # Also what lies in the future: a clock that was set back must not shut anybody out.
    late = (columns.at < at - WINDOW) | (columns.at > at + WINDOW)
    with store.database.reading() as connection:  # a flood of guesses writes nothing
        counts = [_count(connection, which & ~late) for which, _ in limits]
        _check(counts, [most for _, most in limits])
    with store.database.writing() as connection:
        connection.execute(delete(login_failures).where(late))
        counts = [_count(connection, which) for which, _ in limits]
        _check(counts, [most for _, most in limits])
        last = any(n + 1 == most for n, (_, most) in zip(counts, limits, strict=True))
        attempt = _Attempt(secrets.token_hex(8), name, address, at, last)
        row = {"id": attempt.id, "name": name, "address": address, "at": at}
        connection.execute(insert(login_failures).values(**row))
    return attempt


def _check(counts: Sequence[int], limits: Sequence[int]) -> None:
    if any(n >= most for n, most in zip(counts, limits, strict=True)):
        message = (
            f"too many log-ins failed; wait {WINDOW / 60:.0f} minutes, or ask an administrator"
        )
        raise AccessError(message)


def _count(connection: Connection, which: object) -> int:
    wanted = select(func.count()).select_from(login_failures).where(which)  # type: ignore[arg-type]
    return int(connection.scalar(wanted) or 0)


def _forgive(connection: Connection, attempt: _Attempt) -> None:
    """Forget a person's failures from their address, this attempt among them."""
    columns = login_failures.c
    over = (columns.name == attempt.name) & (columns.address == attempt.address)
    connection.execute(delete(login_failures).where(over))


def _open_session(connection: Connection, person_id: str, token: str) -> None:
    at = time.time()
    connection.execute(delete(sessions).where(sessions.c.expires < at))
    row = {
        "token_hash": _hash(token),
        "person_id": person_id,
        "expires": at + SESSION_SECONDS,
        "created": now(),
    }
    connection.execute(insert(sessions).values(**row))
    connection.execute(update(people).where(people.c.id == person_id).values(seen=now()))


def _shown(text: str) -> str:
    """Return what a stranger sent as text that any database takes."""
    return "".join(letter for letter in text[:LONGEST] if letter.isprintable())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
