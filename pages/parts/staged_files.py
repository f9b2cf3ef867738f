"""What can be taken away of a staged plan: run sheets, lists, the plan itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from pages.parts.header import Download
from pages.parts.panel_address import margin
from pages.parts.report_files import report_files
from pages.parts.session import lab, later
from pages.parts.text import file_name, md
from pxcore.errors import PxError
from pxcore.types.panel import Constraints
from pxcore.types.staged import StagedPlan
from pxcore.types.staged_views import Outcome

OUTCOME = {"panel.csv": "The panel, CSV", "outcome.json": "Everything, JSON"}
FILES = {
    "run_sheets.html": "Run sheets and order list to print",
    "channel_map.csv": "Channel map of all runs",
    "order_list.csv": "Order list",
    "control_list.csv": "Control list",
    "final_run.csv": "Sheet of the final run",
    "trail.csv": "Trail: who decided what",
    "plan.json": "The whole plan",
}
"""Files of a plan in words."""
MIME = {"html": "text/html", "csv": "text/csv", "json": "application/json"}


def downloads(plan: StagedPlan) -> list[Download]:
    """Return the report and the files of a plan, as far as it has come; none before its runs."""
    papers = _papers(plan)
    if not papers:
        return []
    return [*report_files("plan", plan.id, plan.title, wanted_of()), *papers]


def wanted_of() -> Constraints:
    """Return the margin of the address, else the usual one."""
    return replace(Constraints(), margin=margin(Constraints().margin)[0])


def downloads_of(plan: StagedPlan, files: Mapping[str, str]) -> list[Download]:
    """Return files with what they are in words, named by their plan."""
    return [
        Download(
            label(name),
            file_name(plan.title, name),
            MIME.get(name.rpartition(".")[2], "text/plain"),
            _data(text),
        )
        for name, text in files.items()
    ]


def label(name: str) -> str:
    """Return what a file is, with its format: ``Order list (CSV)``."""
    stem, _, kind = name.rpartition(".")
    run = stem.removeprefix("run_")
    words = FILES.get(name) or (f"Sheet of run {run}" if run.isdecimal() else md(stem, 60))
    return f"{words} ({kind.upper()})"


def outcome_files(plan: StagedPlan, outcome: Outcome) -> None:
    """Draw buttons for the panel and all that speaks for it."""
    for name, text in lab().staged.outcome_files(plan, outcome).items():
        label, mime = OUTCOME.get(name, name), MIME.get(name.rpartition(".")[2], "text/plain")
        st.download_button(
            label,
            _data(text),
            file_name=file_name(plan.title, name),
            mime=mime,
            key=f"staged-file-{name}",
            icon=":material/download:",
            on_click="ignore",
        )


def _data(text: str) -> Callable[[], bytes]:
    return lambda: text.encode("utf-8")


def printable(plan: StagedPlan) -> None:
    """Draw buttons for the pages that are made for printing."""
    for one in _papers(plan):
        if one.mime == MIME["html"]:
            st.download_button(
                "All sheets to print (HTML)",
                later(one.data),
                file_name=one.name,
                mime=one.mime,
                key="staged-print",
                icon=":material/print:",
                on_click="ignore",
            )


def _papers(plan: StagedPlan) -> list[Download]:
    """Return what goes to the bench, and the plan itself."""
    if not plan.runs:
        return []
    try:
        files = lab().staged.downloads(plan)
    except PxError:  # the step below says why
        return []
    return downloads_of(plan, files)
