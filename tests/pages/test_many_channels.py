"""Pages with 100 channels: what is drawn at first, what a search finds, what the address keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pxcore.plots.rows import FIRST
from pxcore.types import RunResult
from tests import many_channels
from tests.fake_comparing import FakeComparing
from tests.fake_lab import FakeLab
from tests.pages.conftest import words

Open = Callable[..., AppTest]
N = 100


@pytest.fixture
def many(full: FakeLab) -> RunResult:
    """Return the finished run of a lab whose panel has 100 channels."""
    full.finished = found = many_channels.result(N)
    full.sets = [found.dataset]
    full.comparing = FakeComparing({"r1": replace(found, run=replace(found.run, id="r1"))})
    return found


def told(app: AppTest) -> list[str]:
    """Return the sentences about channels, of which Marked is the first."""
    (found,) = [one.value for one in app.markdown if one.value.startswith("- **Marked**")]
    return str(found).splitlines()


def test_the_first_ones_at_first_all_when_asked(many: RunResult, visit: Open) -> None:
    app = visit("run", run="finished")
    assert len(told(app)) == FIRST
    assert f"{FIRST} of {N - 2} sentences" in words(app)
    assert len(app.dataframe[0].value) == N, "the table behind the figure has all"
    every = visit("run", run="finished", first="all")
    assert len(told(every)) == N - 2


def test_a_search_finds_by_name_and_marker(many: RunResult, visit: Open) -> None:
    app = visit("run", run="finished")
    app.text_input(key="find").set_value("ck8, ki-67").run()
    assert [line.partition("**")[2].partition("**")[0] for line in told(app)] == [
        "Marked", "Ki\\-67",
    ]  # fmt: skip
    assert "2 channels of 100 carry ck8, ki-67 in the name or marker" in words(app)
    nobody = visit("run", run="finished", find="[x](y)")
    assert "No channel is called [x](y)" in words(nobody)
    assert len(told(nobody)) == FIRST


def test_a_small_panel_has_no_search(full: FakeLab, visit: Open) -> None:
    app = visit("run", run="finished")
    assert "find" not in [one.key for one in app.text_input]


def test_a_comparison_shows_the_first_ones_and_the_chosen(many: RunResult, visit: Open) -> None:
    app = visit("compare", items="r1")
    assert f"{FIRST} of {N} channels shown, those of the highest mean rank" in words(app)
    assert set(app.dataframe[0].value["channel"]) >= {"Marked", many_channels.SECOND}
    assert len(set(app.dataframe[0].value["channel"])) == FIRST
    app.multiselect(key="compare-marker").set_value(["Protein 077"]).run()
    assert set(app.dataframe[0].value["channel"]) == {"Protein 077"}
    every = visit("compare", items="r1", first="0")
    assert len(set(every.dataframe[0].value["channel"])) == N
    odd = visit("compare", items="r1", first="-3", order="role")
    assert len(set(odd.dataframe[0].value["channel"])) == FIRST
    assert not odd.error


def test_cells_are_shown_in_a_few_channels(many: RunResult, visit: Open) -> None:
    app = visit("datasets", dataset="d1")
    (shown,) = [one for one in app.multiselect if one.label.startswith("Channels shown")]
    assert len(shown.value) == 12
    app = visit("datasets", dataset="d1", view="Intensities")
    (shown,) = [one for one in app.multiselect if one.label.startswith("Channels shown")]
    shown.set_value([50]).run()
    (figure,) = app.get("plotly_chart")
    assert many_channels.SECOND.encode() in figure.proto.SerializeToString()
    assert b"Protein 001" not in figure.proto.SerializeToString()
