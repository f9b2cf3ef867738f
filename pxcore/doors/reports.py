"""What leaves the lab: a report as a value, and the files it is taken away in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.reports.html import report_html
from pxcore.reports.parts import frame_of
from pxcore.runs import recreating, reporting
from pxcore.store.home import Store
from pxcore.types import RunSpec
from pxcore.types.panel import Constraints
from pxcore.types.reports import Report, ReportTable

if TYPE_CHECKING:
    import pandas as pd


class Reports:
    """Reports of runs, comparisons, panels, staged plans and clusterings."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def report(self, kind: str, subject: str, wanted: Constraints | None = None) -> Report:
        """Return the report of what is there, complete and frozen; see ``runs.reporting``."""
        return reporting.report(self._store, kind, subject, wanted)

    def frame(self, table: ReportTable) -> pd.DataFrame:
        """Return a report's table as a data frame whose columns have one kind each."""
        return frame_of(table)

    def html(self, report: Report) -> str:
        """Return the report as one HTML file that works offline."""
        return report_html(report)

    def pdf(self, report: Report) -> bytes:
        """Return the report's verdict on one page of PDF."""
        from pxcore.reports.pdf import report_pdf  # noqa: PLC0415 - reportlab, when it is needed

        return report_pdf(report)

    def archive(self, report: Report) -> bytes:
        """Return a ZIP of the report with every table behind it that is still here."""
        from pxcore.reports.archive import report_archive  # noqa: PLC0415 - loads rocrate

        return report_archive(report, reporting.raw_tables(self._store, report))

    def spec_from(self, text: str, dataset_id: str = "") -> RunSpec:
        """Return the spec of a recreate.json, of its own cells or of others; see ``recreating``."""
        return recreating.read_recreate(self._store, text, dataset_id)
