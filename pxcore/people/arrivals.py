"""People whom the identity provider vouches for: known by issuer and subject, never by a name."""

from __future__ import annotations

import itertools

from sqlalchemy import Connection, select, update

from pxcore.errors import AccessError
from pxcore.people.accounts import LONGEST_NAME, insert_person, plain
from pxcore.store import audit
from pxcore.store.database import now
from pxcore.store.home import Store
from pxcore.store.tables import datasets, people, plan_versions, runs, shares
from pxcore.types.people import Person, Rank


def arrive(store: Store, issuer: str, subject: str, name: str = "", email: str = "") -> Person:
    """Return the person of a log-in at the identity provider; whoever comes first is made known.

    The first time they get a name that nobody has and nothing is owned by (nor will be: not
    PXCORE_OWNER), and the rank of
    PXCORE_NEWCOMERS; always the rank of an administrator where PXCORE_ADMINS names them.

    Parameters
    ----------
    issuer, subject
        As the provider signed them: together they are one person for ever.
    name
        To be shown. People choose it themselves: it proves nothing.
    email
        One that the provider has verified, else empty.

    Raises AccessError for somebody who was shut out, and for a log-in without a subject.
    """
    if not issuer or not subject:
        message = "the identity provider named nobody; look at PXCORE_OIDC_METADATA_URL"
        raise AccessError(message)
    key = f"{issuer} {subject}"
    admin = not {f"sub:{subject}", email.casefold()}.isdisjoint(store.settings.admin_names)
    with store.database.reading() as connection:
        known = connection.execute(select(people).where(people.c.subject == key)).mappings().first()
    today = now()[:10]
    settled = known is not None and known["seen"][:10] == today
    if known is None or not settled or (admin and known["role"] != Rank.ADMIN):
        known = None
        with store.database.writing() as connection:
            _let_in(connection, store, key, email or name or subject, admin=admin)
            row = select(people).where(people.c.subject == key)
            known = connection.execute(row).mappings().one()
    if not known["active"]:
        message = f"{known['name']} was shut out of this lab; ask an administrator"
        raise AccessError(message)
    return Person(id=known["id"], name=known["name"], rank=Rank(known["role"]))


def _let_in(connection: Connection, store: Store, key: str, name: str, *, admin: bool) -> None:
    """Write who came, with the rank that the settings give."""
    found = connection.execute(select(people).where(people.c.subject == key)).mappings().first()
    if found is None:
        rank = Rank.ADMIN if admin else Rank(store.settings.newcomers)
        shown = _free_name(connection, store, name)
        made = insert_person(connection, name=shown, rank=rank, subject=key)
        audit.note(connection, made.name, "person arrived", made.name, rank.word)
    elif admin and found["active"] and found["role"] != Rank.ADMIN:
        made_admin = update(people).where(people.c.subject == key)
        connection.execute(made_admin.values(role=Rank.ADMIN))
        audit.note(connection, found["name"], "person changed", found["name"], "PXCORE_ADMINS")
    connection.execute(update(people).where(people.c.subject == key).values(seen=now()))


def _free_name(connection: Connection, store: Store, wanted: str) -> str:
    """Return a name that is nobody's and owns nothing: who calls themselves so proves nothing."""
    shown = "".join(letter for letter in wanted if letter.isprintable()).strip()
    shown = shown[: LONGEST_NAME - 6] or "somebody"
    owned = (runs.c.owner, datasets.c.owner, plan_versions.c.owner, shares.c.owner)
    names = select(people.c.name).union(*map(select, owned))
    taken = {plain(one) for one in (*connection.scalars(names), store.settings.owner)}
    numbered = (f"{shown} ({number})" for number in itertools.count(2))
    return next(
        one for one in (shown, *itertools.islice(numbered, 10_000)) if plain(one) not in taken
    )
