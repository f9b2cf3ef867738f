"""Every page in each of its states, on a lab in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import tests.example_values as ex
from pages.parts.session import Visit
from pxcore.types import FolderEntry, ImportProgress, ImportRequest, ImportState, RunSpec, RunState
from pxcore.types.people import Person, Rank
from tests.fake_lab import FakeLab
from tests.pages.conftest import words

Open = Callable[..., AppTest]


def button(app: AppTest, label: str) -> None:
    next(one for one in app.button if one.label == label).click().run()


def asked(lab: FakeLab, kind: str) -> object:
    return next(value for name, value in lab.asked if name == kind)


@pytest.mark.parametrize("page", ["", "datasets", "new", "runs", "run", "compare", "published"])
def test_empty_states_say_what_to_do_next(lab: FakeLab, visit: Open, page: str) -> None:
    app = visit(page)
    assert not app.error
    assert app.title
    assert app.button or app.get("page_link")


def test_home_of_an_empty_store_offers_two_ways(lab: FakeLab, visit: Open) -> None:
    app = visit()
    assert {"Try it on the demo cells", "Bring your own"} <= {one.label for one in app.button}
    button(app, "Try it on the demo cells")
    request = asked(lab, "import")
    assert isinstance(request, ImportRequest)
    assert request.path == "demo"


def test_multiplexed_images_are_made_to_size(lab: FakeLab, visit: Open) -> None:
    app = visit("datasets")
    next(one for one in app.number_input if one.label == "Channels").set_value(40)
    button(app, "Make the multiplexed images")
    request = asked(lab, "import")
    assert isinstance(request, ImportRequest)
    assert request.path == request.format == "multiplex_circles"
    assert dict(request.options) == {"channels": "40", "size": "48", "n_images": "600", "seed": "0"}
    assert request.title == "Multiplexed circles, 40 channels, 48 px, seed 0"


@pytest.mark.parametrize("empty", [True, False])
def test_home_leads_to_panels_and_stages(lab: FakeLab, visit: Open, *, empty: bool) -> None:
    lab.sets = [] if empty else [ex.dataset()]
    told = " ".join(one.proto.label for one in visit().get("page_link"))
    assert "Which stains are enough?" in told
    assert "More markers than slots?" in told


def test_home_shows_what_runs_and_what_finished(full: FakeLab, visit: Open) -> None:
    text = words(visit())
    assert "Under way" in text
    assert text.index("Under way") < text.index("Finished")
    assert all(word in text for word in ("running", "failed", "finished", "cancelled"))


def test_a_dead_runner_is_told_where_work_waits(full: FakeLab, visit: Open) -> None:
    full.alive = False
    assert any("No runner is alive" in one.value for one in visit().warning)
    assert any("5 min ago" in one.value for one in visit("runs").warning)


def test_what_ails_the_workers_is_told_as_text(full: FakeLab, visit: Open) -> None:
    full.problem = "no worker is connected: tasks wait; worker *w* differs"
    (told,) = [one.value for one in visit("runs").warning if "tasks wait" in one.value]
    assert told.startswith("No worker")
    assert "*w*" not in told.replace(r"\*", "")


def test_demo_import_leads_into_a_run_once(lab: FakeLab, visit: Open) -> None:
    lab.sets = [ex.dataset(truth=True)]
    done = ImportRequest(path="demo", title="Demo")
    lab.imports.listed = [
        ImportProgress(id="i1", request=done, state=ImportState.FINISHED, dataset_id="d1")
    ]
    for foreign in ({}, {"then": "run"}):  # an address that somebody sends starts nothing
        seen = visit("datasets", importing="i1", **foreign)
        assert seen.query_params["dataset"] == "d1"
        assert not any(name.startswith("submit") for name, _ in lab.asked)
    lab.sets, sets = [], lab.sets
    app, went = visit(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pages.home.links.go", lambda page, **query: went.append((page, query)))
        button(app, "Try it on the demo cells")
    lab.sets = sets
    assert went == [("datasets", {"importing": "i1"})]
    for _ in range(2):
        app._page_hash = calc_hash("datasets")
        app.query_params.clear()
        app.query_params["importing"] = "i1"
        app.run()
        assert app.query_params["run"] == "r9"
    assert isinstance(asked(lab, "submit once"), RunSpec)  # the store decides between two tabs
    assert sum(name.startswith("submit") for name, _ in lab.asked) == 1


@pytest.mark.parametrize("state", [ImportState.QUEUED, ImportState.RUNNING])
def test_import_under_way(lab: FakeLab, visit: Open, state: ImportState) -> None:
    request = ImportRequest(path="/data/x.h5", title="<b>x</b>")
    lab.imports.listed = [
        ImportProgress(id="i1", request=request, state=state, step="reading", share=0.4)
    ]
    app = visit("datasets", importing="i1")
    assert "Import of <b>x</b>" in words(app)
    assert "You can close this tab; the address brings you back." in words(app)


def test_failed_import_says_what_happened_and_leads_back(lab: FakeLab, visit: Open) -> None:
    lab.imports.listed = [
        ImportProgress(
            id="i1",
            request=ImportRequest(path="/data/x.h5"),
            state=ImportState.FAILED,
            error="x.h5 is not an HDF5 file; expected images (N, C, H, W)",
        )
    ]
    app = visit("datasets", importing="i1")
    assert "x.h5 is not an HDF5 file" in words(app)
    assert "expected images" in words(app)
    assert "Nothing was registered" in words(app)
    button(app, "Add cells again")
    assert app.query_params["add"] == "cells"


def test_register_from_a_folder(lab: FakeLab, visit: Open) -> None:
    lab.imports.folders = (Path("/data"),)
    lab.imports.entries = (
        FolderEntry(name="sub", inside="sub", path="/data/sub", is_folder=True, size=0),
        FolderEntry(
            name="c.h5", inside="c.h5", path="/data/c.h5", is_folder=False, size=9, format="stack"
        ),
    )
    app = visit("datasets", add="cells")
    app.text_input(key="folder-/data/c.h5-title").set_value("My cells")
    button(app, "Register")
    request = asked(lab, "import")
    assert isinstance(request, ImportRequest)
    assert (request.path, request.title, request.format) == ("/data/c.h5", "My cells", "auto")
    assert request.options == ()


def test_tissue_is_cut_into_cells_where_asked(lab: FakeLab, visit: Open) -> None:
    lab.imports.folders = (Path("/data"),)
    lab.imports.entries = (
        FolderEntry(
            name="imc", inside="imc", path="/data/imc", is_folder=True, size=0, format="TIFF files"
        ),
    )
    app = visit("datasets", add="cells")
    app.selectbox(key="folder-/data/imc-tissue").set_value("crops")
    app.number_input(key="folder-/data/imc-window").set_value(24)
    button(app, "Register this folder")
    request = asked(lab, "import")
    assert isinstance(request, ImportRequest)
    assert request.options == (("cells", "crops"), ("window", "24"))


def test_each_file_has_its_own_title_and_a_folder_is_registered_as_one(
    lab: FakeLab, visit: Open
) -> None:
    lab.imports.folders = (Path("/data"),)
    lab.imports.entries = tuple(
        FolderEntry(name=name, inside=name, path=f"/data/{name}", is_folder="." not in name, **more)
        for name, more in (
            ("cells", {"size": 0, "format": "HDF5 files"}),
            ("empty", {"size": 0, "format": ""}),
            ("first.h5", {"size": 9, "format": "HDF5"}),
        )
    )
    app = visit("datasets", add="cells")
    title = {one.label: one for one in app.text_input}["Title"]
    assert title.value == "first"
    app.selectbox(key="add-entry-").set_value("empty").run()
    assert "No files of cells were seen" in words(app)
    app.selectbox(key="add-entry-").set_value("cells").run()
    assert "This folder holds HDF5 files" in words(app)
    assert "press *Open this folder* first" in words(app)
    assert {one.label: one for one in app.text_input}["Title"].value == "cells"
    button(app, "Register this folder")
    request = asked(lab, "import")
    assert isinstance(request, ImportRequest)
    assert (request.path, request.title, request.format) == ("/data/cells", "cells", "auto")


def test_an_upload_whose_import_is_refused_is_removed(lab: FakeLab, visit: Open) -> None:
    app = visit("datasets", add="cells")
    assert "at most 33 MiB" in app.file_uploader(key="add-upload").label
    app.file_uploader(key="add-upload").upload("c.h5", b"cells", "application/x-hdf5").run()
    app.file_uploader(key="upload-c.h5-labels").upload("l.csv", b"a,b", "text/csv")
    lab.imports.refusal = "the disk is full"
    button(app, "Register")
    assert "The disk is full" in words(app)
    assert {value for name, value in lab.asked if name == "forget"} == {
        Path("/uploads/c.h5"), Path("/uploads/l.csv"),
    }  # fmt: skip
    lab.imports.refusal = ""
    lab.asked.clear()
    app.file_uploader(key="upload-c.h5-labels").upload("l.csv", b"a,b", "text/csv")
    button(app, "Register")
    request = asked(lab, "import")
    assert isinstance(request, ImportRequest)
    assert (request.path, request.labels) == ("/uploads/c.h5", "/uploads/l.csv")
    assert not any(name == "forget" for name, _ in lab.asked)


def test_unknown_addresses_are_banners_not_traces(lab: FakeLab, visit: Open) -> None:
    for page, query in (("datasets", "dataset"), ("datasets", "importing"), ("run", "run")):
        app = visit(page, **{query: "nonsense"})
        assert len(app.error) == 1
        assert "nonsense" in app.error[0].value


def test_a_defect_is_a_reference_and_its_trace_goes_to_the_log(
    full: FakeLab, visit: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        message = "secret /path/to/store"
        raise KeyError(message)

    monkeypatch.setattr(full, "progress", broken)
    app = visit("run", run="finished")
    assert "reference" in app.error[0].value
    assert "secret" not in words(app)
    reference = app.error[0].value.split("**")[1]
    assert any(reference in one.message and one.exc_info for one in caplog.records)


@pytest.mark.parametrize(
    "view", ["Cells", "Counts", "Intensities", "Panel sheet", "Labels", "Import"]
)
def test_data_set_in_every_view(full: FakeLab, visit: Open, view: str) -> None:
    app = visit("datasets", dataset="d1")
    app.segmented_control(key="view").set_value(view).run()
    assert not app.exception
    assert not app.error
    assert "150 cells in 4 channels, 12 × 10 pixels, 3 classes" in words(app)
    assert "saturated" in words(app)


def test_panel_editing_keeps_what_was_not_touched(full: FakeLab, visit: Open) -> None:
    app = visit("datasets", dataset="d1")
    app.segmented_control(key="view").set_value("Panel sheet").run()
    button(app, "Save")
    assert asked(full, "edit") == ("Jurkat cells", ex.PANEL)


def test_gallery_shows_one_cell_of_the_address(full: FakeLab, visit: Open) -> None:
    app = visit("datasets", dataset="d1", cell="61")
    assert "Cell 161" in words(app)
    assert "class S_phase" in words(app)
    assert "Cell 1" not in words(visit("datasets", dataset="d1", cell="9999"))


def test_new_run_starts_what_was_chosen(full: FakeLab, visit: Open) -> None:
    app = visit("new", dataset="d1", preset="standard")
    assert "2 of 7 steps are already there" in words(app)
    assert "about 3 min" in words(app)
    assert "ImageNet weights are missing" in words(app)
    app.checkbox(key="method-standard-occlusion").check().run()
    app.segmented_control(key="method-standard-occlusion-fill").set_value("mean").run()
    button(app, "Start")
    spec = asked(full, "submit")
    assert isinstance(spec, RunSpec)
    assert [(m.id, m.options) for m in spec.methods] == [
        ("pxpermute", ()),
        ("occlusion", (("fill", "mean"),)),
    ]
    assert spec.preset == "standard"
    assert spec.channels == ()
    assert app.query_params["run"] == "r9"


def test_new_run_expert_settings(full: FakeLab, visit: Open) -> None:
    app = visit("new", dataset="d1")
    assert "on the same kind of device" in app.number_input(key="seed-fast-d1").help
    app.number_input(key="folds-fast-d1").set_value(5).run()
    app.toggle(key="adaptive-fast-d1").set_value(False).run()
    app.number_input(key="repeats-fast-d1-False").set_value(20).run()
    app.multiselect(key="channels-fast-d1").set_value([2, 0]).run()
    button(app, "Start")
    spec = asked(full, "submit")
    assert isinstance(spec, RunSpec)
    assert (spec.n_folds, spec.repeats, spec.channels) == (5, 20, (0, 2))


def test_new_run_starts_from_chosen_weights(full: FakeLab, visit: Open) -> None:
    app = visit("new", dataset="d1")
    assert "Put resnet18.pth into /weights" in words(app)
    app.selectbox(key="weights-fast-d1-small_cnn").set_value("file:a.pt").run()
    button(app, "Start")
    spec = asked(full, "submit")
    assert isinstance(spec, RunSpec)
    assert spec.model.weights == "file:a.pt"


def test_new_run_splits_by_donor_or_cell_where_donors_are_known(full: FakeLab, visit: Open) -> None:
    full.sets, known = [replace(full.sets[0], groups=("one",))], full.sets
    assert "By donor" not in words(visit("new", dataset="d1"))
    full.sets = known
    app = visit("new", dataset="d1")
    assert "scores are too good" in words(app)
    app.segmented_control(key="split-d1").set_value("cell").run()
    button(app, "Start")
    spec = asked(full, "submit")
    assert isinstance(spec, RunSpec)
    assert spec.split == "cell"


def test_new_run_that_cannot_start_says_why(full: FakeLab, visit: Open) -> None:
    full.refusal = "class 'Anaphase' has 2 cells, fewer than 3 folds; choose 2 folds"
    app = visit("new", dataset="d1")
    assert "Anaphase" in words(app)
    start = next(one for one in app.button if one.label == "Start")
    assert start.disabled


def test_new_run_without_labels_leads_to_them(lab: FakeLab, visit: Open) -> None:
    lab.sets = [replace(ex.dataset(), classes=(), class_counts=())]
    assert "no data set here has labels yet" in words(visit("new"))


def test_run_under_way(full: FakeLab, visit: Open) -> None:
    one = full.progresses["running"]
    last = replace(one.tasks[-1], label="Combine folds of occlusion:fill=mean")
    run = replace(one.run, methods=("occlusion:fill=mean",))
    full.progresses["running"] = replace(one, run=run, tasks=(*one.tasks[:-1], last))
    app = visit("run", run="running")
    text = words(app)
    assert "Combine folds of Occlusion (fill=mean)" in text
    assert "Train fold 2 of 3" in text
    assert "epoch 12 of 30" in text
    assert "14 s" in text
    assert "You can close this tab; the address brings you back." in text
    button(app, "Cancel this run")
    assert asked(full, "cancel") == "running"


def test_run_goes_over_to_its_answer_by_itself(full: FakeLab, visit: Open) -> None:
    app = visit("run", run="running")
    full.progresses["running"] = ex.progress(RunState.FINISHED)
    app.run()
    assert "Keep PI (DNA)" in words(app)


def test_failed_run_says_what_happened_what_to_do_and_shows_the_log(
    full: FakeLab, visit: Open
) -> None:
    app = visit("run", run="failed")
    text = words(app)
    assert "The worker was killed three times" in text
    assert "What to do." in text
    assert app.code[0].value == "log of b"
    app.session_state["visit"] = Visit(Person(name="bob", rank=Rank.ADMIN))
    button(app, "Start it again")
    spec = asked(full, "submit")
    assert isinstance(spec, RunSpec)
    assert spec.owner == "bob"


def test_cancelled_run_says_what_is_kept(full: FakeLab, visit: Open) -> None:
    assert "1 finished step of 3 are kept" in words(visit("run", run="cancelled"))


def test_finished_run_answers_first(full: FakeLab, visit: Open) -> None:
    app = visit("run", run="finished")
    assert not app.error
    text = words(app)
    assert "Keep PI (DNA): when its pixels are scattered over the picture, F1 falls by" in text
    assert "F1 0.820 (0.790 to 0.850)" in text
    assert "above zero, as this run has no decoys to compare with. Negligible: the whole" in text
    truth = next(one.value for one in app.dataframe if "planted" in one.value.columns)
    assert "informative" in set(truth["found"])
    assert next(iter(truth["channel"])) == "PI (DNA)"
    assert "truth of stain" in set(truth["planted"])
    assert {"Ranking, CSV", "All numbers, JSON", "SVG", "CSV"} <= {
        one.label for one in app.download_button
    }


def test_finished_run_switches_method_and_opens_a_channel(full: FakeLab, visit: Open) -> None:
    app = visit("run", run="finished")
    app.segmented_control(key="method").set_value("occlusion").run()
    assert "when it is blanked out" in words(app)
    app.selectbox(key="channel").set_value(1).run()
    assert not app.error
    assert "What the method does to it" in words(app)
    assert "What each class loses" in words(app)


def test_runs_can_be_filtered_and_link_to_their_page(full: FakeLab, visit: Open) -> None:
    app = visit("runs")
    table = app.dataframe[0].value
    assert len(table) == 5
    assert "/run?run=finished" in set(table["Run"])
    app.multiselect(key="filter-State").set_value(["failed"]).run()
    assert list(app.dataframe[0].value["State"]) == ["failed"]
