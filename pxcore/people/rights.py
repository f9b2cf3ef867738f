"""What the person who asks may do. Called where rows are read and written, never by pages."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, or_, select, true

from pxcore.errors import AccessError, RunError
from pxcore.store.home import Store
from pxcore.store.tables import people, runs
from pxcore.types.people import Person, Rank


def may_see(person: Person, owner: str, *, private: bool) -> bool:
    """Return whether what is ``owner``'s is there at all for this person."""
    return not private or person.owns(owner)


def visible_runs(person: Person) -> ColumnElement[bool]:
    """Return `may_see` as the condition of a query on runs."""
    if person.admin:
        return true()
    open_to_all = runs.c.private.is_(False)
    return or_(open_to_all, runs.c.owner == person.name) if person.name else open_to_all


def require_member(store: Store, what: str) -> None:
    """Raise AccessError for a reader. ``what`` begins the sentence: "Starting a run"."""
    if store.person.rank is Rank.READER:
        message = (
            f"{what} needs the rank of a member; {_who(store.person)} is a reader, who may look at "
            "everything and change nothing: ask an administrator of this lab"
        )
        raise AccessError(message)


def require_owner(store: Store, owner: str, what: str) -> None:
    """Raise AccessError unless this is the person's own, or they are an administrator."""
    require_member(store, what)
    if not store.person.owns(owner):
        message = (
            f"{what} is for {owner or 'an administrator'}"
            f"{' and administrators' if owner else ', as nobody owns it'}; {_who(store.person)} "
            "is neither: ask one of them"
        )
        raise AccessError(message)


def require_admin(store: Store, what: str) -> None:
    """Raise AccessError for everybody but administrators."""
    if not store.person.admin:
        message = f"{what} is for administrators; {_who(store.person)} is none: ask one of them"
        raise AccessError(message)


def signed(store: Store, typed: str) -> str:
    """Return the name to be written on what is made: who logged in, else what was typed."""
    return store.person.name if store.person.id else typed


def check_private(store: Store, owner: str) -> None:
    """Raise RunError for a private run that nobody would own, or where everybody sees all."""
    if store.settings.auth == "open":
        known = kept_apart(store)
        message = "a run cannot be private here: with PXCORE_AUTH=open everybody sees everything; "
        message += "set it to password or oidc"
        if known:
            message = (
                f"a run cannot be made private from here: this store has {known}, but "
                "PXCORE_AUTH is not set where this was started, which means open, where everybody "
                "sees everything; give it the service's settings, such as PXCORE_AUTH=password "
                "(and PXCORE_OWNER=NAME: whose run it is)"
            )
        raise RunError(message)
    if not owner:
        message = "a private run needs an owner, or nobody would see it; name one (PXCORE_OWNER)"
        raise RunError(message)


def kept_apart(store: Store) -> str:
    """Return what in a store is not for everybody, counted in words; empty for nothing."""
    wanted = (("account", people.c.active.is_(True)), ("private run", runs.c.private.is_(True)))
    with store.database.reading() as connection:
        found = [
            (int(connection.scalar(select(func.count()).where(those)) or 0), noun)
            for noun, those in wanted
        ]
    return " and ".join(f"{n:,} {noun}{'' if n == 1 else 's'}" for n, noun in found if n)


def _who(person: Person) -> str:
    return person.name or "this visitor"
