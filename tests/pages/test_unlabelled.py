"""The page *Unlabelled* in each of its states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import tests.example_values as ex
import tests.unlabelled_values as un
from pages.parts.figures import lassoed
from pxcore.types import MaskKind, RunState
from pxcore.types.people import Person, Rank
from pxcore.types.unlabelled_ask import ClusterAsk
from tests.fake_lab import FakeLab
from tests.pages.conftest import words

Open = Callable[..., AppTest]


@pytest.fixture
def clustered(full: FakeLab) -> FakeLab:
    """Return a lab with a clustering in every state."""
    for state in RunState:
        told = ex.progress(state)
        full.progresses[f"c-{state.value}"] = replace(told, run=un.row(state))
    full.unlabelled.listed = (replace(un.row(), id="c-finished"),)
    full.unlabelled.found = un.result()
    return full


def submitted(lab: FakeLab) -> ClusterAsk:
    (_, ask), *_ = lab.unlabelled.asked
    assert isinstance(ask, ClusterAsk)
    return ask


def test_an_empty_lab_says_what_this_is_for(lab: FakeLab, visit: Open) -> None:
    app = visit("unlabelled")
    assert "before anyone has labelled one" in words(app)
    app.button[0].click().run()
    assert app.query_params["add"] == "cells"


def test_a_clustering_is_started_with_what_was_chosen(full: FakeLab, visit: Open) -> None:
    full.sets.append(replace(ex.dataset(classes=()), id="d2", title="New", class_counts=()))
    app = visit("unlabelled")
    assert app.selectbox(key="unlabelled-dataset").value == "d2", "without labels first"
    text = words(app)
    assert "1 of 4 steps are already there and are reused. It takes **about 10 min**" in text
    app.segmented_control(key="clusters-way-d2").set_value("a number I give").run()
    n = full.sets[-1].n_cells
    assert app.number_input(key="clusters-d2").label == f"Clusters (2 to {min(50, round(0.8 * n))})"
    app.number_input(key="clusters-d2").set_value(5).run()
    app.toggle(key="maps-d2").set_value(False).run()
    app.number_input(key="epochs-d2").set_value(3).run()
    app.number_input(key="width-d2-dcae_2d").set_value(32).run()
    app.multiselect(key="channels-d2").set_value([0, 2]).run()
    app.text_input(key="title-d2").set_value("Mine").run()
    app.button(key="start").click().run()
    ask = submitted(full)
    assert ask == ClusterAsk(
        dataset_id="d2", title="Mine", channels=(0, 2), options=(("code", 64),), epochs=3,
        clusters=5, rank=True, owner=ask.owner,
    )  # fmt: skip
    assert app.query_params["run"] == "c9"


def test_volumes_are_chosen_whole_and_have_no_maps(full: FakeLab, visit: Open) -> None:
    full.sets = [replace(ex.dataset(), volumes=2, depth=2, mask_kind=MaskKind.NONE)]
    app = visit("unlabelled")
    assert app.multiselect(key="channels-d1").options == [
        "Brightfield (2 slices)", "Darkfield (SSC) (2 slices)",
    ]  # fmt: skip
    app.multiselect(key="channels-d1").set_value([1]).run()
    app.button(key="start").click().run()
    ask = submitted(full)
    assert (ask.channels, ask.maps, ask.centre) == ((2, 3), False, False)


def test_an_encoder_of_before_needs_no_training(clustered: FakeLab, visit: Open) -> None:
    app = visit("unlabelled")
    app.selectbox(key="encoder-d1").set_value("c-finished").run()
    assert "epochs-d1" not in [one.key for one in app.number_input]
    app.button(key="start").click().run()
    assert submitted(clustered).encoder_of == "c-finished"


def test_what_cannot_be_asked_is_said_and_not_started(full: FakeLab, visit: Open) -> None:
    full.unlabelled.refusal = "900 clusters were asked for and 150 cells are given"
    app = visit("unlabelled")
    assert "900 clusters were asked for" in app.error[0].value
    assert app.button(key="start").disabled


def test_readers_see_clusterings_and_no_form(clustered: FakeLab, visit: Open) -> None:
    clustered.people.auth = "password"
    reader = Person(id="p1", name="Rea", rank=Rank.READER)
    clustered.people.who = lambda _token: reader
    app = visit("unlabelled")
    text = words(app)
    table = app.dataframe[0].value
    assert table["Title"].tolist() == ["Clusters of Jurkat cells"]
    assert table["Clustering"].tolist() == ["/unlabelled?run=c-finished"]
    assert "Whoever may start runs finds a form here" in text
    app = visit("unlabelled", run="c-finished")
    text = words(app)
    assert "3 clusters that come again" in text
    assert "Save as a labelled data set" not in text
    assert not [one for one in app.button if one.key and one.key.startswith("more-")]


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.RUNNING])
def test_training_is_followed(clustered: FakeLab, visit: Open, state: RunState) -> None:
    app = visit("unlabelled", run=f"c-{state.value}")
    text = words(app)
    assert "after epoch 2" in text
    assert len(app.get("plotly_chart")) == 2, "loss and redrawn cells"
    app.button(key="cancel").click().run()
    assert clustered.asked[-1] == ("cancel", f"c-{state.value}")
    clustered.unlabelled.now = un.live(epochs=0)
    text = words(visit("unlabelled", run=f"c-{state.value}"))
    assert "The loss appears here with the first epochs" in text


def test_a_failed_one_says_why_and_starts_again(clustered: FakeLab, visit: Open) -> None:
    app = visit("unlabelled", run="c-failed")
    assert "The worker was killed three times" in words(app)
    app.button(key="again").click().run()
    assert submitted(clustered) == un.ASK
    assert app.query_params["run"] == "c9"
    app = visit("unlabelled", run="c-cancelled")
    assert "was cancelled" in words(app)
    app.button(key="change").click().run()
    assert app.query_params["dataset"] == "d1"


def test_the_verdict_comes_first_and_everything_follows(clustered: FakeLab, visit: Open) -> None:
    app = visit("unlabelled", run="c-finished")
    text = words(app)
    headings = [one.value for one in app.subheader]
    first = next(one.value for one in app.markdown if one.value.startswith("#### "))
    assert first.startswith("#### 3 clusters that come again")
    assert headings == [
        "The map of codes", "The cells of each cluster", "Name them, and rank stains on them",
        "Against the known classes", "Which stains the clusters rest on",
        "Where in a cell its cluster shows", "How many clusters?",
    ]  # fmt: skip
    assert "The clusters rest on PI (DNA)" in text
    assert "the clusters apart: balanced accuracy" in text
    assert ("maps", tuple(range(8))) in clustered.unlabelled.asked
    assert un.CALLS.said in text
    assert "Whole donors were left out." in text
    downloads = [one.label for one in app.download_button]
    assert [one for one in downloads if one not in {"CSV", "SVG"}] == [
        "Report, HTML", "Verdict on one page, PDF", "Everything, ZIP", "Clusters, CSV",
        "Every cell and its cluster, CSV", "Training loss, CSV", "BIC, CSV",
        "Against known classes, CSV", "Ranking, Across cells, CSV", "Mask check, CSV",
        "All numbers, JSON",
    ]  # fmt: skip


def test_a_finished_one_is_shared_and_reported(clustered: FakeLab, visit: Open) -> None:
    for state in RunState:
        app = visit("unlabelled", run=f"c-{state.value}")
        assert ("Share" in {one.label for one in app.button}) == (state is RunState.FINISHED)
        offered = {one.label for one in app.download_button}
        assert ("Report, HTML" in offered) == (state is RunState.FINISHED)


def test_maps_of_another_cluster_and_layer(clustered: FakeLab, visit: Open) -> None:
    app = visit("unlabelled", run="c-finished")
    app.segmented_control(key="maps-cluster").set_value(2).run()
    app.selectbox(key="maps-layer").set_value("conv2").run()
    (*_, maps, layer) = clustered.unlabelled.asked
    assert maps == ("maps", tuple(range(120, 128)))
    assert layer == ("layer", "encoder.conv2")


def test_the_run_page_leads_here(clustered: FakeLab, visit: Open) -> None:
    app = visit("run", run="c-finished")
    assert "3 clusters that come again" in words(app)


def test_a_clustering_is_no_ranking_elsewhere(clustered: FakeLab, visit: Open) -> None:
    for state in RunState:
        del clustered.progresses[state.value]
    assert "It needs a finished run; there is none yet" in words(visit("panel"))
    assert "An example with known truth" not in words(visit())
    methods = visit("runs").dataframe[0].value["Methods"].tolist()
    assert set(methods) == {""}


def test_doubtful_clusters_warn_wherever_they_are_used(clustered: FakeLab, visit: Open) -> None:
    nuisance = replace(un.STABLE, verdict="nuisance", said=("ruled by where cells lie",))
    warned = un.ranking(warning="Brightfield leads the ranking")
    clustered.unlabelled.found = replace(un.result(), trust=nuisance, rankings=(warned,))
    app = visit("unlabelled", run="c-finished")
    text = words(app)
    assert "Do not rely on these 3 clusters: they follow where cells lie" in text
    assert "Brightfield leads the ranking" in text
    assert "These clusters are not to be relied on" in text
    assert "neither is this" in text


def test_what_was_not_asked_is_offered_with_its_cost(clustered: FakeLab, visit: Open) -> None:
    bare = replace(un.result(), rankings=(), has_maps=False, mask_folds=(), bic=(), against=None)
    clustered.unlabelled.found = bare
    app = visit("unlabelled", run="c-finished")
    text = words(app)
    assert "3 clusters, as asked for" in text
    assert "1 of 4 steps are already there; the rest takes about 10 min" in text
    app.button(key="more-maps").click().run()
    assert submitted(clustered).maps
    assert app.query_params["run"] == "c9"


def test_one_cluster_is_neither_named_nor_ranked(clustered: FakeLab, visit: Open) -> None:
    one = replace(
        un.result(), sizes=(un.N,), cluster=np.zeros(un.N, int), galleries=((0, 1, 2),),
        rankings=(), has_maps=False, mask_folds=(), against=None,
        trust=replace(un.CHANCE, per_cluster=(1.0,)),
    )  # fmt: skip
    clustered.unlabelled.found = one
    text = words(visit("unlabelled", run="c-finished"))
    assert "No groups of cells were found" in text
    assert "One cluster makes no classes" in text
    assert "Save as a labelled data set" not in text


def test_clusters_are_named_and_saved(clustered: FakeLab, visit: Open) -> None:
    app = visit("unlabelled", run="c-finished")
    app.text_input(key="name-c-finished-0").set_value(" round ")
    app.text_input(key="name-c-finished-1").set_value("round")
    app.text_input(key="name-c-finished-2").set_value("")
    save = next(one for one in app.button if one.label == "Save as a labelled data set")
    save.click().run()
    assert "at least two different names" in app.error[0].value
    app.text_input(key="name-c-finished-2").set_value("debris")
    save = next(one for one in app.button if one.label == "Save as a labelled data set")
    save.click().run()
    assert ("name", {0: "round", 1: "round", 2: "debris"}) in clustered.unlabelled.asked
    links = {one.proto.label: one.proto for one in app.get("page_link")}
    assert links["Rank its channels"].query_string == "dataset=d2"


def test_another_kind_of_run_is_refused(clustered: FakeLab, visit: Open) -> None:
    app = visit("unlabelled", run="finished")
    assert "has no clusters" in app.error[0].value


def test_drawn_cells_are_made_with_their_kinds_hidden(lab: FakeLab, visit: Open) -> None:
    app = visit("datasets")
    next(one for one in app.selectbox if one.label == "Cells as").set_value("paired")
    next(one for one in app.number_input if one.label == "Cells").set_value(60)
    next(one for one in app.toggle if one.label.startswith("Show the kinds")).set_value(False)
    next(one for one in app.button if one.label == "Make the unlabelled cells").click().run()
    ((what, request),) = lab.asked
    assert (what, request.path) == ("import", "unlabelled_cells")
    assert dict(request.options) == {
        "form": "paired", "labels": "hidden", "n_cells": "60", "size": "32", "seed": "0",
    }  # fmt: skip


@pytest.mark.parametrize("page", ["datasets", "new"])
def test_cells_without_labels_lead_here(lab: FakeLab, visit: Open, page: str) -> None:
    lab.sets = [replace(ex.dataset(classes=()), class_counts=())]
    app = visit(page, dataset="d1")
    next(one for one in app.button if one.label == "Find clusters").click().run()
    assert "Start" in words(app)
    assert app.query_params["dataset"] == "d1"
    assert app.title[0].value == "Unlabelled"


def test_a_lasso_brings_every_cell_once() -> None:
    points = [{"customdata": [7]}, {"customdata": [3]}, {"customdata": [7]}, {}]
    assert lassoed({"selection": {"points": points}}) == (3, 7)
    assert lassoed({"selection": {"points": []}}) is None


def test_names_stay_text(clustered: FakeLab, visit: Open) -> None:
    panel, classes = ex.Panel(
        tuple(replace(c, name=n) for n, c in zip(ex.HOSTILE, ex.PANEL.channels, strict=False))
    ), ex.HOSTILE[4:7]  # fmt: skip
    clustered.sets = [ex.dataset(panel, classes)]
    clustered.unlabelled.found = un.result(panel, classes)
    app = visit("unlabelled", run="c-finished")
    for text in (one.value for one in app.markdown):
        assert "<b>" not in text
        assert "](javascript" not in text.replace("\\", "\0")
