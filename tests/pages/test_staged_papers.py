"""Rehearsals that cannot begin, and what a plan's files are called."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from pages.parts.staged_files import downloads_of, label
from pxcore.errors import PanelError
from tests.fake_lab import FakeLab
from tests.pages.conftest import words
from tests.pages.staged_plans import MARKERS, measured, plan_at
from tests.pages.test_staged_steps import opened

Open = Callable[..., AppTest]


def test_a_rehearsal_says_which_markers_its_cells_lack(lab: FakeLab, visit: Open) -> None:
    measured(lab, MARKERS[:7])
    app = opened(visit, plan_at(lab, 3))
    app.session_state["staged-rehearse"] = True
    app.run()
    assert app.selectbox(key="staged-rehearse-data").options == ["Tonsil · 7 of 10 markers"]
    assert app.button(key="staged-rehearse-start").disabled
    assert "A rehearsal needs every marker: 7 of 10 planned markers found; missing: M8" in words(
        app
    )


def test_a_refused_rehearsal_is_told_beside_its_button(lab: FakeLab, visit: Open) -> None:
    measured(lab)
    app = opened(visit, plan_at(lab, 3))
    app.session_state["staged-rehearse"] = True
    app.run()

    def refuse(*_: object, **__: object) -> None:
        message = "this preset cannot be used"
        raise PanelError(message)

    lab.staged.rehearse = refuse  # type: ignore[method-assign, assignment]
    app.button(key="staged-rehearse-start").click().run()
    fold = next(one for one in app.expander if one.label.startswith("Rehearse this plan"))
    assert [one.value for one in fold.error] == ["This preset cannot be used"]
    assert len(app.error) == 1


def test_files_are_named_by_their_plan_and_say_what_they_are(lab: FakeLab, visit: Open) -> None:
    app = opened(visit, plan_at(lab, 3, title="Tonsil, B cells"))
    labels = [one.proto.label for one in app.get("download_button")]
    assert "Run sheets and order list to print (HTML)" in labels
    assert label("run_12.csv") == "Sheet of run 12 (CSV)"
    assert label("order_list.csv") == "Order list (CSV)"
    plan = lab.staged.plan("p1")
    names = [one.name for one in downloads_of(plan, lab.staged.downloads(plan))]
    assert names == ["tonsil-b-cells_run_sheets.html", "tonsil-b-cells_order.csv",
                     "tonsil-b-cells_plan.json"]  # fmt: skip
