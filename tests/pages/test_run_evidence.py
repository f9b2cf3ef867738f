"""A finished run with decoys and all evidence, and without: every section present and absent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import tests.evidence_values as ev
import tests.example_values as ex
from pages.parts.run_redundancy import leave_out_groups
from pxcore.types import Panel, RunResult
from pxcore.types.truth import ChannelTruth
from tests.fake_lab import FakeLab
from tests.pages.conftest import words
from tests.pages.test_hostile_names import HOSTILE, all_are_text

Open = Callable[..., AppTest]


@pytest.fixture
def told(full: FakeLab) -> FakeLab:
    """Return a lab whose finished run tells everything."""
    full.finished = ev.result()
    return full


def opened(lab: FakeLab, visit: Open, **changes: object) -> AppTest:
    assert lab.finished is not None
    lab.finished = replace(lab.finished, **changes)  # type: ignore[arg-type]
    return visit("run", run="finished")


def tables(app: AppTest, column: str) -> list[str]:
    frame = next(one.value for one in app.dataframe if column in one.value.columns)
    return [str(value) for value in frame[column]]


def press(app: AppTest, label: str) -> None:
    next(one for one in app.button if one.label == label).click().run()


def asked(lab: FakeLab) -> object:
    return next(value for name, value in lab.asked if name == "follow_up")


def test_the_answer_speaks_of_decoys_and_never_of_zero(told: FakeLab, visit: Open) -> None:
    app = visit("run", run="finished")
    assert not app.error
    top = next(one.value for one in app.markdown if one.value.startswith("####"))
    assert "Also informative:" in top.replace("\\", "")
    assert "decoy\\:" not in top


def test_decoys_are_in_no_table_of_planted_truth(told: FakeLab, visit: Open) -> None:
    app = visit("run", run="finished")
    channels = tables(app, "planted")
    assert len(channels) == 4
    truth = next(one.value for one in app.dataframe if "planted" in one.value.columns)
    assert not any(name.startswith("decoy") for name in truth["channel"])
    assert "place matters" in set(truth["place or amount"])


def test_rankings_are_held_against_what_was_planted(told: FakeLab, visit: Open) -> None:
    app = opened(told, visit, truth=ChannelTruth(kind="planted", informative=(0, 1)))
    assert "planted channels among the first 2" in words(app)
    assert tables(app, "Recall@2")
    app = opened(told, visit, truth=ChannelTruth(kind="means", spread=(0.1, 0.9, 0.5, 0.0)))
    assert "This is no proof" in words(app)
    assert tables(app, "Spearman's ρ")


def test_truth_stays_with_its_channel_where_only_some_took_part(told: FakeLab, visit: Open) -> None:
    assert told.finished is not None
    panel = Panel((ex.PANEL.channels[1], ex.PANEL.channels[3], *ev.DECOYS))
    base = ex.method((0.6, 0.1, 0.0, 0.0), (0.02,) * 4)
    some = replace(
        told.finished,
        panel=panel,
        spec=replace(told.finished.spec, channels=(1, 3)),
        methods=(replace(base, ranking=replace(base.ranking, decoy_bound=0.02)),),
        where=None, redundancy=None, gates=(), leakage=None, left_out=(),
    )  # fmt: skip
    told.finished = some
    app = visit("run", run="finished")
    truth = next(one.value for one in app.dataframe if "planted" in one.value.columns)
    pairs = dict(zip(truth["channel"], truth["planted"], strict=True))
    assert pairs == {"PI (DNA)": "truth of stain", "Live/dead": "truth of viability"}


@pytest.mark.parametrize("channel", [0, 4])
def test_an_opened_decoy_says_what_it_is(told: FakeLab, visit: Open, channel: int) -> None:
    app = visit("run", run="finished")
    app.selectbox(key="channel").set_value(channel).run()
    assert not app.error
    text = words(app)
    assert ("A made channel" in text) is (channel == 4)
    assert ("It was made to carry nothing" in text) is (channel == 4)
    sentences = [one.value for one in app.code if one.value.startswith("Brightfield")]
    assert bool(sentences) is (channel == 0)


@pytest.mark.parametrize(
    ("method", "said"), [("lrp", "Nothing is changed"), ("leave_one_out", "trained without")]
)
def test_a_method_that_changes_no_cell_shows_none(
    told: FakeLab, visit: Open, method: str, said: str
) -> None:
    unit = "relevance" if method == "lrp" else "drop in F1"
    app = opened(told, visit, methods=(ev.method(method, unit),))
    app.selectbox(key="channel").set_value(1).run()
    assert not app.error
    text = words(app)
    assert said in text
    assert ("probability of the true class" in text) is (method != "lrp")


def test_methods_are_compared_and_gradients_are_followed_by_a_link(
    told: FakeLab, visit: Open
) -> None:
    def ways(app: AppTest) -> dict[str, str]:
        return {one.proto.label: one.proto.query_string for one in app.get("page_link")}

    app = visit("run", run="finished")
    app.segmented_control(key="method").set_value("lrp").run()
    app.selectbox(key="channel").set_value(1).run()
    assert ways(app)["Compare methods"] == "items=finished"
    assert "finished%3Alrp" in ways(app)["Where they lead, cell by cell"]
    assert told.finished is not None
    one = opened(told, visit, methods=told.finished.methods[:1])
    assert "Compare methods" not in ways(one)


def test_every_real_channel_has_a_sentence(told: FakeLab, visit: Open) -> None:
    app = visit("run", run="finished")
    listed = next(one.value for one in app.markdown if one.value.startswith("- **PI"))
    assert listed.count("\n- ") == 3
    copied = app.get("code")[0].value if app.get("code") else ""
    assert not any(line.startswith("decoy") for line in copied.splitlines())
    assert "PI (DNA)" in copied


def test_small_classes_are_kept_out_of_verdicts_and_said_so(told: FakeLab, visit: Open) -> None:
    assert "Few cells in G2 (fewer than 30 held out)" in words(visit("run", run="finished"))


def test_where_or_how_much_in_words(told: FakeLab, visit: Open) -> None:
    text = words(visit("run", run="finished"))
    assert "For PI (DNA) the amount is enough: ordinary flow cytometry would do." in text
    assert "Outlines come with the cells." in text
    absent = opened(told, visit, where=None)
    assert "This needs the methods Other cells and PXPermute inside the cell" in words(absent)
    assert not any("place low" in one.value.columns for one in absent.dataframe)


def test_redundancy_in_words_and_numbers(told: FakeLab, visit: Open) -> None:
    app = visit("run", run="finished")
    text = words(app)
    assert "interchangeable: keep one, Live/dead first, else PI (DNA)" in text
    assert "Trained without PI (DNA) and Live/dead, F1 falls by 0.420" in text
    assert tables(app, "says") == [
        "stand in for one another", "losses overlap: says little", "no interaction shown",
    ]  # fmt: skip
    assert not any(one.label == "Confirm by retraining" for one in app.button)


def test_models_that_guess_name_no_pair_and_no_place(told: FakeLab, visit: Open) -> None:
    app = opened(told, visit, **vars_of_guessing())
    text = words(app)
    assert "Nothing can be said about which channels stand in for one another yet" in text
    assert "Nothing can be said about place or amount yet" in text
    assert "guessing gives about" in text
    assert "Strongest interactions" not in text
    assert "interchangeable" not in text
    assert "needs imaging" not in text
    assert not any("says" in one.value.columns for one in app.dataframe)
    assert text.count("Nothing can be said about any channel yet") == 1  # not once a channel
    assert told.finished is not None
    assert told.finished.left_out
    for redundancy in (told.finished.redundancy, None):
        app = opened(told, visit, redundancy=redundancy, **vars_of_guessing())
        assert "about what the models lose without channels yet" in words(app)
        assert not any("trained without" in one.value.columns for one in app.dataframe)


def test_the_way_to_the_truth_stands_on_top_where_there_is_one(told: FakeLab, visit: Open) -> None:
    assert "[what was planted](#truth)" in words(visit("run", run="finished"))
    assert told.finished is not None
    plain = replace(told.finished.dataset, truth=())
    assert "(#truth)" not in words(opened(told, visit, dataset=plain))
    means = ChannelTruth(kind="means", spread=(0.1, 0.9, 0.5, 0.0))
    assert "[class means](#truth)" in words(opened(told, visit, dataset=plain, truth=means))


def test_home_shows_no_example_that_found_nothing(told: FakeLab, visit: Open) -> None:
    assert "An example with known truth" in words(visit())
    told.finished = replace(ev.result(), **vars_of_guessing())
    assert "An example with known truth" not in words(visit())


def test_a_question_about_panels_of_guesses_is_warned_of(told: FakeLab, visit: Open) -> None:
    assert not visit("panel", run="finished").warning
    told.finished = replace(ev.result(), **vars_of_guessing())
    (warning,) = visit("panel", run="finished").warning
    assert "too early to ask: the models hardly tell the classes apart" in warning.value


def vars_of_guessing() -> dict[str, object]:
    """Return what makes models guess: F1 at that of naming one class always."""
    return {"performance": ex.performance(0.25, 0.02)}


def test_retraining_confirms_groups_by_their_place_in_the_data_set(
    told: FakeLab, visit: Open
) -> None:
    app = opened(told, visit, left_out=())
    press(app, "Confirm by retraining")
    assert asked(told) == ("finished", "left_out", ((1,), (1, 3)))
    assert app.query_params["run"] == "r9"


def test_decoys_are_not_left_out_and_positions_are_those_of_the_data_set() -> None:
    result = ev.result()
    some: RunResult = replace(result, spec=replace(result.spec, channels=(0, 2, 3, 5)))
    group = ev.redundancy().groups[0]
    assert leave_out_groups(some, (group,)) == ((2,), (2, 5))
    with_decoy = replace(group, channels=(1, 4), keep_order=(4, 1))
    assert leave_out_groups(some, (with_decoy,)) == ()


@pytest.mark.parametrize(
    ("field", "empty", "button", "what"),
    [
        ("redundancy", None, "Look for channels that say the same", "redundancy"),
        ("gates", (), "Run the sanity checks", "gates"),
        ("leakage", None, "Show what a random split would claim", "leakage"),
    ],
)
def test_what_was_not_asked_for_can_be_asked_for(
    told: FakeLab, visit: Open, field: str, empty: object, button: str, what: str
) -> None:
    app = visit("run", run="finished")
    assert not any(one.label == button for one in app.button)
    app = opened(told, visit, **{field: empty})
    press(app, button)
    assert asked(told) == ("finished", what, ())
    assert app.query_params["run"] == "r9"


def test_a_failed_check_warns_beside_its_own_ranking_only(told: FakeLab, visit: Open) -> None:
    app = visit("run", run="finished")
    assert not app.error  # PXPermute passed
    assert "1 of 3 failed" in words(app)
    app.segmented_control(key="method").set_value("occlusion").run()
    (warning,) = app.error
    said = warning.value.replace("\\", "")
    assert "Occlusion failed 1 sanity check" in said
    assert "Random weights keep the ranking: Spearman 0.93" in said
    passed = opened(told, visit, gates=ev.gates(failing=False))
    passed.segmented_control(key="method").set_value("occlusion").run()
    assert not passed.error
    assert "All 3 checks passed" in words(passed)


def test_checks_that_do_not_apply_are_not_offered_again(told: FakeLab, visit: Open) -> None:
    spec = replace(ev.result().spec, gates=True)
    app = opened(told, visit, gates=(), spec=spec)
    assert "None applies: training again" in words(app)
    assert "Run the sanity checks" not in [one.label for one in app.button]


def test_many_methods_are_a_menu_that_marks_those_that_failed(told: FakeLab, visit: Open) -> None:
    ids = ("pxpermute", "occlusion", "permute_cells", "pxpermute_mask", "shapley", "leave_one_out")
    app = opened(told, visit, methods=tuple(ev.method(one) for one in ids))
    menu = app.selectbox(key="method")
    assert [one for one in menu.options if "failed" in one] == ["Occlusion (failed a sanity check)"]
    menu.set_value("occlusion").run()
    assert len(app.error) == 1


@pytest.mark.parametrize("split", ["donor", "cell"])
@pytest.mark.parametrize("groups", [("a", "b"), ("a",)])
def test_leakage_is_offered_only_where_donors_are_kept_apart(
    told: FakeLab, visit: Open, split: str, groups: tuple[str, ...]
) -> None:
    assert told.finished is not None
    app = opened(
        told,
        visit,
        leakage=None,
        spec=replace(told.finished.spec, split=split),
        dataset=replace(told.finished.dataset, groups=groups),
    )
    offered = any(one.label == "Show what a random split would claim" for one in app.button)
    assert offered is (split == "donor" and len(groups) > 1)


@pytest.mark.parametrize("shift", [0, 4])
def test_hostile_names_are_text_in_every_section(told: FakeLab, visit: Open, shift: int) -> None:
    names = [HOSTILE[(i + shift) % len(HOSTILE)] for i in range(8)]
    channels = zip(names[:4], ex.PANEL.channels, strict=True)
    real = Panel(tuple(replace(c, name=n, gate_defining=True) for n, c in channels))
    told.finished = ev.result(real, tuple(names[4:7]))
    app = visit("run", run="finished")
    app.selectbox(key="channel").set_value(1).run()
    all_are_text(app, names[:7])
