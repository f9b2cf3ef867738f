"""What a link shows, and what it never shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import tests.example_values as ex
from tests.fake_lab import FakeLab
from tests.fake_shares import TOKEN
from tests.pages.conftest import markdown, words
from tests.report_values import report

Open = Callable[..., AppTest]


@pytest.fixture
def shared(full: FakeLab) -> FakeLab:
    full.shares.reports[TOKEN] = report()
    return full


def test_a_link_shows_the_answer_its_evidence_and_how_it_was_made(
    shared: FakeLab, visit: Open
) -> None:
    app = visit("shared", link=TOKEN)
    text = words(app)
    assert app.title[0].value.replace("\\", "") == "Jurkat cells, fast"
    assert "Keep PI (DNA)" in app.markdown[0].value.replace("\\", "")
    for told in (
        "Cells: 1,000 of 4 donors",
        "Which channels matter",
        "Brackets: 95 % interval.",
        "Three trainings.",
        "Methods",
        "pixel by pixel",
        "2026-11-21 20:30 UTC",
    ):
        assert told in text, told
    assert [one.label for one in app.download_button][:3] == [
        "Report, HTML", "Verdict on one page, PDF", "Everything, ZIP",
    ]  # fmt: skip
    (frame,) = app.dataframe
    assert list(frame.value.columns) == ["channel", "rank", "drop in F1", "told apart"]
    assert frame.value["channel"].tolist()[1] == ex.HOSTILE[1]


def test_what_a_figures_table_means_stands_beside_the_table(shared: FakeLab, visit: Open) -> None:
    section = report().sections[0]
    noted = replace(section, tables=(replace(section.tables[0], note="drop: in F1"),))
    shared.shares.reports[TOKEN] = replace(report(), sections=(noted,))
    app = visit("shared", link=TOKEN)
    (folded,) = [one for one in app.expander if one.dataframe]
    assert "drop: in F1" in [one.value.replace("\\", "") for one in folded.caption]
    assert len([one for one in app.caption if "in F1" in one.value]) == 1


@pytest.mark.parametrize("page", ["shared", "", "run", "home", "links", "staged", "nowhere"])
def test_an_address_with_a_link_shows_nothing_else(shared: FakeLab, visit: Open, page: str) -> None:
    app = visit(page, link=TOKEN, run="finished", dataset="d1", plan="p1")
    assert app.title[0].value.replace("\\", "") == "Jurkat cells, fast"
    assert not app.get("page_link")
    assert not app.button
    assert not app.get("file_uploader")
    assert shared.shares.asked  # and of nothing else
    assert shared.asked == []


@pytest.mark.parametrize("page", ["shared", "run"])
@pytest.mark.parametrize("link", ["x" * 43, "", "../../x"])
def test_a_dead_link_shows_why_and_no_way_on(
    shared: FakeLab, visit: Open, page: str, link: str
) -> None:
    app = visit(page, link=link, run="finished")
    assert not app.get("page_link")
    assert not app.download_button
    assert "Jurkat" not in words(app)
    told = "shows nothing" if link else "is opened by its link"
    assert told in words(app)


def test_a_revoked_link_is_empty_at_the_next_click(shared: FakeLab, visit: Open) -> None:
    app = visit("shared", link=TOKEN)
    shared.shares.reports.clear()
    app.run()
    assert not app.title
    assert "shows nothing" in app.error[0].value


def test_a_visit_counts_once(shared: FakeLab, visit: Open) -> None:
    app = visit("shared", link=TOKEN)
    app.run()
    opened = [again for what, _, again in shared.shares.asked if what == "open"]  # type: ignore[misc]
    assert opened.count(False) == 1
    assert len(opened) == 4  # twice by the page, twice by what watches it


def test_hostile_texts_are_read_as_typed(shared: FakeLab, visit: Open) -> None:
    for name in ex.HOSTILE:
        made = report(title=name)
        section = replace(made.sections[0], title=name, paragraphs=(name,))
        made = replace(made, verdict=name, methods=name, facts=((name, name),), sections=(section,))
        shared.shares.reports[TOKEN] = made
        told = markdown(visit("shared", link=TOKEN))
        assert not [one for one in told if "<b>" in one or "](" in one or "**x**" in one], name


def test_one_who_comes_without_a_link_is_told_what_this_is(lab: FakeLab, visit: Open) -> None:
    app = visit("shared")
    assert "is opened by its link" in words(app)
    assert lab.shares.asked == []
