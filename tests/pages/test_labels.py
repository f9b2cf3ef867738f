"""Labels that come later: told apart, confirmed, and missing ones asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from streamlit.testing.v1 import AppTest

import tests.example_values as ex
from pages.parts import panel_editor, register_form
from pxcore.data import annotation, panel_sheet, sheet_records
from pxcore.types import FolderEntry
from tests.fake_lab import FakeLab
from tests.pages.conftest import words

Open = Callable[..., AppTest]


def bare(lab: FakeLab) -> None:
    """Put cells without labels beside the labelled ones."""
    one = replace(ex.dataset(), id="bare", title="Bare", classes=(), class_counts=())
    lab.sets = [ex.dataset(), one]


def test_lists_tell_a_labelled_copy_from_its_original(lab: FakeLab, visit: Open) -> None:
    bare(lab)
    lines = words(visit("datasets")).splitlines()
    assert any("Bare" in line and "unlabelled" in line for line in lines)
    assert any(ex.dataset().title in line and "3 classes" in line for line in lines)
    details = [one.value for one in visit("").caption]  # below each link at home
    assert any("unlabelled" in line for line in details)
    assert any("3 classes" in line for line in details)


def test_added_labels_are_confirmed_at_an_address_that_can_be_sent(
    lab: FakeLab, visit: Open
) -> None:
    bare(lab)
    app = visit("datasets", dataset="bare", view="Labels")
    app.file_uploader(key="labels-up-bare").upload(
        "l.csv", b"object_number,label", "text/csv"
    ).run()
    next(one for one in app.button if one.label == "Add these labels").click().run()
    assert (app.query_params["dataset"], app.query_params["view"]) == ("l1", "Labels")
    (said,) = (one.value.replace("\\", "") for one in app.success)
    assert "7 of" in said
    assert "a (5) and b (2)" in said
    assert "1 row of the labels names no cell" in said


def test_a_run_on_cells_without_labels_leads_to_them(lab: FakeLab, visit: Open) -> None:
    bare(lab)
    app = visit("new", dataset="bare")
    assert "Bare has no labels" in words(app).replace("*", "")
    assert not any(one.key == "new-dataset" for one in app.selectbox)
    next(one for one in app.button if one.label == "Add labels").click().run()
    assert (app.query_params["dataset"], app.query_params["view"]) == ("bare", "Labels")


def test_the_panel_sheet_has_every_column_and_goes_to_files_and_back(
    lab: FakeLab, visit: Open
) -> None:
    bare(lab)
    app = visit("datasets", dataset="bare", view="Panel sheet")
    (frame,) = [one.value for one in app.dataframe if "clone" in one.value]
    assert {*sheet_records.COLUMNS} == {*frame.columns}
    assert list(frame["channel"]) == list(range(1, len(ex.PANEL) + 1))
    assert panel_editor.from_table(frame) == ex.PANEL
    downloads = [one.label for one in app.download_button]
    assert {"Download CSV", "Download YAML"} <= set(downloads)
    app.file_uploader(key="sheet-up").upload("p.yaml", b"- channel: 1", "text/yaml").run()
    next(one for one in app.button if one.label == "Apply this sheet").click().run()
    assert ("sheet", "- channel: 1") in lab.asked


def test_sheets_are_taken_up_to_the_limit_that_is_told(lab: FakeLab, visit: Open) -> None:
    bare(lab)
    for view, key, most in (("Labels", "labels-up-bare", 20), ("Panel sheet", "sheet-up", 1)):
        shown = visit("datasets", dataset="bare", view=view).file_uploader(key=key)
        assert f"at most {most} MiB" in shown.label
        assert shown.proto.max_upload_size_mb == most
    assert panel_sheet.LARGEST >= panel_editor.SHEET_MIB * 2**20
    assert annotation.LARGEST_CSV == register_form.MOST_LABELS_MIB * 2**20
    lab.imports.folders = (Path("/data"),)
    lab.imports.entries = (
        FolderEntry(name="c.h5", inside="c.h5", path="/data/c.h5", is_folder=False, size=9),
    )
    app = visit("datasets", add="cells")
    assert app.file_uploader(key="folder-/data/c.h5-sheet").proto.max_upload_size_mb == 1
    assert app.file_uploader(key="folder-/data/c.h5-labels").proto.max_upload_size_mb == 33
