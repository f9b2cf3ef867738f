"""A run that answered about panels, as files: every table twice, figures, the advice."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import tests.example_values as ex
from pxcore.data.csv_guard import unguarded
from pxcore.runs import export as export_module
from pxcore.runs import tables as tables_module
from pxcore.runs.panels import files as panel_files_module
from pxcore.runs.panels.result import PanelFindings
from pxcore.runs.panels.tables import TABLES
from pxcore.store.home import Store
from pxcore.types import Panel
from pxcore.types.panel import Constraints
from tests.fake_panels import findings
from tests.panel.made_trials import panel as made_panel

FIGURES = {"panel_stains", "panel_comparison", "panel_curves", "panel_front"}


def exported(
    found: PanelFindings, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, bytes]:
    """Return every file that is written for a run with these findings, by name."""
    result = replace(ex.result(), spec=found.spec)
    for module in (export_module, tables_module):
        monkeypatch.setattr(module, "result", lambda *_: result)
    monkeypatch.setattr(export_module, "progress", lambda *_: ex.progress())
    monkeypatch.setattr(tables_module, "stories", lambda *_: ())
    monkeypatch.setattr(panel_files_module, "findings", lambda *_: found)
    return {path.name: path.read_bytes() for path in export_module.export(store, "r", folder)}


def test_every_table_is_written_as_csv_and_parquet_with_equal_numbers(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = findings(made_panel(4))
    files = exported(found, store, tmp_path, monkeypatch)
    names = {*TABLES} - {"panel_worth"}  # the made screen has none
    for name in names:
        csv = pd.read_csv(io.BytesIO(files[f"{name}.csv"]))
        parquet = pd.read_parquet(io.BytesIO(files[f"{name}.parquet"]))
        assert list(csv.columns) == list(parquet.columns)
        assert len(csv) == len(parquet) > 0
        for column in csv.columns:
            if csv[column].dtype.kind == "f" and parquet[column].dtype.kind == "f":
                pd.testing.assert_series_equal(csv[column], parquet[column])
    assert not [name for name in files if name.startswith("panel_worth")]
    assert {name.partition(".")[0] for name in files if name.endswith(".parquet")} == names
    advice = json.loads(files["panel_advice.json"])
    assert advice["recommended"] == ["BF0", "S0", "S1", "S3"]
    drawn = {
        name.removesuffix(".svg") for name in files if name.startswith("panel_") and "svg" in name
    }
    assert drawn == FIGURES
    for name in FIGURES:
        assert ET.fromstring(files[f"{name}.svg"]).tag.endswith("svg")
    trials = pd.read_parquet(io.BytesIO(files["panel_trials.parquet"]))
    assert len(trials) == 16
    tests = pd.read_parquet(io.BytesIO(files["panel_tests.parquet"]))
    assert len(tests) == len(found.advice(Constraints()).tests)


def test_what_was_asked_holds_in_the_files(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = findings(made_panel(4), curves=False, searched=False)
    question = replace(found.spec.question, exclude=(4,))  # type: ignore[type-var]
    found = replace(found, spec=replace(found.spec, question=question), compared=())
    files = exported(found, store, tmp_path, monkeypatch)
    assert "S3" not in (json.loads(files["panel_advice.json"])["recommended"] or ())
    for name in ("panel_curves", "panel_averages", "panel_comparison", "panel_screen"):
        assert not [file for file in files if file.startswith(name)]


def test_names_are_guarded_in_csv_and_as_typed_in_parquet(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = made_panel(2)
    channels = (plain.channels[0], replace(plain.channels[1], name="=cmd()"), plain.channels[2])
    files = exported(findings(Panel(channels)), store, tmp_path, monkeypatch)
    (text,) = [
        row for row in pd.read_csv(io.BytesIO(files["panel_advice.csv"]))["channel"] if "cmd" in row
    ]
    assert (text, unguarded(text)) == ("'=cmd()", "=cmd()")
    whole = pd.read_parquet(io.BytesIO(files["panel_advice.parquet"]))
    assert "=cmd()" in list(whole["channel"])


def test_a_run_without_a_question_has_no_such_files(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = findings(made_panel(2))
    plain = replace(found, spec=replace(found.spec, question=None))
    assert not [n for n in exported(plain, store, tmp_path, monkeypatch) if n.startswith("panel")]
