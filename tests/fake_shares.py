"""Links of a lab in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pxcore.errors import AccessError
from pxcore.types.panel import Constraints
from pxcore.types.people import ShareRow
from pxcore.types.reports import Report
from tests.report_values import report

MADE = "2026-11-21T20:30:00+00:00"
TOKEN = "t" * 43


@dataclass
class FakeShares:
    """What was shared, by token; what the pages asked for is kept in ``asked``."""

    allowed: bool = True
    public_url: str = ""
    reports: dict[str, Report] = field(default_factory=dict)
    rows: list[ShareRow] = field(default_factory=list)
    refusal: str = ""
    asked: list[tuple[object, ...]] = field(default_factory=list)

    def make(
        self, kind: str, subject: str, days: int = 30, wanted: Constraints | None = None
    ) -> tuple[ShareRow, str]:
        if self.refusal:
            raise AccessError(self.refusal)
        self.asked.append(("make", kind, subject, days, wanted))
        self.reports[TOKEN] = report()
        self.rows.append(row(kind=kind, subject=subject))
        return self.rows[-1], TOKEN

    def open(self, token: str, *, again: bool = False) -> Report:
        self.asked.append(("open", token, again))
        if token not in self.reports:
            message = "this link shows nothing"
            raise AccessError(message)
        return self.reports[token]

    def archive(self, token: str) -> bytes:
        return f"PK{self.open(token, again=True).subject}".encode()

    def mine(self) -> tuple[ShareRow, ...]:
        return tuple(self.rows)

    def all(self) -> tuple[ShareRow, ...]:
        return tuple(self.rows)

    def revoke(self, share_id: str) -> ShareRow:
        self.asked.append(("revoke", share_id))
        return self._changed(share_id, alive=False, revoked=MADE)

    def extend(self, share_id: str, days: int = 30) -> ShareRow:
        self.asked.append(("extend", share_id, days))
        return self._changed(share_id, alive=True)

    def _changed(self, share_id: str, **values: object) -> ShareRow:
        if self.refusal:
            raise AccessError(self.refusal)
        place = [one.id for one in self.rows].index(share_id)
        self.rows[place] = replace(self.rows[place], **values)  # type: ignore[arg-type]
        return self.rows[place]


def row(**values: object) -> ShareRow:
    """Return a link that opens, but for what is given."""
    usual: dict[str, object] = {
        "id": "5ha4e", "kind": "run", "subject": "finished", "title": "Jurkat cells, fast",
        "owner": "ann", "created": MADE, "expires": "2026-12-21T20:30:00+00:00", "opened": 2,
    }  # fmt: skip
    return ShareRow(**{**usual, **values})  # type: ignore[arg-type]
