"""The door on people with one person in front of every tab."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pxcore.errors import AccessError
from pxcore.types.people import Account, AuditRow, Person, Rank


@dataclass
class FakePeople:
    """Everybody is let in as ``person``, set by a test; None has to log in."""

    auth: str = "open"
    person: Person | None = None
    refusal: str = ""
    asking: Person | None = None
    """As whom the pages asked last."""
    accounts: list[Account] = field(default_factory=list)
    rows: list[AuditRow] = field(default_factory=list)
    asked: list[tuple[str, object]] = field(default_factory=list)

    def everyone(self) -> tuple[Account, ...]:
        return tuple(self.accounts)

    def has_admin(self) -> bool:
        return any(one.active and one.rank is Rank.ADMIN for one in self.accounts)

    def add(self, name: str, rank: Rank, password: str) -> Account:
        made = Account(
            id=name, name=name, rank=rank, active=True, quota_gb=None, created="2026-11-21"
        )
        self.accounts.append(made)
        return made

    def set_rank(self, name: str, rank: Rank) -> Account:
        return self._change(name, rank=rank)

    def set_active(self, name: str, *, active: bool) -> Account:
        return self._change(name, active=active)

    def set_password(self, name: str, password: str) -> Account:
        self.asked.append(("password", name))
        return self._change(name)

    def set_quota(self, name: str, gb: float | None) -> Account:
        return self._change(name, quota_gb=gb)

    def audit(self, most: int = 5000) -> tuple[AuditRow, ...]:
        return tuple(self.rows[:most])

    def who(self, token: str) -> Person | None:
        return self.person

    def set_private(self, run_id: str, *, private: bool) -> None:
        if self.refusal:
            raise AccessError(self.refusal)
        self.asked.append(("private", (run_id, private)))

    def _change(self, name: str, **values: object) -> Account:
        for number, one in enumerate(self.accounts):
            if one.name == name:
                self.accounts[number] = replace(one, **values)  # type: ignore[arg-type]
                return self.accounts[number]
        message = f"nobody here is called {name!r}"
        raise AccessError(message)
