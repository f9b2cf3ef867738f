"""The PDF: always one page, read back; hostile and long texts do no harm."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from pypdf import PdfReader
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from pxcore.reports.pdf import report_pdf
from pxcore.reports.pdf_page import FIGURE_WIDTH
from pxcore.types.reports import Report
from tests.reports.made_reports import made_report, nasty_result


def read(report: Report) -> tuple[int, str]:
    """Return the pages of a report's PDF and the text of the first, in one line."""
    pages = PdfReader(io.BytesIO(report_pdf(report))).pages
    return len(pages), " ".join(pages[0].extract_text().split())


def test_one_page_holds_the_answer_the_numbers_and_the_methods() -> None:
    report = made_report()
    pages, text = read(report)
    assert pages == 1
    for told in (report.title, report.verdict, report.methods):
        assert " ".join(told.split()) in text
    for name, value in report.facts:
        assert name in text
        assert value in text
    assert "PI (DNA) stain 1 0.660 (0.620 to 0.700) informative" in text
    reader = PdfReader(io.BytesIO(report_pdf(report)))
    assert reader.metadata is not None
    assert reader.metadata.title == report.title
    assert len(reader.pages[0].images) == 1  # the ranking
    assert min(reader.pages[0].images[0].image.size) > 500  # type: ignore[union-attr]


@pytest.mark.parametrize("rows", [6, 11])
def test_the_figure_fills_the_width_in_letters_that_can_be_read(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[float, float]] = []

    def take(_: Canvas, __: object, x: float, ___: float, wide: float, ____: float) -> None:
        drawn.append((x, wide))

    monkeypatch.setattr(Canvas, "drawImage", take)
    found = made_report()
    (figure, *_), section = found.sections[0].figures, found.sections[0]
    high = json.loads(figure.plotly_json)
    high["layout"]["height"] = 46 * rows + 90
    taller = replace(section, figures=(replace(figure, plotly_json=json.dumps(high)),))
    report_pdf(replace(found, sections=(taller, *found.sections[1:])))
    ((left, wide),) = drawn
    assert wide >= 0.97 * (A4[0] - 2 * left)
    assert wide / FIGURE_WIDTH * 10 > 6  # points: matplotlib writes labels in 10


def test_few_rows_are_never_left_out() -> None:
    section = made_report().sections[0]
    table = section.tables[0]
    for number, cut in ((14, False), (40, True)):
        rows = tuple((f"channel {n}", *table.rows[0][1:]) for n in range(number))
        longer = replace(section, tables=(replace(table, rows=rows),))
        _, text = read(replace(made_report(), sections=(longer,), methods="Short."))
        assert ("in the HTML report. Methods" in text) is cut
        assert cut or "channel 13 " in text


def test_equal_reports_are_equal_bytes() -> None:
    assert report_pdf(made_report()) == report_pdf(made_report())


def test_whatever_is_too_long_stays_on_the_page() -> None:
    report = made_report()
    long = replace(
        report,
        title="Title " * 100,
        verdict="The verdict is long. " * 100,
        facts=tuple((f"Fact {n}", "value " * 200) for n in range(40)),
        methods="Many things were done. " * 900,
    )
    pages, text = read(long)
    assert pages == 1
    assert "(whole in the HTML report)" in text
    assert "Made 2026-03-01 10:00 UTC by" in text


@pytest.mark.parametrize("shift", [0, 3])
def test_hostile_names_are_text(shift: int) -> None:
    found = nasty_result(shift)
    pages, text = read(made_report(found))
    assert pages == 1
    names = [" ".join(name.split()) for name in found.panel.names[:4]]
    assert sum(name.replace("\u202e", "")[:38] in text for name in names) >= 3


def test_a_report_without_figures_and_tables_is_a_page_too() -> None:
    pages, text = read(replace(made_report(), sections=(), facts=()))
    assert pages == 1
    assert "Methods" in text
