"""The HTML report: whole without a network, in Chromium; what people typed stays text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pxcore.reports.html import MOST_ROWS, report_html
from pxcore.reports.parts import for_eyes
from pxcore.types.reports import Report, ReportSection, ReportTable
from tests.reports.made_reports import (
    NASTY,
    made_clustering,
    made_report,
    nasty_clustering,
    nasty_result,
)

pytestmark = pytest.mark.browser


class Opened:
    """A report in a browser without a network, and what it tried."""

    def __init__(self, page: Page, report: Report, folder: Path) -> None:
        self.page = page
        self.asked: list[str] = []
        self.said: list[str] = []
        page.on("request", lambda one: self.asked.append(one.url))
        page.on("console", lambda one: self.said.append(one.text))
        page.on("pageerror", lambda one: self.said.append(str(one)))
        page.on("dialog", lambda one: (self.said.append(one.message), one.dismiss()))
        file = folder / "report.html"
        file.write_text(report_html(report), encoding="utf-8")
        page.goto(file.as_uri())
        self.address = file.as_uri()


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(offline=True, viewport={"width": 1200, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("made", [made_report, made_clustering])
def test_a_report_opens_offline_and_asks_for_nothing(
    made: Callable[[], Report], tab: Page, tmp_path: Path
) -> None:
    report = made()
    opened = Opened(tab, report, tmp_path)
    assert opened.asked == [opened.address]
    assert opened.said == []  # nothing that its own policy had to block
    assert tab.title() == report.title
    assert tab.locator("h1").count() == 1
    assert tab.locator("p.verdict").inner_text() == report.verdict
    headings = tab.locator("h2").all_inner_texts()
    assert headings == [*(one.title for one in report.sections), "Methods"]
    figures = [one for section in report.sections for one in section.figures]
    drawn = tab.locator("figure svg[role=img]")
    assert drawn.count() == len(figures)
    for place, figure in enumerate(figures):
        assert drawn.nth(place).get_attribute("aria-label") == figure.alt
        box = drawn.nth(place).bounding_box()
        assert box is not None
        assert (box["width"] > 900) != figure.own_width, "sheets of cells keep their size"
        assert box["height"] > 60
    tables = [one for section in report.sections for one in section.tables]
    assert tab.locator("table").count() == len(tables)
    heads = sum(len(for_eyes(table).columns) for table in tables)
    assert tab.locator("table thead th[scope=col]").count() == heads


@pytest.mark.parametrize("made", [made_report, made_clustering])
def test_every_id_is_there_once_and_every_reference_leads_somewhere(
    made: Callable[[], Report],
) -> None:
    text = report_html(made())
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids)) > 100
    led = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text))
    assert led <= set(ids)
    assert len(led) > 10


HOSTILE = {
    "run": lambda: made_report(nasty_result(0)),
    "run, other names": lambda: made_report(nasty_result(4)),
    "clustering": lambda: made_clustering(nasty_clustering(0)),
    "clustering, other names": lambda: made_clustering(nasty_clustering(4)),
}


@pytest.mark.parametrize("made", HOSTILE)
def test_hostile_names_are_text(made: str, tab: Page, tmp_path: Path) -> None:
    report = HOSTILE[made]()
    opened = Opened(tab, report, tmp_path)
    assert opened.asked == [opened.address]
    assert opened.said == []
    assert tab.title() != "run"
    assert tab.locator("script, img, iframe, object, embed, form, main b, main i").count() == 0
    outside = tab.locator("a:not([href^='#']), [onclick], [onerror], [onload]")
    assert outside.count() == 0
    names = tab.locator("main").inner_text()
    shown = [name for name in NASTY if name in names]
    assert shown


def test_a_long_table_says_what_is_left_out() -> None:
    rows = tuple((number, f"cell {number}") for number in range(MOST_ROWS + 7))
    table = ReportTable(name="long", title="Long", columns=("n", "name"), rows=rows)
    report = replace(made_report(), sections=(ReportSection(title="S", tables=(table,)),))
    text = report_html(report)
    assert text.count("<tr>") == MOST_ROWS + 1
    assert "7 more rows stand in the archive&#x27;s long.csv." in text
    assert f"cell {MOST_ROWS}<" not in text


class _Balance(HTMLParser):
    """Counts elements that are opened and not closed."""

    VOID = ("meta", "br", "img", "use", "path")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None: ...

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_element_is_closed() -> None:
    parser = _Balance()
    parser.feed(report_html(made_report(nasty_result())))
    assert parser.open == []
