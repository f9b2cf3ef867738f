"""What can be taken away of a staged plan: run sheets, lists, the plan itself."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.header import Download
from pages.parts.session import lab
from pages.parts.text import file_name, md
from pxcore.errors import PxError
from pxcore.types.staged import StagedPlan
from pxcore.types.staged_views import Outcome

OUTCOME = {"panel.csv": "The panel, CSV", "outcome.json": "Everything, JSON"}
MIME = {"html": "text/html", "csv": "text/csv", "json": "application/json"}


def downloads(plan: StagedPlan) -> list[Download]:
    """Return the files of a plan, as far as it has come; none before runs are planned."""
    if not plan.runs:
        return []
    try:
        files = lab().staged.downloads(plan)
    except PxError:  # the step below says why
        return []
    return [
        Download(md(name, 80), name, MIME.get(name.rpartition(".")[2], "text/plain"), _data(text))
        for name, text in files.items()
    ]


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
    for one in downloads(plan):
        if one.mime == MIME["html"]:
            st.download_button(
                "All sheets to print (HTML)",
                one.data,
                file_name=one.name,
                mime=one.mime,
                key=f"staged-print-{one.name}",
                icon=":material/print:",
                on_click="ignore",
            )
