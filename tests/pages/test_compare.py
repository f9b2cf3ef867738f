"""The compare page in each of its states, and its address."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

import tests.example_values as ex
from pages.parts.compare_address import joined, parse
from pxcore.types import Channel, Interval, Panel
from pxcore.types.comparison import MOST_ITEMS, Item, ItemRow
from pxcore.types.truth import ChannelTruth
from tests.compared_values import PANEL, ranked, run
from tests.fake_comparing import FakeComparing
from tests.fake_lab import FakeLab
from tests.pages.conftest import words
from tests.pages.test_hostile_names import all_are_text, live_markup

Open = Callable[..., AppTest]
MEAN, OTHER = (0.1, 0.6, 0.3, 0.0), (0.3, 0.6, 0.1, 0.0)


def results(panel: Panel = PANEL) -> FakeComparing:
    attribution = ranked("integrated_gradients", OTHER, unit="attribution")
    first = run("aaa", [ranked("pxpermute", MEAN), ranked("occlusion", OTHER), attribution], panel)
    short = Panel((*panel.channels[:3], Channel(name="Other")))
    second = run("bbb", [ranked("pxpermute", MEAN)], short, dataset_id="d2", seeds=3)
    return FakeComparing({"aaa": first, "bbb": second})


@pytest.fixture
def compared(lab: FakeLab) -> FakeLab:
    """Return a lab with two finished runs."""
    lab.comparing = results()
    return lab


def test_without_a_finished_run_the_page_says_what_it_is_for(lab: FakeLab, visit: Open) -> None:
    lab.comparing = FakeComparing({})
    app = visit("compare")
    assert "No run has finished yet" in words(app)
    assert [one.label for one in app.button] == ["Start a run"]


def test_nothing_chosen_offers_the_newest_run_with_methods(compared: FakeLab, visit: Open) -> None:
    app = visit("compare")
    assert "Choose two or more rankings" in words(app)
    next(one for one in app.button if "Compare the 3 methods" in one.label).click().run()
    assert app.query_params["items"] == "aaa"
    assert "All 3 methods put PI first" in words(app)


def test_all_there_is_to_see(compared: FakeLab, visit: Open) -> None:
    app = visit("compare", items="aaa")
    text = words(app)
    for part in (
        "All 3 methods put PI first.", "They surely disagree about", "Importance side by side",
        "Ranks", "Where they surely disagree, and why that can be", "How far they agree",
        "one in 24 random orders", "Units differ (attribution, drop in F1)",
    ):  # fmt: skip
        assert part in text
    assert len(app.get("plotly_chart")) == 3
    told = app.table[0].value
    assert "black picture" in " ".join(told["why that can be"]).replace("\\", "")
    files = [one.label for one in app.download_button]
    assert {"Importance, CSV", "Ranks, CSV", "Agreement, CSV", "Disagreements, CSV"} <= set(files)
    assert files.count("SVG") == 3


def test_rankings_are_held_against_the_truth(compared: FakeLab, visit: Open) -> None:
    found = compared.comparing.results
    assert not any(
        "Recall" in str(one.value.columns) for one in visit("compare", items="aaa").dataframe
    )
    truth = ChannelTruth(kind="planted", informative=(1,))
    compared.comparing.results = {k: replace(v, truth=truth) for k, v in found.items()}
    app = visit("compare", items="aaa")
    assert "Which ranking finds the planted channels" in words(app)
    assert any("Recall@1" in one.value.columns for one in app.dataframe)


def test_widgets_write_the_address_and_the_address_fills_the_widgets(
    compared: FakeLab, visit: Open
) -> None:
    app = visit("compare", items="aaa:pxpermute,bbb:pxpermute")
    app.selectbox(key="compare-of").select("G1").run()
    app.multiselect(key="compare-marker").set_value(["DNA", "CD3"]).run()
    app.multiselect(key="compare-lit").set_value(["PI"]).run()
    app.selectbox(key="compare-top").select("1").run()
    query = {name: app.query_params[name] for name in ("items", "of", "marker", "lit", "top")}
    assert query == {
        "items": "aaa:pxpermute,bbb:pxpermute",
        "of": "G1", "marker": ["DNA", "CD3"], "lit": "PI", "top": "1",
    }  # fmt: skip
    again = visit("compare", **query)
    assert again.selectbox(key="compare-of").value == "G1"
    assert again.multiselect(key="compare-marker").value == ["DNA", "CD3"]
    assert again.multiselect(key="compare-lit").value == ["PI"]
    assert again.selectbox(key="compare-top").value == "1"
    assert words(again) == words(app)
    assert "Importance side by side for G1" in words(again)
    again.selectbox(key="compare-of").select("all classes").run()
    assert "of" not in again.query_params


def test_choosing_rankings_changes_the_address(compared: FakeLab, visit: Open) -> None:
    app = visit("compare", items="aaa:pxpermute")
    assert "One ranking alone" in words(app)
    app.multiselect(key="compare-items").set_value(["aaa:pxpermute", "bbb:pxpermute"]).run()
    assert app.query_params["items"] == "aaa:pxpermute,bbb:pxpermute"
    assert "Both rankings put PI first among the 3 channels that all have." in words(app)
    app.selectbox(key="compare-run").select("aaa").run()
    assert app.query_params["items"] == "aaa:pxpermute,bbb:pxpermute,aaa"
    assert len(app.multiselect(key="compare-items").value) == 4
    app.multiselect(key="compare-items").set_value([]).run()
    assert "items" not in app.query_params


def test_starts_and_missing_channels_can_be_shown(compared: FakeLab, visit: Open) -> None:
    app = visit("compare", items="aaa:pxpermute,bbb:pxpermute")
    assert "Other" not in str(app.dataframe[0].value["channel"].tolist())
    app = visit("compare", items="aaa:pxpermute,bbb:pxpermute", channels="every", dots="starts")
    table = app.dataframe[0].value
    assert "Other" in table["channel"].tolist()
    assert {"start 1", "start 3", "training 1", "scaled value"} <= set(table.columns)


@pytest.mark.parametrize(
    "query",
    [
        {"items": "zzz:pxpermute,aaa"},
        {"items": "aaa,aaa:gone,:,::,%00"},
        {"items": "aaa", "of": "<b>nobody</b>", "marker": ["Q", "*"], "lit": "[x](y)"},
        {"items": "aaa", "top": "99999999999999999999", "view": "nonsense", "order": "x"},
        {"items": "aaa", "top": "-1", "measure": "zzz", "channels": "zzz", "dots": "\u0665"},
        {"items": "aaa", "view": "pictures", "fold": "77", "cells": "zzz", "cells_page": "9999999"},
    ],
)
def test_stale_and_hostile_addresses_keep_what_can_be_kept(
    compared: FakeLab, visit: Open, query: dict[str, str]
) -> None:
    app = visit("compare", **query)
    assert "All 3 methods put PI first" in words(app)
    assert not app.error
    for one in app.warning:
        assert live_markup(one.value) == []
    if "zzz" in query["items"]:
        assert any("zzz" in one.value and "others stay" in one.value for one in app.warning)


def test_too_many_rankings_are_refused_kindly(lab: FakeLab, visit: Open) -> None:
    many = [ranked("pxpermute", MEAN) for _ in range(20)]
    made = {f"r{n:02d}": run(f"r{n:02d}", [one]) for n, one in enumerate(many)}
    lab.comparing = FakeComparing(made)
    app = visit("compare", items=",".join(made))
    assert any("20 rankings; at most 12" in one.value for one in app.warning)
    assert len(app.multiselect(key="compare-items").value) == MOST_ITEMS


def test_one_broken_result_keeps_the_others(compared: FakeLab, visit: Open) -> None:
    compared.comparing.broken = ("bbb",)
    app = visit("compare", items="aaa,bbb:pxpermute")
    assert [one.value.replace("\\", "") for one in app.error] == [
        "bbb:\u2060pxpermute could not be opened: The result of 'Rank channels' has left the "
        "store; start the run again"
    ]
    assert "All 3 methods put PI first" in words(app)
    alone = visit("compare", items="bbb")
    assert len(alone.error) == 1
    assert not alone.get("plotly_chart")


def test_what_is_not_sure_is_told_with_its_reason(compared: FakeLab, visit: Open) -> None:
    means = {"permute_cells": (0.1, 0.6, 0.3, 0.0), "pxpermute_mask": (0.3, 0.0, 0.4, 0.2)}
    methods = [ranked(name, mean, 0.9) for name, mean in means.items()]
    compared.comparing.results["u"] = run("u", methods)
    app = visit("compare", items="u")
    text = words(app)
    assert "Nowhere: for every channel" in text
    assert "Farthest apart on average, not surely" in text
    told = " ".join(str(cell) for one in app.table for cell in one.value.to_numpy().ravel())
    assert "The amount may count more than the place" in told
    guess = replace(run("u", methods), performance=ex.performance(0.3, 0.02))
    compared.comparing.results["u"] = guess
    assert "Farthest apart" not in words(visit("compare", items="u"))


def test_models_that_know_nothing_are_told(compared: FakeLab, visit: Open) -> None:
    found = compared.comparing.results["bbb"]
    poor = replace(found, performance=ex.performance(0.34, 0.1))
    compared.comparing.results["bbb"] = poor
    app = visit("compare", items="aaa:pxpermute,bbb:pxpermute")
    (warned,) = [one.value for one in app.warning]
    assert "hardly tell the classes apart" in warned
    assert "Run bbb" in warned
    assert "Run aaa" not in warned


def test_too_few_trainings_are_told_apart_from_models_that_know_nothing(
    compared: FakeLab, visit: Open
) -> None:
    found = compared.comparing.results["bbb"]
    f1 = Interval(mean=0.82, low=0.0, high=1.0, folds=(0.78, 0.86))
    few = replace(found, performance=replace(found.performance, f1_macro=f1))
    compared.comparing.results["bbb"] = few
    (warned,) = [one.value for one in visit("compare", items="aaa:pxpermute,bbb:pxpermute").warning]
    assert "Too few trainings stand behind these" in warned
    assert "hardly" not in warned
    assert "Run bbb" in warned
    assert "Run aaa" not in warned


def test_pictures_are_of_attribution_methods_only(compared: FakeLab, visit: Open) -> None:
    app = visit("compare", items="aaa", view="pictures", cells="S_phase")
    assert "No pixel map: pxpermute and occlusion." in words(app)
    assert "One colour scale for all maps" in words(app)
    (run_id, fold, positions, methods), *_ = compared.comparing.asked
    assert (run_id, fold, methods) == ("aaa", 0, ("integrated_gradients",))
    assert [p % 3 for p in positions] == [1] * 4, "cells of the chosen class only"
    assert app.get("plotly_chart")
    none = visit("compare", items="bbb", view="pictures")
    assert "None of the chosen rankings comes from an attribution method" in words(none)


@pytest.mark.parametrize("shift", [0, 4])
@pytest.mark.parametrize("view", ["rankings", "pictures"])
def test_hostile_names_are_text(lab: FakeLab, visit: Open, view: str, shift: int) -> None:
    names = [ex.HOSTILE[(i + shift) % len(ex.HOSTILE)] for i in range(8)]
    panel = Panel(
        tuple(replace(c, name=n, marker="") for c, n in zip(PANEL.channels, names, strict=False))
    )
    made = results(panel)
    for key, one in made.results.items():
        row = replace(one.run, title=names[4], dataset_title=names[5])
        spec = replace(one.spec, classes=tuple(names[5:]))
        made.results[key] = replace(one, run=row, spec=spec)
    lab.comparing = made
    app = visit("compare", items="aaa,bbb:pxpermute", view=view, of=names[6], marker=names[:2])
    all_are_text(app, names)


WORDS = st.text(st.characters(codec="utf-8", exclude_characters=",:"), min_size=1, max_size=8)
ITEMS = st.lists(
    st.builds(
        Item, WORDS.filter(str.strip), st.sampled_from(["pxpermute", "occlusion:fill=mean", "lrp"])
    ),
    min_size=1, max_size=20, unique=True,
)  # fmt: skip


@given(ITEMS)
@settings(max_examples=100, deadline=None)
def test_an_address_says_what_was_chosen(items: list[Item]) -> None:
    items = [one for one in items if one.run_id == one.run_id.strip()]
    rows = [ItemRow(item=one, label=one.method, run=ex.run_row()) for one in items]
    found = parse(joined([str(one) for one in items]), rows)
    assert found.items == tuple(items[:MOST_ITEMS])
    assert bool(found.complaints) == (len(items) > MOST_ITEMS)
    if items:
        whole = parse(items[0].run_id, rows)
        assert set(whole.items) == {one for one in items if one.run_id == items[0].run_id}


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_no_address_breaks_the_page(text: str) -> None:
    rows = [ItemRow(item=Item("aaa", "lrp"), label="LRP", run=ex.run_row())]
    found = parse(text, rows)
    assert set(found.items) <= {Item("aaa", "lrp")}
    assert all(re.sub(r"\\.", "", one).count("<") == 0 for one in found.complaints)
