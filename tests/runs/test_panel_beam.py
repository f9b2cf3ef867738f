"""More channels than all panels can be looked at for: a beam, round by round, and its Shapley."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from pxcore.evaluation.values import Sizes
from pxcore.panel import beam
from pxcore.panel.search import finalists, nested_choice
from pxcore.panel.worth import worth
from pxcore.runs import drafts, ledger
from pxcore.runs import plan as plans
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.panels import growing, searching
from pxcore.runs.panels import questions as panel_questions
from pxcore.runs.panels.notes import panel_notes
from pxcore.runs.panels.questions import PanelAsk
from pxcore.runs.panels.result import findings
from pxcore.runs.panels.tables import screen, worths
from pxcore.runs.panels.words import advice_json, told
from pxcore.runs.plan import plan
from pxcore.runs.runner import Runner
from pxcore.runs.saved.screen import Screened
from pxcore.runs.tasks import ScreenTask
from pxcore.store.home import Store
from pxcore.types import Channel, Panel, Role, RunSpec, RunState
from pxcore.types.panel import Constraints, Members, PanelQuestion, Screen
from tests.runs.panel_cells import BF, MARKER, NOISE, FakeScreens, made_screen, panel_dataset
from tests.tiny_lab import carry_on, tiny_spec

N = 17
WIDE = Panel(
    (Channel(name="BF", role=Role.BRIGHTFIELD), *(Channel(name=f"S{n}") for n in range(1, N)))
)
PAIR, TRIO = {5, 11}, {7, 8, 9}
WORTH = {3: 0.05, 5: 0.02, 11: 0.02, 14: 0.1}


def quality(fold: int, members: Members) -> float:
    """Two stains of their own worth, and a pair and a trio that only work together."""
    alone = sum(WORTH.get(c, 0.0) for c in members)
    have = {*members}
    return 0.5 + alone + 0.15 * (have >= PAIR) + 0.06 * (have >= TRIO) + 0.01 * fold


@pytest.fixture
def wide(spec: RunSpec) -> RunSpec:
    return replace(
        spec, panel=WIDE, channels=(), n_folds=2, question=PanelQuestion(always=(0,), finalists=1)
    )


def there(task: ScreenTask) -> Screened:
    return made_screen(task, quality)


def test_a_beam_finds_what_was_planted_and_looks_at_few(wide: RunSpec) -> None:
    found = searching.searched(wide, there)
    assert found.complete
    seen = growing.screen_of(wide, found.screens)
    assert not seen.complete
    drawn = len(searching.first_round(wide)[0].sets)
    assert len(seen.sets) <= drawn + beam.most_sets(N - 1, 2) < 2**12
    assert seen.sets[:, 0].all()
    best = {len(m) - 1: m for m in finalists(seen, WIDE, Constraints(), 1)}
    assert sorted(best) == list(range(N))  # of every size
    assert best[1] == (0, 14)
    assert best[2] == (0, 5, 11)
    assert best[3] == (0, 5, 11, 14)
    assert best[4] == (0, 3, 5, 11, 14)
    assert nested_choice(seen, WIDE, Constraints(), 4) == (best[4],) * 2


def test_rounds_follow_from_those_before_and_wait_for_them(wide: RunSpec) -> None:
    whole = searching.searched(wide, there)
    assert 8 < len(whole.rounds) <= 1 + N  # drawn, then down to sizes that were drawn all
    for done in (0, 1, 5):
        known = {task for tasks in whole.rounds[:done] for task in tasks}
        part = searching.searched(wide, lambda task, k=known: there(task) if task in k else None)
        assert not part.complete
        assert part.rounds == whole.rounds[: done + 1]
    one_missing = {*whole.rounds[0], *whole.rounds[1][:1]}
    part = searching.searched(wide, lambda task: there(task) if task in one_missing else None)
    assert part.rounds == whole.rounds[:2]
    again = searching.searched(replace(wide, title="another day"), there)
    assert again.rounds == whole.rounds  # a runner that takes the run up anew finds the same
    assert searching.first_round(replace(wide, seed=wide.seed + 1)) != whole.rounds[0]
    looked = [{*tasks[0].sets} for tasks in whole.rounds]
    assert sum(map(len, looked)) == len(set.union(*looked))  # no panel is looked at twice
    assert all(len({task.sets for task in tasks}) == 1 for tasks in whole.rounds)


def test_the_worth_of_channels_is_that_of_the_game(wide: RunSpec) -> None:
    found = searching.searched(wide, there)
    told_of = worth(
        growing.screen_of(wide, found.screens), searching.way(wide),
        Sizes(n_train=(80, 80), n_test=(20, 20)),
    )  # fmt: skip
    value = {one.channel: one.value.mean for one in told_of}
    assert sum(value.values()) == pytest.approx(0.4, abs=1e-9)  # F1 of all less that of none
    assert value[14] == pytest.approx(0.1, abs=2e-3)  # what is additive is exact but for rounding
    assert value[5] == pytest.approx(0.02 + 0.15 / 2, abs=2e-3)  # the pair shares its worth
    assert value[1] == pytest.approx(0, abs=2e-3)
    errors = {one.channel: one.error for one in told_of}
    assert errors[7] > 0.001 > errors[14]
    assert value[7] == pytest.approx(0.06 / 3, abs=4 * errors[7])


def test_of_few_channels_worth_is_exact_and_needs_every_panel(wide: RunSpec) -> None:
    few = replace(wide, channels=(0, 3, 5, 11))
    found = searching.searched(few, there)
    seen, sizes = growing.screen_of(few, found.screens), Sizes(n_train=(8, 8), n_test=(2, 2))
    assert seen.complete
    value = {one.channel: one.value.mean for one in worth(seen, searching.way(few), sizes)}
    assert value == pytest.approx({3: 0.05, 5: 0.095, 11: 0.095}, abs=2e-3)
    lacking = replace(
        seen, sets=seen.sets[1:], valid_f1=seen.valid_f1[:, 1:], test_f1=seen.test_f1[:, 1:]
    )
    assert worth(lacking, searching.way(few), sizes) == ()


def test_the_notes_say_that_not_all_are_looked_at(wide: RunSpec) -> None:
    steps = plan(wide)
    (note,) = [one for one in panel_notes(wide, steps, set()) if "looks at" in one]
    most = len(searching.first_round(wide)[0].sets) + beam.most_sets(N - 1, 2)
    assert f"looks at {most:,} at most" in note
    assert "it may miss a better one" in note
    labels = [step.label for step in steps if step.kind == "screen"]
    assert len(labels) == 2
    assert "all" not in labels[0]


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Plans are remembered by their spec alone: none may come in from before, or go out."""
    monkeypatch.setattr(searching, "MOST_OPTIONAL", 1)
    monkeypatch.setattr("pxcore.runs.runner.LOOK_SECONDS", 0.0)
    plans._steps.cache_clear()
    yield
    plans._steps.cache_clear()


@pytest.mark.usefixtures("few_are_many")
def test_a_run_grows_round_by_round_and_ends(store: Store) -> None:
    question = PanelQuestion(always=(BF,), finalists=1)
    spec = replace(tiny_spec(panel_dataset(store)), question=question)
    run_id = ledger.submit(store, drafts.frozen_spec(store, spec))
    engine = FakeScreens(store, lambda _, members: 0.5 + len(members) / 10)
    living = Runner(store=store, engine=engine, desk=ImportDesk(store))
    for _ in range(60):
        living.turn()
        engine.do()
    assert ledger.record(store, run_id).state is RunState.FINISHED
    rows = ledger.task_rows(store, run_id)
    assert len(engine.log) == len(rows)  # each once
    assert not [row.label for row in rows if row.reused]


@pytest.mark.usefixtures("few_are_many")
def test_a_beam_through_true_models_says_what_all_panels_said(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tiny_spec(panel_dataset(store), max_epochs=6)
    spec = replace(spec, channels=(), training=replace(spec.training, batch_size=16))
    first = ledger.submit(store, drafts.frozen_spec(store, spec))
    monkeypatch.setattr(searching, "PAIRS", 2)
    carry_on(store)
    answer = panel_questions.submit(store, first, PanelAsk())
    carry_on(store)
    found = findings(store, answer)
    assert found.screen is not None
    assert not found.screen.complete
    assert {tuple(np.flatnonzero(row)) for row in found.screen.sets} == {
        (BF,), (BF, MARKER), (BF, NOISE), (BF, MARKER, NOISE),
    }  # fmt: skip
    value = {one.channel: one.value.mean for one in found.worth}
    assert value[MARKER] > 0.2 > value[NOISE]
    advice = found.advice(Constraints(margin=0.1))
    assert any("a better panel may be missed" in one for one in told(found, advice))
    assert advice_json(found, advice)["screened"] == {"panels": 4, "all": False}
    assert len(screen(found, advice)) == 4
    assert list(worths(found, advice)["channel"]) == ["marker", "noise"]
    # The same models asked about all panels say the same of each.
    monkeypatch.setattr(searching, "MOST_OPTIONAL", 14)
    whole = panel_questions.submit(store, first, PanelAsk(finalists=1))
    carry_on(store)
    every = findings(store, whole).screen
    assert every is not None
    assert every.complete
    for name in ("valid_f1", "test_f1"):
        assert f1_of_sets(every, name) == pytest.approx(f1_of_sets(found.screen, name))
    # What later rounds looked at is there too.
    monkeypatch.setattr(searching, "MOST_OPTIONAL", 1)
    monkeypatch.setattr(searching, "_drawn", lambda _: ((BF,), (BF, MARKER, NOISE)))
    again = panel_questions.submit(store, first, PanelAsk(finalists=3))
    carry_on(store)
    rounds = findings(store, again)
    assert rounds.screen is not None
    assert f1_of_sets(rounds.screen, "valid_f1") == pytest.approx(f1_of_sets(every, "valid_f1"))


def f1_of_sets(told_of: Screen, name: str) -> dict[Members, float]:
    values = getattr(told_of, name).sum(axis=0)
    return dict(zip((tuple(np.flatnonzero(row)) for row in told_of.sets), values, strict=True))
