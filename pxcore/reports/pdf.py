"""A report's verdict on one page of PDF: the answer, its figure, the numbers, what was done.

Always one page: of a long table the beginning stands there, and the methods paragraph gets smaller
letters before it is cut. Equal reports are equal bytes.
"""

from __future__ import annotations

import io

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from pxcore import __version__
from pxcore.plots.numbers import minute
from pxcore.plots.text import one_line
from pxcore.reports.fonts import registered
from pxcore.reports.html import KINDS
from pxcore.reports.parts import for_eyes
from pxcore.reports.pdf_page import MUTED, SIZES, Page
from pxcore.types.reports import Report, ReportFigure, ReportTable

__all__ = ["report_pdf"]

LEAST_METHODS = 55 * mm
"""Room that facts leave for the methods paragraph."""
MOST_FACTS = 10


def report_pdf(report: Report) -> bytes:
    """Return one page: title, verdict, main figure, key table, facts, methods."""
    registered()
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, invariant=1, pageCompression=1, lang="en")
    canvas.setTitle(one_line(report.title, 200))
    canvas.setAuthor(f"pxcore {__version__}")
    canvas.setSubject(one_line(report.verdict, 400))
    page = Page(canvas)
    page.write(KINDS.get(report.kind, "Report"), 8.5, colour=MUTED)
    page.write(one_line(report.title, 140), 15, bold=True)
    page.space(1.5 * mm)
    page.write(one_line(report.verdict, 900), 11)
    page.space(2 * mm)
    page.draw(_figures(report))
    facts = [(a, one_line(b, 240)) for a, b in report.facts[:MOST_FACTS]]
    needed = page.height(one_line(report.methods, 20_000), SIZES[2]) + 12 * mm
    page.facts(facts, keep=min(needed, LEAST_METHODS))
    for table in _tables(report)[:1]:
        page.table(for_eyes(table), keep=min(needed, page.left / 2))
    page.methods(one_line(report.methods, 20_000))
    page.foot(f"Made {minute(report.made)} UTC by pxcore {__version__}. The HTML report has all.")
    canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _figures(report: Report) -> list[ReportFigure]:
    return [figure for section in report.sections for figure in section.figures]


def _tables(report: Report) -> list[ReportTable]:
    found = [table for section in report.sections for table in section.tables]
    return [table for table in found if table.rows]
