"""Links by which others read one result: made, listed, taken back, opened."""

from __future__ import annotations

from pxcore.runs import share_rows, sharing
from pxcore.store.home import Store
from pxcore.types.panel import Constraints
from pxcore.types.people import ShareRow
from pxcore.types.reports import Report

__all__ = ["Shares"]


class Shares:
    """The calls of the Share button, of the list of links, and of the page behind a link."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def allowed(self) -> bool:
        """Whether whoever asks may make links."""
        return sharing.may_share(self._store)

    @property
    def public_url(self) -> str:
        """How the lab's dashboard is reached from outside; empty where nobody has said."""
        return self._store.settings.public_url

    def make(
        self,
        kind: str,
        subject: str,
        days: int = sharing.DAYS,
        wanted: Constraints | None = None,
    ) -> tuple[ShareRow, str]:
        """Return a link to a result as it is now, and its token, which is kept nowhere.

        ``kind``, ``subject`` and ``wanted``: as reports take them, such as ``run`` and a run's
        id. Raises AccessError for a reader and for other than 1 to 365 days.
        """
        from pxcore.runs.reporting import report  # noqa: PLC0415 - draws every figure

        sharing.require_sharing(self._store, days)
        return sharing.keep(self._store, report(self._store, kind, subject, wanted), days)

    def open(self, token: str, *, again: bool = False) -> Report:
        """Return the report behind a token; ``again``: of a visit that is counted already.

        Raises AccessError, the same for a link that never was, has expired or was revoked.
        """
        return sharing.opened(self._store, token, again=again)

    def require_open(self, token: str) -> None:
        """Raise AccessError, as `open`, unless a token opens a report, which is not read."""
        sharing.require_open(self._store, token)

    def archive(self, token: str) -> bytes:
        """Return the ZIP of what a token opens, made of the report alone.

        What the lab has of the run by now is not read. Raises AccessError as :meth:`open`.
        """
        from pxcore.reports.archive import report_archive  # noqa: PLC0415 - loads rocrate

        return report_archive(self.open(token, again=True))

    def mine(self) -> tuple[ShareRow, ...]:
        """Return one's own links, and others' to one's own runs and plans, newest first."""
        return share_rows.mine(self._store)

    def all(self) -> tuple[ShareRow, ...]:
        """Return every link of the lab, newest first. Raises AccessError unless an admin asks."""
        return share_rows.every(self._store)

    def revoke(self, share_id: str) -> ShareRow:
        """Return a link that opens nothing from this moment. AccessError for somebody else's."""
        return sharing.revoke(self._store, share_id)

    def extend(self, share_id: str, days: int = sharing.DAYS) -> ShareRow:
        """Return a link that opens for so many days from now. AccessError when it was revoked."""
        return sharing.extend(self._store, share_id, days)
