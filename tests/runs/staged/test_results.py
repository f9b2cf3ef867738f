"""Step 6 with tiny real runs: whose answer counts, within which bounds, and the panel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxcore.api import Lab
from pxcore.errors import PanelError
from pxcore.runs import ledger
from pxcore.runs.ledger import RunRecord
from pxcore.runs.panels.questions import PanelAsk
from pxcore.runs.staged import answers
from pxcore.runs.staged.answers import constraints_for
from pxcore.runs.staged.attached import places_of
from pxcore.types.panel import Constraints, PanelQuestion
from tests.runs.staged.measured_plans import (
    ALL,
    FINAL,
    Measured,
    with_final,
)
from tests.tiny_lab import carry_on


def test_the_result_without_and_with_advice(lab: Lab, measured: Measured) -> None:
    plan = with_final(lab, measured)
    plan = lab.staged.attach(plan, 3, measured.data["final"], measured.runs["final"], who="ann")
    assert plan.step == 6
    found = lab.staged.outcome(plan, margin=0.49)
    assert found.run_id == measured.runs["asked"]
    assert found.advice is not None
    assert found.panel.names == ("BF", "CD3", "CD19", "CD45")
    assert set(found.markers) <= set(found.measured) == {"CD3", "CD45", "CD19"}
    assert {marker for marker, _ in found.left} == set(ALL) - set(found.markers)
    assert all(reason for _, reason in found.left)
    assert (found.cost + found.saved, found.trail) == (13.0, plan.trail)
    with pytest.raises(PanelError, match=r"margin is 0\.5; expected a loss of F1 above 0"):
        lab.staged.outcome(plan, margin=0.5)


def test_advice_keeps_to_what_was_planned(lab: Lab, measured: Measured) -> None:
    plan = with_final(lab, measured)
    plan = lab.staged.attach(plan, 3, measured.data["all"], measured.runs["all"], who="ann")
    spec = lab.progress(measured.runs["all"]).spec
    wanted = constraints_for(plan, spec, places_of(plan.runs[-1]), 0.03)
    names = spec.panel.channels
    assert [names[c].marker for c in wanted.must_keep] == ["CD3"]
    assert [names[c].marker for c in wanted.exclude] == ["CD4", "CD20"]
    assert wanted.margin == 0.03


def test_what_the_question_asked_for_holds_as_on_the_panel_page(
    lab: Lab, measured: Measured
) -> None:
    plan = with_final(lab, measured)
    plan = lab.staged.attach(plan, 3, measured.data["all"], measured.runs["all"], who="ann")
    question = PanelQuestion(must_keep=(5,), exclude=(2, 4), most_stains=2)
    spec = replace(lab.progress(measured.runs["all"]).spec, question=question)
    wanted = constraints_for(plan, spec, places_of(plan.runs[-1]), 0.03)
    assert (wanted.must_keep, wanted.exclude, wanted.max_stains) == ((1, 5), (2, 4, 5), 2)


@pytest.fixture(scope="module")
def bounded(measured: Measured) -> str:
    """Return the run that was asked about the final run's panels without CD45."""
    ask = PanelAsk(search=False, constraints=Constraints(exclude=(3,), max_stains=2))
    run = Lab(measured.store).panels.ask(measured.runs["final"], ask)
    carry_on(measured.store)
    return run


def test_the_wizard_and_the_panel_page_advise_the_same(
    lab: Lab, measured: Measured, bounded: str
) -> None:
    plan = with_final(lab, measured)
    plan = lab.staged.attach(plan, 3, measured.data["final"], measured.runs["final"], who="ann")
    found = lab.staged.outcome(plan, margin=0.49)
    assert found.run_id == bounded  # the newest answer
    page = lab.panels.findings(bounded)
    question = page.spec.question
    assert question is not None
    usual = Constraints(
        must_keep=(1,), exclude=question.exclude, max_stains=question.most_stains, margin=0.49
    )
    assert found.advice is not None
    assert found.advice.constraints == page.advice(usual).constraints
    assert found.advice.constraints.exclude == (3,)


def test_a_question_that_left_out_what_the_plan_keeps_is_told(
    lab: Lab, measured: Measured, bounded: str
) -> None:
    plan = with_final(lab, measured)
    keep = [replace(one, must_keep=one.marker == "CD45") for one in plan.candidates]
    plan = lab.staged.set_candidates(plan, keep, plan.instrument, who="ann")
    plan = lab.staged.finish_merge(plan, who="ann")
    plan = lab.staged.attach(plan, 3, measured.data["final"], measured.runs["final"], who="ann")
    found = lab.staged.outcome(plan)
    assert found.advice is None
    assert set(found.markers) == set(FINAL)
    assert f"Run {bounded} was asked within other bounds than this plan's" in found.advice_reason
    assert "again on its page under Panel" in found.advice_reason


def test_the_newest_answer_counts_though_the_attached_run_was_asked_itself(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ledger.record(measured.store, measured.runs["asked"])
    question = PanelQuestion(search=True)

    def known(*names: str) -> None:
        made = {
            "attached": asked,  # of a single panel, not of all
            "newer": replace(asked, id="newer"),
            "searched": _asked(asked, "searched", question),
            "newest": _asked(asked, "newest", question),
            "other": _asked(asked, "other", question, seed=99),
        }
        monkeypatch.setattr(answers.ledger, "records", lambda *_: [made[n] for n in names])

    def answer(**words: bool) -> str:
        return answers.answering_run(measured.store, asked.spec, **words)

    known("attached")
    assert answer() == asked.id
    known("newer", "attached")
    assert (answer(), answer(searched=True)) == ("newer", "")
    known("other", "newer", "newest", "searched", "attached")
    assert answer() == "newest"  # one that searched all panels goes before one that did not
    known()
    assert answer() == ""


def _asked(record: RunRecord, name: str, question: PanelQuestion, **changes: int) -> RunRecord:
    spec = replace(record.spec, question=question, **changes)
    return replace(record, id=name, spec=spec)


def test_a_final_run_that_was_not_asked_says_what_to_do(lab: Lab, measured: Measured) -> None:
    plan = with_final(lab, measured)
    plan = lab.staged.attach(plan, 3, measured.data["all"], measured.runs["all"], who="ann")
    found = lab.staged.outcome(plan)
    assert (found.markers, found.advice) == (FINAL, None)
    assert f"python -m pxcore panel {measured.runs['all']}" in found.advice_reason
    assert dict(found.left)["CD4"].startswith(("Rank", "In no"))
