"""The report among the downloads of every page that shows a result."""

from __future__ import annotations

from dataclasses import replace

from streamlit.testing.v1 import AppTest

import tests.example_values as ex
from pages.parts import report_files as module
from pages.parts.header import Download
from pxcore.plots.numbers import listed
from pxcore.types.panel import Constraints
from tests.fake_lab import FakeLab
from tests.fake_panels import findings
from tests.pages.conftest import Open
from tests.panel.made_trials import panel as made_panel

LABELS = ["Report, HTML", "Verdict on one page, PDF", "Everything, ZIP"]


def offered(app: AppTest) -> list[str]:
    return [one.label for one in app.download_button][: len(LABELS)]


def test_the_files_are_made_when_they_are_taken(full: FakeLab) -> None:
    wanted = Constraints(margin=0.05)
    found: list[Download] = module.report_files("panel", "r7", "../x =cmd", wanted)
    assert full.reports.asked == []
    assert [one.label for one in found] == LABELS
    assert found[0].data().startswith(b"<h1>")
    assert [one.data() for one in found[1:]] == [b"%PDF-r7", b"PKr7"]
    assert full.reports.asked == [("panel", "r7", wanted)] * 3
    for one in found:
        assert one.name.startswith("x-cmd_panel_report."), one.name
    endings = [one.name.rpartition(".")[2] for one in found]
    assert listed(endings) == "html, pdf and zip"


def test_a_finished_run_offers_its_report_and_one_under_way_none(
    full: FakeLab, visit: Open
) -> None:
    assert offered(visit("run", run="finished")) == LABELS
    assert not visit("run", run="running").download_button


def test_a_comparison_offers_its_report(full: FakeLab, visit: Open) -> None:
    full.comparing.results["r1"] = ex.result()
    assert offered(visit("compare", items="r1")) == LABELS


def test_advice_offers_its_report(full: FakeLab, visit: Open) -> None:
    found = findings(made_panel(3))
    full.panels.found["finished"] = found
    full.progresses["finished"] = replace(full.progresses["finished"], spec=found.spec)
    assert offered(visit("panel", run="finished")) == LABELS
