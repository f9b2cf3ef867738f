"""The wizard's first steps: the way in, candidates, instrument, both plans, the choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.staged_table import from_table, table
from pxcore.panel.staged.instruments import INSTRUMENTS
from pxcore.types.staged import Candidate, PlanKind
from tests.fake_lab import FakeLab
from tests.pages.conftest import words
from tests.pages.staged_plans import MARKERS, candidates, measured, plan_at

Open = Callable[..., AppTest]
TWENTY = "\n".join(f"M{number}" for number in range(1, 21))


def at(visit: Open, lab: FakeLab, reached: int, **query: str) -> AppTest:
    """Return the page of a new plan that has come to a step."""
    return visit("staged", plan=plan_at(lab, reached).id, **query)


def pasted(app: AppTest, text: str) -> AppTest:
    """Paste a text into the table."""
    app.text_area(key="staged-paste").set_value(text).run()
    return app.button(key="staged-paste-add").click().run()


def errors(app: AppTest) -> str:
    return " ".join(one.value.replace("\\", "") for one in app.error)


def test_without_a_plan_it_says_what_it_is_for_and_has_one_button(
    lab: FakeLab, visit: Open
) -> None:
    app = visit("staged")
    assert "more candidate markers than your instrument has slots" in words(app)
    assert [one.label for one in app.button] == ["Begin a plan"]
    app.text_input(key="staged-begun-by").set_value(" Ann ").run()
    app.button(key="staged-new").click().run()
    assert (app.query_params["plan"], app.query_params["step"]) == ("p1", "1")
    assert (lab.staged.plan("p1").step, lab.staged.plan("p1").owner) == (1, "Ann")
    assert app.text_input(key="staged-who").value == "Ann"


def test_plans_can_be_resumed_by_their_link(lab: FakeLab, visit: Open) -> None:
    plan_at(lab, 2, title="Tonsil panel")
    plan_at(lab, 5, title="Blood panel")
    app = visit("staged")
    links = [one.proto for one in app.main.get("page_link")]
    assert [one.label for one in links] == ["Blood panel", "Tonsil panel"]
    assert links[0].query_string == "plan=p2"
    assert "step 5 of 6, Final run; 10 candidates" in words(app)
    resumed = visit("staged", plan="p2")
    assert "Final run · sheet" in words(resumed)


def test_an_unknown_plan_is_told(lab: FakeLab, visit: Open) -> None:
    assert "'nowhere' is not known" in words(visit("staged", plan="nowhere"))


def test_pasted_markers_are_saved_and_lead_to_the_plan(lab: FakeLab, visit: Open) -> None:
    app = pasted(at(visit, lab, 1), TWENTY)
    assert "20 markers added" in words(app)
    assert "20 candidates do not fit into 4 free slots" in words(app)
    assert lab.staged.plan("p1").candidates == ()  # nothing is saved before one says so
    app.text_input(key="staged-title-p1").set_value("Tonsil").run()
    app.text_input(key="staged-who").set_value("Ann").run()
    app.button(key="staged-save").click().run()
    saved = lab.staged.plan("p1")
    assert [one.marker for one in saved.candidates] == TWENTY.split()
    assert (saved.title, saved.step, saved.trail[-1].who) == ("Tonsil", 2, "Ann")
    assert app.query_params["step"] == "2"
    assert "Which pairs are ever seen together" in words(app)


def test_markers_that_are_there_already_are_not_doubled(lab: FakeLab, visit: Open) -> None:
    app = pasted(pasted(at(visit, lab, 1), "CD3, CD4"), "cd-3\nCD8")
    assert "1 marker added; cd-3 was there already and stayed" in words(app)
    app.button(key="staged-save").click().run()
    assert [one.marker for one in lab.staged.plan("p1").candidates] == ["CD3", "CD4", "CD8"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("CD3, CD3", "comes twice"),
        ("CD3, 12", "is a number, not a marker"),
        ("marker;cost\nCD3;-1", "expected a number from 0"),
        ("marker;flavour\nCD3;x", "'flavour' is not known"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_changes(
    lab: FakeLab, visit: Open, text: str, told: str
) -> None:
    app = pasted(at(visit, lab, 1), text)
    assert told in errors(app)
    assert "added" not in words(app)


def test_candidates_come_from_a_data_set(lab: FakeLab, visit: Open) -> None:
    measured(lab)
    app = at(visit, lab, 1)
    app.button(key="staged-from-add").click().run()
    assert "10 markers added" in words(app)
    app.button(key="staged-save").click().run()
    assert [one.marker for one in lab.staged.plan("p1").candidates] == list(MARKERS)


def test_an_edited_table_is_what_is_saved(lab: FakeLab, visit: Open) -> None:
    app = pasted(at(visit, lab, 1), "CD3\nCD4\nCD8\nCD19\nCD56\nCD14")
    app.session_state["staged-table-p1"] = {
        "edited_rows": {0: {"must_keep": True, "cost": 3.5}, 1: {"bridge": True}},
        "added_rows": [{"marker": " CD45 ", "fluorochrome": "PE"}],
        "deleted_rows": [2],
    }
    app.run()
    app.button(key="staged-save").click().run()
    saved = {one.marker: one for one in lab.staged.plan("p1").candidates}
    assert list(saved) == ["CD3", "CD4", "CD19", "CD56", "CD14", "CD45"]
    assert saved["CD3"].must_keep
    assert saved["CD3"].cost == 3.5
    assert saved["CD4"].bridge
    assert saved["CD4"].always_on  # a bridge is in every run
    assert saved["CD45"].fluorochrome == "PE"


def test_the_table_keeps_every_candidate_as_it_is() -> None:
    made = (*candidates(), Candidate(marker="", clone="only a clone"))
    assert from_table(table(made)) == made
    assert from_table(table(())) == ()
    assert from_table(table((Candidate(marker=""),))) == ()


def test_candidates_that_cannot_be_planned_are_told_and_not_saved(
    lab: FakeLab, visit: Open
) -> None:
    app = pasted(at(visit, lab, 1), "marker,always_on\nA,yes\nB,yes\nC,yes\nD,yes\nE,no")
    assert "4 markers are always on" in errors(app)
    assert "has 4 slots for stains" in errors(app)
    assert app.button(key="staged-save").disabled


def test_an_own_instrument_takes_free_numbers_and_checks_them(lab: FakeLab, visit: Open) -> None:
    app = pasted(at(visit, lab, 1), TWENTY)
    app.selectbox(key="staged-instrument").select("other").run()
    app.number_input(key="staged-slots").set_value(10).run()
    app.text_input(key="staged-bf").set_value("1, 11").run()
    assert "channel 11 does not exist" in errors(app).lower()
    assert app.button(key="staged-save").disabled
    app.text_input(key="staged-bf").set_value("1; 2").run()
    assert not app.error
    app.button(key="staged-save").click().run()
    saved = lab.staged.plan("p1").instrument
    assert (saved.id, saved.slots, saved.brightfield) == ("other", 10, (1, 2))


def test_both_offers_stand_side_by_side_with_what_they_lose(lab: FakeLab, visit: Open) -> None:
    app = at(visit, lab, 2)
    text = words(app)
    for part in (
        "Published plan", "Pair cover", "Pairs seen", "100%", "0.042 (0.039 to 0.045)",
        "m = 1 was chosen for you", "Choose published plan", "Choose pair cover", "Cost",
    ):  # fmt: skip
        assert part in text, part
    assert len(app.get("plotly_chart")) == 5  # losses, and pairs and grid of each plan
    app.button(key="staged-choose-pair_cover").click().run()
    saved = lab.staged.plan("p1")
    assert (saved.kind, saved.step, app.query_params["step"]) == (PlanKind.PAIR_COVER, 3, "3")


def test_what_is_not_simulated_or_not_possible_says_why(lab: FakeLab, visit: Open) -> None:
    lab.staged.losses_said = "the simulation takes 8 to 40 candidates, there are 3"
    app = at(visit, lab, 2)
    assert "Not simulated: the simulation takes 8 to 40" in words(app)
    assert "not simulated" in words(app)
    assert app.number_input(key="staged-top-p1-1-3").max == 3  # more is not possible
    assert "Choose published plan" in words(app)


def test_costs_that_nobody_gave_are_not_told_as_zero(lab: FakeLab, visit: Open) -> None:
    plan = plan_at(lab, 2)
    free = tuple(replace(one, cost=0.0) for one in plan.candidates)
    lab.staged.put(replace(plan, candidates=free))
    text = words(visit("staged", plan=plan.id))
    assert "| Cost | not given | not given |" in text
    assert "the fewest possible" in text


def test_a_chosen_plan_is_marked_and_can_be_changed(lab: FakeLab, visit: Open) -> None:
    app = at(visit, lab, 3, step="2")
    assert app.button(key="staged-choose-published").disabled
    app.button(key="staged-choose-pair_cover").click().run()
    assert lab.staged.plan("p1").kind is PlanKind.PAIR_COVER


def test_steps_that_are_not_reached_cannot_be_opened(lab: FakeLab, visit: Open) -> None:
    app = at(visit, lab, 3, step="6")
    assert "Step 6 of the address is not reached yet: this is step 3" in words(app)
    states = [app.button(key=f"staged-step-{number}").disabled for number in range(1, 7)]
    assert states == [False, False, False, True, True, True]
    app.button(key="staged-step-1").click().run()
    assert app.query_params["step"] == "1"
    assert "Candidate markers" in words(app)


def test_the_plan_so_far_is_at_the_side_of_every_step(lab: FakeLab, visit: Open) -> None:
    for step in range(1, 7):
        text = words(at(visit, lab, step))
        assert "The plan so far" in text
        if step > 1:
            assert "10 candidates; bridge: M1; must keep: M2" in text
    assert "Final run: ranked" in text
    assert INSTRUMENTS["one_camera_6"].label not in text


def test_changes_can_be_undone_and_versions_brought_back(lab: FakeLab, visit: Open) -> None:
    app = at(visit, lab, 3)
    app.button(key="staged-undo").click().run()
    now = lab.staged.plan("p1")
    assert (now.version, now.step, now.kind) == (4, 2, None)
    assert "Which pairs are ever seen together" in words(app)
    app.session_state["staged-trail"] = True
    app.run()
    app.button(key="staged-version-1").click().run()
    assert lab.staged.plan("p1").candidates == ()
    assert lab.staged.plan("p1").version == 5
    assert "staged-undo" not in [one.key for one in app.button]  # nothing is left to undo


def test_what_is_not_saved_is_told_on_a_new_plan_too(lab: FakeLab, visit: Open) -> None:
    app = at(visit, lab, 1)
    assert "Not saved yet" not in words(app)
    app = pasted(app, "CD3, CD4")
    app.text_input(key="staged-title-p1").set_value("Tonsil").run()
    app.selectbox(key="staged-instrument").select("imagestream_12").run()
    told = "Not saved yet: 2 candidates, the instrument and the title; lost when"
    assert told in words(app)
    assert "Saved so far: no candidates" in words(app)
    app.button(key="staged-saved").click().run()
    assert "Not saved yet" not in words(app)
    assert lab.staged.plan("p1").version == 1
    assert app.text_input(key="staged-title-p1-1").value == "Plan"


def test_the_same_fluorochrome_twice_is_told_with_the_candidates(lab: FakeLab, visit: Open) -> None:
    app = pasted(at(visit, lab, 1), "marker;fluorochrome\nA;PE\nB;pe\nC;FITC\nD;PE")
    assert "A, B and D have the same fluorochrome: in one run" in words(app)
