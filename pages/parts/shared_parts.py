"""The parts of a shared result: sections with figures and tables, and its files."""

from __future__ import annotations

import streamlit as st

from pages.parts.figures import Shown, show
from pages.parts.header import Download
from pages.parts.session import lab, later
from pages.parts.text import csv_bytes, file_name, md
from pxcore.plots.toned import toned
from pxcore.types.reports import Report, ReportFigure, ReportSection, ReportTable

ROWS = 12
"""Of a table that are seen at once."""


def downloads(report: Report, token: str) -> list[Download]:
    """Return the result as files; each is made of the report, if its link still opens."""
    shares, reports = lab().shares, lab().reports

    def html() -> bytes:
        return reports.html(shares.open(token, again=True)).encode("utf-8")

    def pdf() -> bytes:
        return reports.pdf(shares.open(token, again=True))

    def archive() -> bytes:
        return shares.archive(token)

    def name(ending: str) -> str:
        return file_name(report.title, f"{report.kind}_report.{ending}")

    return [
        Download("Report, HTML", name("html"), "text/html", html),
        Download("Verdict on one page, PDF", name("pdf"), "application/pdf", pdf),
        Download("Everything, ZIP", name("zip"), "application/zip", archive),
    ]


def section(found: ReportSection, number: int, stem: str) -> None:
    """Draw a heading with its text, figures and tables. ``number``: of the section."""
    st.subheader(md(found.title, 120), anchor=False)
    for paragraph in found.paragraphs:
        st.markdown(md(paragraph, 3000), width=980)
    tables = {table.name: table for table in found.tables}
    for figure in found.figures:
        _figure(figure, f"shared-{number}-{figure.name}", stem, tables.get(figure.table))
    drawn = {figure.table for figure in found.figures}
    for table in found.tables:
        if table.name not in drawn:
            _table(table, f"shared-{number}-{table.name}", stem)


def _figure(figure: ReportFigure, key: str, stem: str, table: ReportTable | None) -> None:
    """Draw a figure in the tones of this browser, with the table behind it and its files."""
    if figure.title:
        st.markdown(f"**{md(figure.title, 160)}**")
    show(
        lambda theme: toned(figure.plotly_json, theme),
        Shown(
            key=key,
            stem=stem,
            own_width=figure.own_width,
            note=md(table.note, 1000) if table is not None else "",
        ),
        lab().reports.frame(table) if table is not None else None,
    )
    if figure.caption:
        st.caption(md(figure.caption, 1000), width=980)


def _table(table: ReportTable, key: str, stem: str) -> None:
    """Draw a table that no figure stands for, and its file."""
    st.markdown(f"**{md(table.title, 160)}**")
    shown = lab().reports.frame(table)
    st.dataframe(
        shown,
        hide_index=True,
        key=f"{key}-table",
        width="stretch",
        height="content" if len(shown) <= ROWS else 36 * ROWS,
    )
    if table.note:
        st.caption(md(table.note, 1000), width=980)
    st.download_button(
        "CSV",
        later(lambda: csv_bytes(shown)),
        file_name=file_name(stem, f"{table.name}.csv"),
        mime="text/csv",
        key=f"{key}-csv",
        icon=":material/download:",
        on_click="ignore",
    )
