"""Run sheets: every channel once, controls counted, no formula and no markup gets through."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcore.data.csv_guard import unguarded
from pxcore.errors import PanelError
from pxcore.panel.staged.instruments import INSTRUMENTS
from pxcore.panel.staged.printed import printed_html
from pxcore.panel.staged.sheets import (
    channel_map_csv,
    order_csv,
    order_list,
    run_sheet,
    sheet_csv,
)
from pxcore.types.staged import Candidate, StagedRun
from tests.example_values import HOSTILE

SIX = INSTRUMENTS["one_camera_6"]
SOME = (
    Candidate(marker="DAPI", always_on=True),
    Candidate(marker="CD3", clone="UCHT1", fluorochrome="FITC", cost=1.5),
    Candidate(marker="CD4", fluorochrome="fitc", cost=2.0),
    Candidate(marker="CD8", fluorochrome="APC", cost=4.0),
)
RUNS = (
    StagedRun(number=1, markers=("DAPI", "CD3", "CD4")),
    StagedRun(number=2, markers=("DAPI", "CD3", "CD8"), final=True),
)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_a_run_sheet_shows_every_channel_and_its_controls() -> None:
    sheet = run_sheet(RUNS[0], SOME, SIX, fmo=["cd4", "CD8"])
    assert [(s.number, s.kind, s.marker) for s in sheet.slots] == [
        (1, "brightfield", ""),
        (2, "stain", "DAPI"),
        (3, "stain", "CD3"),
        (4, "stain", "CD4"),
        (5, "empty", ""),
        (6, "darkfield", ""),
    ]
    assert [s.controls for s in sheet.slots][1:4] == [
        ("single stain",),
        ("single stain",),
        ("single stain", "FMO"),
    ]
    assert sheet.notes[0].startswith("CD3 and CD4 have the same fluorochrome")
    assert sheet.notes[1] == "Tubes: 1 full stain, 1 unstained, 3 single stains, 1 FMO."
    assert run_sheet(RUNS[1], SOME, SIX).title == "Final run"


def test_the_order_list_counts_the_tubes_one_by_one() -> None:
    fmo, samples = ["CD4", "CD3"], 2
    found = {row.marker: row for row in order_list(RUNS, SOME, fmo, samples)}
    for candidate in SOME:
        tubes = 0
        for run in RUNS:
            full = [set(run.markers)] * samples
            single = [{marker} for marker in run.markers]
            minus = [set(run.markers) - {marker} for marker in run.markers if marker in fmo]
            tubes += sum(candidate.marker in tube for tube in (*full, *single, *minus))
        assert found[candidate.marker].tests == tubes
        assert found[candidate.marker].cost == tubes * candidate.cost
    assert found["CD3"].runs == (1, 2)
    assert "CD8" not in {row.marker for row in order_list(RUNS[:1], SOME)}


def test_tables_have_a_line_a_channel_and_a_sum() -> None:
    sheets = [run_sheet(run, SOME, SIX) for run in RUNS]
    assert rows(sheet_csv(sheets[0]))[3] == ["3", "stain", "CD3", "UCHT1", "FITC", "single stain"]
    table = rows(channel_map_csv(sheets))
    assert table[0] == ["channel", "Run 1", "Final run"]
    assert table[4] == ["4", "CD4", "CD8"]
    order = order_list(RUNS, SOME)
    assert rows(order_csv(order))[-1] == ["total", "", "", "", "12", "18.00"]
    assert rows(order_csv(order))[2] == ["CD3", "UCHT1", "FITC", "1 2", "4", "6.00"]


@pytest.mark.parametrize("bad", HOSTILE)
def test_nothing_typed_becomes_a_formula_or_markup(bad: str) -> None:
    some = (Candidate(marker=bad, clone=bad, fluorochrome=bad, cost=1),)
    run = StagedRun(number=1, markers=(bad,))
    sheet, order = run_sheet(run, some, SIX), order_list([run], some)
    for text in (sheet_csv(sheet), order_csv(order), channel_map_csv([sheet])):
        cells = [cell for row in rows(text) for cell in row]
        assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t")) for cell in cells)
        assert bad in [unguarded(cell) for cell in cells]
    check_page(printed_html(bad, [sheet], order))


@given(st.text(min_size=1, max_size=40), st.text(max_size=20))
def test_a_printed_page_holds_only_its_own_elements(title: str, clone: str) -> None:
    some = (Candidate(marker="CD3", clone=clone),)
    check_page(printed_html(title, [run_sheet(StagedRun(number=1, markers=("CD3",)), some, SIX)]))


OWN = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "section", "p", "table", "thead",
    "tbody", "tr", "th", "td", "ul", "li",
}  # fmt: skip


def check_page(page: str) -> None:
    tags: list[str] = []
    attributes: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            attributes.update(name for name, _ in attrs)

    Reader().feed(page)
    assert set(tags) <= OWN
    assert attributes <= {"lang", "charset", "http-equiv", "content", "scope"}
    assert "default-src 'none'" in page
    assert "\u202e" not in page
    for word in ("url(", "@import", 'src="', 'href="'):
        assert word not in page.split("</style>", maxsplit=1)[0]


def test_the_printed_page_shows_runs_and_order_in_words() -> None:
    sheet = run_sheet(RUNS[0], SOME, SIX)
    page = printed_html("Plan <1>", [sheet], order_list(RUNS, SOME))
    assert "<title>Plan &lt;1&gt;</title>" in page
    assert "<td>DAPI (always on)</td>" in page
    assert "<h2>Order list</h2>" in page
    assert "<td>18.00</td>" in page
    assert "Order list" not in printed_html("x", [sheet])


def test_every_printed_sheet_says_of_which_plan_and_has_lines_to_fill_in() -> None:
    sheets = [run_sheet(run, SOME, SIX) for run in RUNS]
    which, ordered = "plan ab12, version 7", "Controls are included."
    page = printed_html("T-cells", sheets, order_list(RUNS, SOME), which=which, ordered=ordered)
    assert page.count("T-cells, plan ab12, version 7") == 3  # two runs and the order list
    assert (
        page.count(">Date:</td>")
        == page.count(">Operator:</td>")
        == page.count(">Sample:</td>")
        == 2
    )
    assert page.index("Order list") < page.index(ordered)


def test_several_markers_of_one_fluorochrome_are_listed_with_commas() -> None:
    some = tuple(Candidate(marker=name, fluorochrome="PE") for name in "ABC")
    notes = run_sheet(StagedRun(number=1, markers=("A", "B", "C")), some, SIX).notes
    assert notes[0].startswith("A, B and C have the same fluorochrome")
    assert "all but one of them" in notes[0]


def test_sheets_refuse_what_does_not_fit() -> None:
    five = StagedRun(number=1, markers=("DAPI", "CD3", "CD4", "CD8", "CD3"))
    with pytest.raises(PanelError, match=r"run 1 has 5 markers, but .* has 4 slots"):
        run_sheet(five, SOME, SIX)
    with pytest.raises(PanelError, match="'CD19' is no candidate"):
        run_sheet(RUNS[0], SOME, SIX, fmo=["CD19"])
    with pytest.raises(PanelError, match="0 samples"):
        order_list(RUNS, SOME, samples=0)
