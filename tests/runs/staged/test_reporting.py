"""Reports gathered from the store: of truly trained runs, of what was asked, of a staged plan."""

from __future__ import annotations

import json
from dataclasses import replace

import plotly.graph_objects as go
import pytest

from pxcore.api import Lab
from pxcore.errors import PanelError, RunError
from pxcore.reports.parts import plotly_of
from pxcore.runs import ledger
from pxcore.runs.staged import merging
from pxcore.types.panel import Constraints
from pxcore.types.reports import Report
from tests.runs.staged.measured_plans import (
    ALL,
    WHO,
    Measured,
    planned,
    with_final,
    with_rankings,
    with_result,
)


def whole(report: Report) -> Report:
    """Return a report after what holds for every one was looked at."""
    assert report.title
    assert report.verdict
    assert report.made.endswith("+00:00")
    names = [table.name for section in report.sections for table in section.tables]
    figures = [one for section in report.sections for one in section.figures]
    assert len(names) == len(set(names))
    assert len({one.name for one in figures}) == len(figures)
    for figure in figures:
        assert isinstance(plotly_of(figure), go.Figure)
        assert figure.alt
        assert not figure.table or figure.table in names
    json.loads(report.recreate)
    return report


def test_a_run(lab: Lab, measured: Measured) -> None:
    run_id = measured.runs["first"]
    report = whole(lab.reports.report("run", run_id))
    data = ledger.record(measured.store, run_id).dataset
    assert dict(report.facts)["Fingerprint"] == data.id
    assert data.id in report.methods
    assert "Random seed: 0." in report.methods
    assert "torch " in report.methods
    assert "References: Breiman" in report.methods
    titles = [section.title for section in report.sections]
    assert titles[0].startswith("Ranking by")
    assert titles[-1] == "What ran"
    order = next(one.text for one in report.files if one.name == "order_list.csv")
    assert order.startswith("marker,clone,fluorochrome,in_panel,tests,")
    assert "CD19," in order
    assert "BF," not in order
    told = json.loads(report.recreate)
    assert told["spec"]["dataset_id"] == data.id
    assert (told["spec"]["owner"], told["form"]) == ("", "pxcore run")


def test_a_comparison_of_runs_and_single_methods(lab: Lab, measured: Measured) -> None:
    first, second = measured.runs["by pixels"], measured.runs["second"]
    report = whole(lab.reports.report("comparison", f"{first}:pxpermute, {second}"))
    assert report.subject.split(",")[0] == f"{first}:pxpermute"
    tables = {table.name: table for section in report.sections for table in section.tables}
    assert {"importance", "ranks", "agreement"} <= set(tables)
    assert len({row[5] for row in tables["importance"].rows}) == 2
    told = json.loads(report.recreate)
    assert [one["run_id"] for one in told["runs"]] == [first, second]


def test_the_advice_on_panels(lab: Lab, measured: Measured) -> None:
    wanted = Constraints(margin=0.49, class_floor=0.9)
    report = whole(lab.reports.report("panel", measured.runs["asked"], wanted))
    facts = dict(report.facts)
    assert facts["Margin"].startswith("0.490")
    found = lab.panels.findings(measured.runs["asked"])
    advice = found.advice(wanted)
    best = advice.recommended or advice.full  # where none is good enough, all are ordered
    names = [found.spec.panel.names[c] for c in best.members]
    assert facts["Advised panel"] == (
        ", ".join(names) if advice.recommended else "none is good enough"
    )
    order = next(t for s in report.sections for t in s.tables if t.name == "order_list")
    inside = {str(row[0]) for row in order.rows if row[3] is True}
    stains = [found.spec.panel.channels[c] for c in best.members]
    assert inside == {one.marker or one.name for one in stains if not one.role.stain_free}
    controls = next(one.text for one in report.files if one.name == "control_list.csv")
    assert all(f"single stain,{name}," in controls for name in inside)
    assert (",FMO," in controls) == (len(inside) > 1)
    assert "panels were tested from the largest down" in report.methods
    usual = lab.reports.report("panel", measured.runs["asked"])
    assert dict(usual.facts)["Margin"].startswith("0.020")


def test_a_plan_at_every_step(lab: Lab, measured: Measured) -> None:
    for plan in (planned(lab), with_rankings(lab, measured), with_final(lab, measured)):
        report = whole(lab.reports.report("plan", plan.id))
        assert "The panel" not in [section.title for section in report.sections]
        assert {"order_list.csv", "control_list.csv", "run_1.csv", "plan.json"} <= {
            one.name for one in report.files
        }
    plan = with_result(lab, measured)
    report = whole(lab.reports.report("plan", plan.id))
    assert report.verdict == lab.staged.outcome(plan).said
    panel = report.sections[0].tables[0]
    assert [row[0] for row in panel.rows] == list(ALL)
    assert {row[0] for row in panel.rows if row[3]} == set(lab.staged.outcome(plan).markers)
    assert "panel.csv" in {one.name for one in report.files}
    assert len(json.loads(report.recreate)["runs"]) == 3
    assert "Of the final run:" in report.methods
    texts = [lab.reports.html(report), report.recreate, *(one.text for one in report.files)]
    assert not [text for text in texts if WHO in text]  # a report leaves the lab: nobody's name
    assert "not in this report" not in texts[0]


def test_what_a_plan_lost_is_told(
    lab: Lab, measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = with_result(lab, measured)

    def gone(*_: object) -> None:
        message = "the ranking has left the store"
        raise RunError(message)

    monkeypatch.setattr(merging, "merged", gone)
    report = lab.reports.report("plan", plan.id)
    notes = next(s for s in report.sections if s.title == "What is not in this report")
    assert notes.paragraphs == ("The merge is not in this report: the ranking has left the store.",)
    assert report.sections[0].title == "The panel"  # what can be told still is


def test_what_cannot_be_reported_is_told(lab: Lab, measured: Measured) -> None:
    first = measured.runs["first"]
    for kind, subject, why in (
        ("run", "nobody", "not known here"),
        ("run", measured.runs["queued"], "not finished"),
        ("panel", first, "was not asked"),
        ("comparison", "", "0 rankings"),
        ("comparison", f"{first}:lrp", "has no method"),
        ("letter", first, "there is no report of"),
    ):
        with pytest.raises(RunError, match=why):
            lab.reports.report(kind, subject)
    with pytest.raises(PanelError, match="plan"):
        lab.reports.report("plan", "nobody")


def test_every_kind_becomes_files(lab: Lab, measured: Measured) -> None:
    report = lab.reports.report("panel", measured.runs["asked"])
    small = replace(report, sections=report.sections[:1])
    assert "<svg" in lab.reports.html(small)
    assert lab.reports.pdf(small).startswith(b"%PDF-")
    archive = lab.reports.archive(small)
    assert b"tables/panel_trials.parquet" in archive
    assert b"bench/run_sheet.html" in archive
