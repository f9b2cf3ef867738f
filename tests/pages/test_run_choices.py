"""New run: methods by how they work with what they cost, extras, and quality before training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import tests.example_values as ex
from pages.parts.run_form_methods import cost
from pxcore.data.overview import Overview
from pxcore.types import Choice, Dataset, MethodSpec, ModelSpec, RunSpec
from tests.fake_lab import FakeLab
from tests.pages.conftest import words

Open = Callable[..., AppTest]


def started(app: AppTest, lab: FakeLab) -> RunSpec:
    next(one for one in app.button if one.label == "Start").click().run()
    spec = next(value for name, value in lab.asked if name == "submit")
    assert isinstance(spec, RunSpec)
    return spec


def drafted(lab: FakeLab, monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    draft = lab.draft

    def changed(dataset_id: str, preset: str, split: str = "donor") -> RunSpec:
        return replace(draft(dataset_id, preset, split), **changes)  # type: ignore[arg-type]

    monkeypatch.setattr(lab, "draft", changed)


def test_methods_stand_under_how_they_work(full: FakeLab, visit: Open) -> None:
    text = words(visit("new", dataset="d1"))
    heads = ("Perturb the cells", "Follow the gradients", "Show sets of channels", "Train again")
    places = [text.index(head) for head in heads]
    assert places == sorted(places)
    assert "12 extra trainings" in text  # 4 channels, 3 folds
    assert "trains 3 extra models" in text


def test_costs_follow_the_folds_and_decoys(full: FakeLab, visit: Open) -> None:
    app = visit("new", dataset="d1")
    app.number_input(key="folds-fast-d1").set_value(5).run()
    app.toggle(key="decoys-fast-d1").set_value(True).run()
    assert "30 extra trainings" in words(app)  # (4 + 2) channels, 5 folds


@pytest.mark.parametrize(
    ("repeats", "said"), [(None, "up to 100 repeats"), (7, "4 channels and 7 repeats")]
)
def test_perturbations_say_how_often_they_predict(repeats: int | None, said: str) -> None:
    assert said in cost("perturbation", replace(ex.spec(), repeats=repeats))


def test_every_method_can_be_ticked(full: FakeLab, visit: Open) -> None:
    app = visit("new", dataset="d1")
    for name in ("leave_one_out", "lrp"):
        app.checkbox(key=f"method-fast-{name}").check().run()
    assert [one.id for one in started(app, full).methods] == ["pxpermute", "lrp", "leave_one_out"]


def test_a_preset_keeps_its_settings_until_they_are_changed(
    full: FakeLab, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = MethodSpec(id="occlusion", options=(("fill", "mean"),))
    drafted(full, monkeypatch, methods=(method,))
    app = visit("new", dataset="d1")
    assert app.segmented_control(key="method-fast-occlusion-fill").value == "mean"
    assert started(app, full).methods == (method,)
    full.asked.clear()
    app = visit("new", dataset="d1")
    app.segmented_control(key="method-fast-occlusion-fill").set_value("zero").run()
    assert started(app, full).methods == (MethodSpec(id="occlusion"),)


def test_place_or_amount_says_which_methods_it_needs(full: FakeLab, visit: Open) -> None:
    app = visit("new", dataset="d1")
    assert "which stains need imaging" in words(app)
    app.checkbox(key="method-fast-permute_cells").check().run()
    app.checkbox(key="method-fast-pxpermute_mask").check().run()
    assert "which stains need imaging" not in words(app)


def test_extras_begin_as_the_preset_has_them(
    full: FakeLab, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafted(full, monkeypatch, decoys=("decoy_foreign",), redundancy=True)
    app = visit("new", dataset="d1")
    spec = started(app, full)
    assert (spec.decoys, spec.redundancy, spec.gates, spec.leakage) == (
        ("decoy_foreign",), True, False, False,
    )  # fmt: skip


def test_extras_can_be_switched(full: FakeLab, visit: Open) -> None:
    app = visit("new", dataset="d1")
    for name in ("decoys", "redundancy", "gates", "leakage", "dropout", "zeros"):
        app.toggle(key=f"{name}-fast-d1").set_value(True).run()
    spec = started(app, full)
    assert spec.decoys == ("decoy_empty", "decoy_foreign")
    assert spec.redundancy
    assert spec.gates
    assert spec.leakage
    assert ("channel_dropout", True) in spec.model.options
    assert spec.training.zero_pixels == "skip"


def test_leakage_is_asked_only_where_donors_are_kept_apart(full: FakeLab, visit: Open) -> None:
    app = visit("new", dataset="d1")
    app.segmented_control(key="split-d1").set_value("cell").run()
    assert not any("random split" in one.label for one in app.toggle)
    full.sets = [replace(full.sets[0], groups=("one",))]
    assert not any("random split" in one.label for one in visit("new", dataset="d1").toggle)


def test_quality_stands_above_the_start(full: FakeLab, visit: Open) -> None:
    app = visit("new", dataset="d1")
    text = words(app)
    assert "saturated in 3 % of its pixels" in text
    assert any(one.label.startswith("Quality of the cells: 3 notes") for one in app.expander)
    assert "Only 20 cells are of class" in text
    assert any("Look at the cells" in one.proto.label for one in app.get("page_link"))


def test_quality_is_folded_where_nothing_is_odd(
    full: FakeLab, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    full.sets = [replace(full.sets[0], class_counts=(50, 50, 50))]
    overview = full.overview

    def clean(dataset_id: str) -> Overview:
        return replace(overview(dataset_id), pixel_warnings=(), class_warnings=())

    monkeypatch.setattr(full, "overview", clean)
    app = visit("new", dataset="d1")
    (fold,) = (one for one in app.expander if one.label.startswith("Quality"))
    assert "nothing odd was found" in fold.label
    assert not fold.proto.expanded


def test_hostile_class_names_in_the_quality_report(full: FakeLab, visit: Open) -> None:
    one: Dataset = full.sets[0]
    full.sets = [replace(one, classes=("<b>x</b> :red[y]", "b", "c"), class_counts=(3, 60, 60))]
    app = visit("new", dataset="d1")
    note = next(one.value for one in app.markdown if "Only 3 cells" in one.value)
    assert ":red[" not in note
    assert "<b>" not in note


def test_a_model_with_settings_has_a_field_for_each(full: FakeLab, visit: Open) -> None:
    app = visit("new", dataset="d1")
    app.selectbox(key="model-fast-d1").set_value("channel_embedding").run()
    width = app.number_input(key="setting-fast-d1-channel_embedding-width")
    assert width.value == 8  # as this host has no graphics card
    assert "No graphics card computes here" in words(app)
    app.segmented_control(key="setting-fast-d1-channel_embedding-encoders").set_value(
        "independent"
    ).run()
    spec = started(app, full)
    assert spec.model.id == "channel_embedding"
    assert dict(spec.model.options) == {"width": 8, "encoders": "independent"}
    full.asked.clear()
    app = visit("new", dataset="d1")
    app.selectbox(key="model-fast-d1").set_value("channel_embedding").run()
    app.number_input(key="setting-fast-d1-channel_embedding-width").set_value(64).run()
    assert started(app, full).model.options == ()  # the usual one


def test_settings_of_a_preset_are_shown_and_bounded(
    full: FakeLab, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ModelSpec(id="channel_embedding", options=(("width", 16), ("channel_dropout", True)))
    drafted(full, monkeypatch, model=model)
    app = visit("new", dataset="d1")
    width = app.number_input(key="setting-fast-d1-channel_embedding-width")
    assert width.value == 16
    assert dict(started(app, full).model.options) == dict(model.options)
    app = visit("new", dataset="d1")
    app.number_input(key="setting-fast-d1-channel_embedding-width").set_value(0).run()
    assert "Width may be 1 to 512, not 0" in words(app)


def test_epochs_are_the_experts_choice(full: FakeLab, visit: Open) -> None:
    app = visit("new", dataset="d1")
    field = app.number_input(key="epochs-fast-d1")
    assert (field.value, field.label) == (50, "Epochs at most (1 to 10,000)")
    field.set_value(3).run()
    assert started(app, full).training.max_epochs == 3


def test_a_network_with_a_ranking_of_its_own_asks_for_it(
    full: FakeLab, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = full.choices
    own = Choice(kind="method", id="channel_embedding", label="Its own", summary="-")
    more = {"method": (*known("method"), own)}
    monkeypatch.setattr(full, "choices", lambda kind: more.get(kind) or known(kind))
    app = visit("new", dataset="d1")
    assert "Tick Its own too" not in words(app)
    app.selectbox(key="model-fast-d1").set_value("channel_embedding").run()
    assert "Tick Its own too" in words(app)
    app.checkbox(key="method-fast-channel_embedding").check().run()
    assert "Tick Its own too" not in words(app)
