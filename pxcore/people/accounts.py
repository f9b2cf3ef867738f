"""Accounts: who may log in, with which rank. A name is never given away again.

Runs and data sets carry their owner's name, so an account that ends is only made inactive.
"""

from __future__ import annotations

import secrets
import unicodedata

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from pxcore.errors import AccessError
from pxcore.people.passwords import hashed
from pxcore.people.rights import require_admin
from pxcore.store import audit
from pxcore.store.database import next_ordinal, now
from pxcore.store.home import Store
from pxcore.store.tables import people, sessions
from pxcore.types.people import Account, Rank

LONGEST_NAME = 60
WHAT = "Administering people"


def everyone(store: Store) -> tuple[Account, ...]:
    """Return every account by name. Raises AccessError for everybody but administrators."""
    require_admin(store, WHAT)
    with store.database.reading() as connection:
        found = tuple(_account(row) for row in connection.execute(select(people)).mappings())
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


def add(store: Store, name: str, rank: Rank, password: str) -> Account:
    """Return the new account of somebody who logs in by a password.

    Raises AccessError for a name that is taken or not usable, and for a password that is too
    short; as all that follow it is for administrators.
    """
    require_admin(store, WHAT)
    stored = hashed(password)
    with store.database.writing() as connection:
        row = insert_person(connection, name=checked_name(name), rank=rank, password_hash=stored)
        audit.note(connection, store.person.name, "person added", row.name, rank.word)
    return row


def set_rank(store: Store, name: str, rank: Rank) -> Account:
    """Return the account with another rank. The last active administrator keeps theirs."""
    return _change(store, name, {"role": rank}, f"rank {rank.word}")


def set_active(store: Store, name: str, *, active: bool) -> Account:
    """Return the account, let in again or shut out at once, wherever they are logged in."""
    return _change(store, name, {"active": active}, "let in" if active else "shut out")


def set_password(store: Store, name: str, password: str) -> Account:
    """Return the account with a new password; whoever is logged in by the old one is out."""
    return _change(store, name, {"password_hash": hashed(password)}, "new password")


def set_quota(store: Store, name: str, gb: float | None) -> Account:
    """Return the account with so many GiB for its work; None for the setting's, 0 for no limit."""
    if gb is not None and not 0 <= gb < 1e6:
        message = f"a quota of {gb} GiB cannot be; expected 0 (no limit) to a million"
        raise AccessError(message)
    told = "the setting's" if gb is None else f"{gb:g} GiB"
    return _change(store, name, {"quota_gb": gb}, f"quota {told}")


def has_admin(store: Store) -> bool:
    """Return whether an active administrator is there: without one nobody can let others in."""
    with store.database.reading() as connection:
        return _admins(connection) > 0


def insert_person(
    connection: Connection, *, name: str, rank: Rank, password_hash: str = "", subject: str = ""
) -> Account:
    """Return the account of a new row. Raises AccessError for a name that is taken."""
    if named(connection, name) is not None:
        message = (
            f"the name {name!r} is taken, by letters that differ in case at most; choose another"
        )
        raise AccessError(message)
    row = {
        "id": secrets.token_hex(8),
        "name": name,
        "subject": subject,
        "role": rank,
        "password_hash": password_hash,
        "active": True,
        "created": now(),
        "ordinal": next_ordinal(connection, people),
    }
    connection.execute(insert(people).values(**row))
    found = connection.execute(select(people).where(people.c.id == row["id"])).mappings().one()
    return _account(found)


def named(connection: Connection, name: str) -> RowMapping | None:
    """Return the row of this name, whatever the case of its letters, or None."""
    wanted = plain(name)
    for row in connection.execute(select(people)).mappings():
        if plain(row["name"]) == wanted:
            return row
    return None


def plain(name: str) -> str:
    """Return a name for comparison: what looks alike to a person is alike."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def checked_name(name: str) -> str:
    """Return a name as it is stored. Raises AccessError for one that cannot be shown."""
    found = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(found) <= LONGEST_NAME or not found.isprintable():
        message = (
            f"{name[:80]!r} cannot be a name; expected 1 to {LONGEST_NAME} letters that can be seen"
        )
        raise AccessError(message)
    return found


def _change(store: Store, name: str, values: dict[str, object], told: str) -> Account:
    """Return the account with other values, unless nobody could administer then."""
    require_admin(store, WHAT)
    with store.database.writing() as connection:
        found = named(connection, name)
        if found is None:
            message = f"nobody here is called {name!r}; `python -m pxcore people list` lists all"
            raise AccessError(message)
        if values.get("role", Rank.ADMIN) != Rank.ADMIN and _named_admin(store, found):
            message = f"PXCORE_ADMINS makes {found['name']} an administrator; take them out there"
            raise AccessError(message)
        connection.execute(update(people).where(people.c.id == found["id"]).values(**values))
        if not {"role", "active"}.isdisjoint(values) and not _admins(connection):
            message = (
                f"{found['name']} is the last active administrator; make somebody else one first"
            )
            raise AccessError(message)  # and nothing is written
        if "password_hash" in values or values.get("active") is False:
            connection.execute(delete(sessions).where(sessions.c.person_id == found["id"]))
        audit.note(connection, store.person.name, "person changed", found["name"], told)
        changed = connection.execute(select(people).where(people.c.id == found["id"]))
        return _account(changed.mappings().one())


def _named_admin(store: Store, row: RowMapping) -> bool:
    """Return whether the settings would make this person an administrator again."""
    if store.settings.auth != "oidc" or not row["subject"]:
        return False
    known = {f"sub:{row['subject'].partition(' ')[2]}", row["name"].casefold()}
    return not known.isdisjoint(store.settings.admin_names)


def _admins(connection: Connection) -> int:
    active = people.c.active.is_(True) & (people.c.role == Rank.ADMIN)
    return int(connection.scalar(select(func.count()).where(active)) or 0)


def _account(row: RowMapping) -> Account:
    return Account(
        id=row["id"],
        name=row["name"],
        rank=Rank(row["role"]),
        active=row["active"],
        quota_gb=row["quota_gb"],
        created=row["created"],
        seen=row["seen"],
        provider=bool(row["subject"]),
    )
