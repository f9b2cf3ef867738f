"""Files of reports of a lab in memory."""

from __future__ import annotations

from dataclasses import dataclass

from pxcore.types.reports import Report


@dataclass
class FakeReports:
    """What the downloads of a report are made by."""

    def html(self, report: Report) -> str:
        return f"<h1>{report.title}</h1>"
