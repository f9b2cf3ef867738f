"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Rank(StrEnum):
    """What a person may do (stored as ``role``; `Role` is a channel's)."""

    READER = "reader"
    """Look at everything that is not private."""
    MEMBER = "member"
    """And import, start, edit and share; cancel and delete what is their own."""
    ADMIN = "admin"
    """And everybody's work, people, quotas, links and clean-up."""

    @property
    def word(self) -> str:
        """The rank as people read it."""
        return "administrator" if self is Rank.ADMIN else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who asks. ``name`` is written on what they start."""

    name: str = ""
    rank: Rank = Rank.READER
    id: str = ""
    """Their row among ``people``; empty where nobody logs in."""

    @property
    def admin(self) -> bool:
        """True for whoever may do everything."""
        return self.rank is Rank.ADMIN

    def owns(self, owner: str) -> bool:
        """Return whether what ``owner`` started is this person's, or they are an admin."""
        return self.admin or (bool(self.name) and self.name == owner)


HOST = Person(rank=Rank.ADMIN)
"""Whoever has the files of the store: runner and command line. May do everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may log in, as an administrator sees them."""

    id: str
    name: str
    rank: Rank
    active: bool
    quota_gb: float | None
    """GiB their work may take; None for the setting's."""
    created: str
    seen: str = ""
    """When they last came in, UTC; empty for never."""
    provider: bool = False
    """True where the identity provider knows them: they have no password here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One line of who did what."""

    at: str
    who: str
    action: str
    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """One link, as its owner sees it; the token itself is nowhere kept."""

    id: str
    kind: str
    """``run``, ``comparison``, ``panel`` or ``plan``."""
    subject: str
    title: str
    owner: str
    created: str
    expires: str
    """UTC, ISO 8601."""
    revoked: str = ""
    """When, or empty."""
    opened: int = 0
    alive: bool = True
    """True while the link opens."""

    @property
    def state(self) -> Literal["opens", "expired", "revoked"]:
        """What has become of the link, in a word."""
        if self.revoked:
            return "revoked"
        return "opens" if self.alive else "expired"
