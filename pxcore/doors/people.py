"""The door on people: accounts, logging in, who did what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from pxcore.errors import AccessError
from pxcore.people import accounts, logins, provider
from pxcore.people.rights import require_admin
from pxcore.runs import privacy
from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.types.people import Account, AuditRow, Person, Rank

KEPT_DAYS = 30
"""Of the log of who did what: what is younger is never removed."""


class People:
    """Everybody of one lab. What administers is for administrators; logging in is for anybody."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def auth(self) -> str:
        """Who may come in: ``open``, ``password`` or ``oidc``."""
        return self._store.settings.auth

    def everyone(self) -> tuple[Account, ...]:
        """Return every account by name."""
        return accounts.everyone(self._store)

    def has_admin(self) -> bool:
        """Return whether an active administrator is there."""
        return accounts.has_admin(self._store)

    def add(self, name: str, rank: Rank, password: str) -> Account:
        """Return the new account of somebody who logs in by a password."""
        return accounts.add(self._store, name, rank, password)

    def set_rank(self, name: str, rank: Rank) -> Account:
        """Return the account with another rank. The last active administrator keeps theirs."""
        return accounts.set_rank(self._store, name, rank)

    def set_active(self, name: str, *, active: bool) -> Account:
        """Return the account, let in again or shut out at once."""
        return accounts.set_active(self._store, name, active=active)

    def set_password(self, name: str, password: str) -> Account:
        """Return the account with a new password; its sessions end."""
        return accounts.set_password(self._store, name, password)

    def set_quota(self, name: str, gb: float | None) -> Account:
        """Return the account with so many GiB for its work; None for the setting's."""
        return accounts.set_quota(self._store, name, gb)

    def audit(self, most: int = audit.MOST) -> tuple[AuditRow, ...]:
        """Return the latest of who did what, newest first; for administrators."""
        require_admin(self._store, "Reading who did what")
        return audit.rows(self._store, most)

    def shorten_audit(self, before: date) -> int:
        """Return how many rows of the days before a date were removed; for administrators.

        Raises AccessError for a date within the last 30 days, whose record nobody removes.
        """
        require_admin(self._store, "Shortening the log")
        latest = datetime.now(UTC).date() - timedelta(days=KEPT_DAYS)
        if before > latest:
            message = (
                f"the log keeps at least {KEPT_DAYS} days; {before} is too late, give {latest} or "
                "an earlier day"
            )
            raise AccessError(message)
        return audit.shorten(self._store, before.isoformat(), self._store.person.name)

    def log_in(self, name: str, password: str, address: str) -> str:
        """Return the token of a new session, or raise AccessError."""
        return logins.log_in(self._store, name, password, address)

    def change_password(self, old: str, new: str, address: str) -> str:
        """Return the token of a new session after the person who asks has a new password."""
        return logins.change_password(self._store, old, new, address)

    def who(self, token: str) -> Person | None:
        """Return whose session a token opens, or None."""
        return logins.who(self._store, token)

    def log_out(self, token: str) -> None:
        """End a session."""
        logins.log_out(self._store, token)

    def way_there(self) -> tuple[str, str]:
        """Return the identity provider's address, and what the browser keeps meanwhile."""
        return provider.way_there(self._store)

    def way_back(self, answer: Mapping[str, str], kept: str) -> str:
        """Return the token of a session of whoever the identity provider sends back."""
        return logins.let_in(self._store, provider.way_back(self._store, answer, kept))

    def set_private(self, run_id: str, *, private: bool) -> None:
        """Hide a run from everybody but its owner and administrators, or show it again."""
        privacy.set_private(self._store, run_id, private=private)
