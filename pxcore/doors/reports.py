"""What leaves the lab: a report as a value, and the files it is taken away in."""

from __future__ import annotations

from pxcore.reports.html import report_html
from pxcore.runs import reporting
from pxcore.store.home import Store
from pxcore.types.panel import Constraints
from pxcore.types.reports import Report


class Reports:
    """Reports of runs, comparisons, panels and staged plans."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def report(self, kind: str, subject: str, wanted: Constraints | None = None) -> Report:
        """Return the report of what is there, complete and frozen; see ``runs.reporting``."""
        return reporting.report(self._store, kind, subject, wanted)

    def html(self, report: Report) -> str:
        """Return the report as one HTML file that works offline."""
        return report_html(report)
