"""Files of reports of a lab in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from pxcore.reports.parts import frame_of
from pxcore.types import RunResult, RunSpec
from pxcore.types.panel import Constraints
from pxcore.types.reports import Report, ReportTable
from tests import report_values


@dataclass
class FakeReports:
    """What the downloads of a report are made by; what was asked for is kept."""

    asked: list[tuple[str, str, Constraints | None]] = field(default_factory=list)

    def report(self, kind: str, subject: str, wanted: Constraints | None = None) -> Report:
        self.asked.append((kind, subject, wanted))
        return report_values.report(subject=subject)

    def frame(self, table: ReportTable) -> pd.DataFrame:
        return frame_of(table)

    def html(self, report: Report) -> str:
        return f"<h1>{report.title}</h1>"

    def pdf(self, report: Report) -> bytes:
        return f"%PDF-{report.subject}".encode()

    def archive(self, report: Report) -> bytes:
        return f"PK{report.subject}".encode()

    def spec_from(self, text: str, dataset_id: str = "") -> RunSpec:
        raise NotImplementedError


@dataclass
class FakeExports:
    """The numbers of the runs of a lab in memory."""

    opened: Callable[[str], RunResult]

    def tables(self, run_id: str) -> dict[str, pd.DataFrame]:
        result = self.opened(run_id)
        ranking = pd.DataFrame(
            {"method": m.method, "channel": n, "mean": v}
            for m in result.methods
            for n, v in zip(result.panel.names, m.ranking.mean, strict=True)
        )
        names = ["importance", "per_class", "performance", "confusion", "training"]
        further = ("where", "redundancy", "gates", "leakage", "left_out")
        names += [name for name in further if getattr(result, name)]
        return {"ranking": ranking} | {n: pd.DataFrame({"n": [1]}) for n in names}

    def json(self, run_id: str) -> dict[str, object]:
        return {"run_id": run_id}
