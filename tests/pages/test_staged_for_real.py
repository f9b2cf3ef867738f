"""The wizard's pages on the real door: a whole rehearsal, carried out in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pages.parts import session
from pxcore.api import Lab
from pxcore.runs import drafts
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import RunSpec
from tests.pages.conftest import Open, words
from tests.runs.staged.made_cells import marker_dataset, short
from tests.tiny_lab import carry_on

MARKERS = ("CD3", "CD4", "CD19", "CD56")


@dataclass(frozen=True)
class Real:
    """A store with cells that have four markers, and its door."""

    store: Store
    lab: Lab


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Real]:
    store = open_store(Settings(home=tmp_path / "home"))
    lab, drafted = Lab(store), drafts.draft
    marker_dataset(store, MARKERS, title="Four markers")

    def tiny(*words: object) -> RunSpec:
        return short(drafted(*words), max_epochs=1)  # type: ignore[arg-type]

    monkeypatch.setattr(drafts, "draft", tiny)
    session.door.clear()
    monkeypatch.setattr(session, "open_lab", lambda: lab)
    yield Real(store, lab)
    session.door.clear()
    store.close()


def test_a_plan_is_rehearsed_from_its_candidates_to_the_comparison(real: Real, visit: Open) -> None:
    app = visit("staged")
    app.button(key="staged-new").click().run()
    app.selectbox(key="staged-instrument").select("other").run()
    app.number_input(key="staged-slots").set_value(3).run()
    app.button(key="staged-from-add").click().run()
    app.button(key="staged-save").click().run()
    assert "the simulation takes 8 to 40 candidates" in words(app)
    app.button(key="staged-choose-published").click().run()
    app.session_state["staged-rehearse"] = True
    app.run()
    app.button(key="staged-rehearse-start").click().run()
    assert not app.exception
    assert "You can close this tab" in words(app)
    plan_id = app.query_params["plan"]
    assert len(real.lab.runs()) == 3  # two with their own markers, one with all
    steps = []
    for _ in range(4):  # dealt runs, final run, both panels; then nothing is left
        carry_on(real.store)
        app.run()
        assert not app.exception
        steps.append(app.query_params["step"])
    assert steps[-1] == "6"
    assert "5" in steps
    text = words(app)
    for part in ("of 4 candidates", "How this came about", "runs, all finished",
                 "Rehearsal: the plan beside all markers at once", "The panel, CSV"):  # fmt: skip
        assert part in text, part
    plan = real.lab.staged.plan(plan_id)
    merged = visit("staged", plan=plan_id, step="4")
    assert "Who goes into the final run, and why" in words(merged)
    assert {one.marker for one in plan.candidates} == set(MARKERS)
    again = visit("staged", plan=plan_id)
    assert words(again) == text
