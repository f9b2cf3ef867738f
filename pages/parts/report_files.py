"""The report of what a page shows, as files: to read, on one page, and everything."""

from __future__ import annotations

from pages.parts.header import Download
from pages.parts.session import lab
from pages.parts.text import file_name
from pxcore.types.panel import Constraints


def report_files(
    kind: str, subject: str, stem: str, wanted: Constraints | None = None
) -> list[Download]:
    """Return the report's files, made when they are taken and as whoever sees the page now.

    Parameters
    ----------
    kind, subject
        As reports name them: ``run`` and a run's id, ``comparison`` and rankings, ...
    stem
        First part of the files' names.
    wanted
        Of a panel or plan, what the address asks for.
    """

    def html() -> bytes:
        door = lab().reports
        return door.html(door.report(kind, subject, wanted)).encode("utf-8")

    def pdf() -> bytes:
        door = lab().reports
        return door.pdf(door.report(kind, subject, wanted))

    def archive() -> bytes:
        door = lab().reports
        return door.archive(door.report(kind, subject, wanted))

    name = f"{kind}_report"
    return [
        Download("Report, HTML", file_name(stem, f"{name}.html"), "text/html", html),
        Download(
            "Verdict on one page, PDF", file_name(stem, f"{name}.pdf"), "application/pdf", pdf
        ),
        Download("Everything, ZIP", file_name(stem, f"{name}.zip"), "application/zip", archive),
    ]
