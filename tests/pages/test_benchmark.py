"""The benchmark page in each of its states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from tests.fake_benchmark import KIND, NOTHING, row
from tests.fake_lab import FakeLab
from tests.pages.conftest import words

Open = Callable[..., AppTest]


@pytest.fixture
def ran(full: FakeLab) -> FakeLab:
    """Return a lab where two methods were run on two data sets."""
    full.benchmark.known = (KIND,)
    full.benchmark.found = (
        row("channel_embedding", (100.0, 83.3)),
        row("permute_cells", (100.0, 100.0)),
        row("pxpermute", (33.3, 33.3)),
    )
    return full


def test_without_runs_the_published_table_stands_there(lab: FakeLab, visit: Open) -> None:
    app = visit("benchmark")
    assert "No run on such images has finished here" in words(app)
    table = app.dataframe[0].value
    assert table["publ. R@10"].tolist()[:2] == ["100.0", "83.3"]
    assert set(table["ranked by"]) == {"not run here"}
    assert len(table) == 7
    assert "Draw 2 data sets" in [one.label for one in app.button]
    assert len(app.get("plotly_chart")) == 1


def test_runs_stand_beside_what_was_published(ran: FakeLab, visit: Open) -> None:
    app = visit("benchmark")
    text = words(app)
    assert "permute_cells has 100.0 ± 0.0 % of them among its first 6 (over 2 data sets" in text
    assert "Scattering pixels finds 33 %, exchanging whole images 100 %" in text
    table = app.dataframe[0].value
    assert table["R@6"].tolist()[:3] == ["91.7 ± 11.8", "100.0 ± 0.0", "33.3 ± 0.0"]
    assert table["publ. accuracy"].tolist()[:3] == ["99.7", "", ""], "beside its own method only"
    assert table["weights"][0] == "180,000"
    assert len(table) == 3 + 6
    assert "items=r1" in table["rankings"][0]
    assert "Compare the rankings of one data set" in text


def test_models_that_learnt_nothing_win_nothing(ran: FakeLab, visit: Open) -> None:
    ran.benchmark.found = (row("channel_embedding", (100.0, 100.0), accuracy=36.0),)
    text = words(visit("benchmark"))
    assert "No model here has learnt to tell these classes yet (accuracy at most 36.0 %" in text
    assert "among its first" not in text


def test_images_are_drawn_then_runs_are_started(full: FakeLab, visit: Open) -> None:
    app = visit("benchmark")
    app.number_input(key="benchmark-data").set_value(2).run()
    app.number_input(key="benchmark-pixels").set_value(32).run()
    app.multiselect(key="benchmark-models").set_value(["embedding", "bsn"]).run()
    app.button(key="benchmark-draw").click().run()
    (what, ask), *_ = full.benchmark.asked
    assert (what, ask.seeds, ask.size, ask.models) == ("draw", 2, 32, ("embedding", "bsn"))
    assert "Drawing 2 data sets" in words(app)
    full.benchmark.now = replace(NOTHING, missing=(), to_run=4)
    app = visit("benchmark")
    assert "about 10 min on this host" in words(app)
    assert "Train and rank, 4 runs" in words(app)
    app.button(key="benchmark-train").click().run()
    assert full.benchmark.asked[-1][0] == "train"
    assert "Follow this run" in words(app)


def test_what_cannot_be_asked_is_said(full: FakeLab, visit: Open) -> None:
    full.benchmark.refusal = "the benchmark was asked for 5 data sets and 0 models"
    app = visit("benchmark")
    assert "0 models" in app.error[0].value
    assert "benchmark-draw" not in [one.key for one in app.button]
    full.benchmark.refusal = ""
    full.benchmark.now = replace(NOTHING, failed=("the disk is full",))
    assert "Images could not be drawn: The disk is full" in words(visit("benchmark"))
