"""Who may see and change what: held against every door that reads or writes rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from pxcore.errors import AccessError, PanelError, RunError
from pxcore.people.rights import may_see, require_admin, signed
from pxcore.runs import (
    datasets,
    drafts,
    folders,
    followups,
    galleries,
    imports,
    ledger,
    privacy,
    progress,
)
from pxcore.runs.panels import questions as panel_questions
from pxcore.runs.panels.answers import answers
from pxcore.runs.panels.questions import PanelAsk, submit
from pxcore.runs.result import result
from pxcore.runs.staged import attached, rehearsal, shelf
from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.types import ImportRequest, RunSpec
from pxcore.types.people import HOST, Person, Rank
from pxcore.types.staged import Instrument, StagedPlan, StagedRun
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec

ANN = Person(name="ann", rank=Rank.MEMBER, id="1")
BOB = Person(name="bob", rank=Rank.MEMBER, id="2")
EVE = Person(name="eve", rank=Rank.READER, id="3")
ADA = Person(name="ada", rank=Rank.ADMIN, id="4")
NOBODY = Person(rank=Rank.READER)


@pytest.fixture
def spec(store: Store) -> RunSpec:
    return replace(tiny_spec(tiny_dataset(store)), title="Of Ann", owner="somebody else")


def hidden_run(store: Store, spec: RunSpec) -> str:
    return ledger.submit(store.seen_by(ANN), spec, private=True)


@pytest.mark.parametrize("person", [BOB, EVE, NOBODY], ids=["member", "reader", "nobody"])
def test_a_private_run_is_unknown_to_others(store: Store, spec: RunSpec, person: Person) -> None:
    run_id = hidden_run(store, spec)
    carry_on(store)
    others = store.seen_by(person)
    key = ledger.task_rows(store, run_id)[0].key
    assert ledger.records(others) == ()
    assert progress.run_rows(others) == ()
    assert ledger.task_rows(others, run_id) == ()
    assert answers(others) == ()
    asks: tuple[Callable[[], object], ...] = (
        lambda: ledger.record(others, run_id),
        lambda: progress.progress(others, run_id),
        lambda: progress.task_log(others, run_id, key),
        lambda: result(others, run_id),
        lambda: followups.follow_up(others, run_id, "gates"),
        lambda: submit(others, run_id, PanelAsk()),
        lambda: ledger.request_cancel(others, run_id, "ann"),
        lambda: privacy.set_private(others, run_id, private=False),
    )
    unknown = f"run {run_id!r} is not known here; `python -m pxcore runs` lists what there is"
    for ask in asks:
        with pytest.raises(RunError) as told:
            ask()
        assert str(told.value) == unknown  # nothing tells that it is there
    assert not ledger.record(store, run_id).cancel_requested


@pytest.mark.parametrize("person", [ANN, ADA, HOST], ids=["owner", "admin", "host"])
def test_its_owner_and_administrators_see_it(store: Store, spec: RunSpec, person: Person) -> None:
    run_id = hidden_run(store, spec)
    found = ledger.record(store.seen_by(person), run_id)
    assert (found.private, found.row.private, found.row.owner) == (True, True, "ann")
    assert [one.id for one in progress.run_rows(store.seen_by(person))] == [run_id]
    assert ledger.task_rows(store.seen_by(person), run_id)


def test_the_same_computation_does_not_tell_of_a_private_run(store: Store, spec: RunSpec) -> None:
    run_id = hidden_run(store, spec)
    carry_on(store)
    ann, bob = store.seen_by(ANN), store.seen_by(BOB)
    assert drafts.estimate(ann, spec).cached == drafts.estimate(ann, spec).tasks > 0
    assert drafts.estimate(bob, spec).cached == 0
    assert ledger.submit(bob, spec, once=True) != run_id
    frozen = drafts.frozen_spec(store, spec)
    made = followups.submit_once(bob, frozen)
    assert made != run_id
    assert followups.submit_once(ann, frozen) == made  # not the private one: a plan may name it
    assert followups.submit_once(ann, frozen, private=True) == run_id


def test_a_search_that_only_a_private_run_made_is_not_told(store: Store, spec: RunSpec) -> None:
    ann, bob = store.seen_by(ANN), store.seen_by(BOB)
    mine, hidden = ledger.submit(bob, spec), ledger.submit(ann, spec, private=True)
    carry_on(store)
    before, asked = panel_questions.estimate(bob, mine, PanelAsk()), PanelAsk()
    submit(ann, hidden, asked)
    carry_on(store)
    after = panel_questions.estimate(bob, mine, asked)
    assert after == replace(before, seconds=after.seconds, seconds_more=after.seconds_more)
    assert after.cached < after.tasks
    assert any("at most" in note for note in after.notes)  # which panels are best stays unknown
    told = panel_questions.estimate(store, mine, asked)
    assert told.cached == told.tasks > after.tasks


def test_two_tabs_of_an_owner_start_one_private_run(store: Store, spec: RunSpec) -> None:
    run_id = hidden_run(store, spec)
    ann = store.seen_by(ANN)
    assert ledger.submit(ann, spec, once=True, private=True) == run_id
    public = ledger.submit(ann, spec, once=True)
    assert public != run_id
    assert ledger.submit(store.seen_by(BOB), spec, once=True) == public


def test_what_follows_a_private_run_is_private(store: Store, spec: RunSpec) -> None:
    run_id = hidden_run(store, spec)
    carry_on(store)
    ann = store.seen_by(ANN)
    made = [followups.follow_up(ann, run_id, "gates"), submit(ann, run_id, PanelAsk())]
    assert all(ledger.record(ann, one).private for one in made)
    assert ledger.records(store.seen_by(BOB)) == ()


def test_who_logged_in_signs_whatever_was_typed(store: Store, spec: RunSpec) -> None:
    ann = store.seen_by(ANN)
    assert ledger.record(store, ledger.submit(ann, spec)).row.owner == "ann"
    assert ledger.record(store, ledger.submit(store, spec)).row.owner == "somebody else"
    queued = imports.queue(ann, ImportRequest(path="demo", owner="bob"))
    assert imports.progress(store, queued).request.owner == "ann"
    plan = shelf.add(ann, blank_plan(), "bob", "Begun.")
    assert (plan.owner, shelf.history(store, plan.id)[0].who) == ("ann", "ann")
    assert signed(store.seen_by(Person(name="typed")), "other") == "other"


def test_a_reader_changes_nothing(store: Store, spec: RunSpec, tmp_path: Path) -> None:
    run_id = ledger.submit(store.seen_by(ANN), spec)
    cells, before = datasets.one(store, spec.dataset_id), audit.rows(store)
    eve, sheet = store.seen_by(EVE), galleries.panel_sheet(store, cells.id)
    assert ledger.record(eve, run_id).row.owner == "ann"  # but may look
    changes: tuple[Callable[[], object], ...] = (
        lambda: ledger.submit(eve, spec),
        lambda: ledger.submit(eve, spec, once=True),
        lambda: followups.submit_once(eve, spec),
        lambda: ledger.request_cancel(eve, run_id, "ann"),
        lambda: privacy.set_private(eve, run_id, private=True),
        lambda: imports.queue(eve, ImportRequest(path="demo")),
        lambda: folders.save_upload(eve, "x.h5", BytesIO(b"x"), "ann"),
        lambda: folders.browse(eve, tmp_path),
        lambda: datasets.register(eve, cells, "k"),
        lambda: datasets.edit(eve, cells.id, "New", cells.panel),
        lambda: galleries.apply_panel_sheet(eve, cells.id, sheet),
        lambda: galleries.add_labels(eve, cells.id, ""),
        lambda: shelf.add(eve, blank_plan(), "ann", "Begun."),
    )
    for change in changes:
        with pytest.raises(AccessError, match="eve is a reader"):
            change()
    assert audit.rows(store) == before


def test_cancelling_is_for_the_owner_and_administrators(store: Store, spec: RunSpec) -> None:
    run_id = ledger.submit(store.seen_by(ANN), spec)
    with pytest.raises(AccessError, match="is for ann and administrators; bob is neither"):
        ledger.request_cancel(store.seen_by(BOB), run_id, "ann")
    assert not ledger.record(store, run_id).cancel_requested
    ledger.request_cancel(store.seen_by(ADA), run_id, "ann")
    assert ledger.record(store, run_id).cancel_requested
    told = [(one.who, one.action) for one in audit.rows(store)]
    assert told[:2] == [("ada", "run cancelled"), ("ann", "run started")]


def test_hiding_and_showing(store: Store, spec: RunSpec) -> None:
    run_id = ledger.submit(store.seen_by(ANN), spec)
    with pytest.raises(AccessError, match="ann and administrators"):
        privacy.set_private(store.seen_by(BOB), run_id, private=True)
    privacy.set_private(store.seen_by(ANN), run_id, private=True)
    assert ledger.records(store.seen_by(BOB)) == ()
    privacy.set_private(store.seen_by(ADA), run_id, private=False)
    assert len(ledger.records(store.seen_by(BOB))) == 1
    assert [one.action for one in audit.rows(store, 2)] == [
        "run shown to the lab", "run made private",
    ]  # fmt: skip


def test_a_plan_has_no_private_runs(store: Store, spec: RunSpec) -> None:
    run_id = ledger.submit(store.seen_by(ANN), spec)
    run = StagedRun(number=1, markers=("CD3",), run_id=run_id)
    ann = store.seen_by(ANN)
    plan = shelf.add(ann, replace(blank_plan(), title="Blood", runs=(run,)), "ann", "Begun.")
    shelf.save(ann, replace(plan, runs=()), "ann", "Detached.")  # which can be undone
    with pytest.raises(RunError, match="once was, part of the staged plan 'Blood'"):
        privacy.set_private(ann, run_id, private=True)
    assert not ledger.record(store, run_id).private
    hidden = hidden_run(store, replace(spec, seed=9))
    with pytest.raises(PanelError, match="is private, and a staged plan is everybody's"):
        attached.check_run(ann, blank_plan(), run, hidden)


def test_looking_at_a_rehearsal_makes_nobody_its_owner(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = shelf.add(store.seen_by(ANN), blank_plan(), "ann", "Begun.")
    rehearsed = replace(plan, rehearsal="d" * 16)
    acted: list[tuple[Person, str]] = []

    def attached_by(acting: Store, seen: StagedPlan, who: str) -> StagedPlan:
        acted.append((acting.person, who))
        return seen

    monkeypatch.setattr(rehearsal, "_attached", attached_by)
    for person in (BOB, ADA):
        rehearsal.advance(store.seen_by(person), rehearsed, lambda _: None, who="x")  # type: ignore[arg-type, return-value]
    with pytest.raises(AccessError, match="eve is a reader"):
        rehearsal.advance(store.seen_by(EVE), rehearsed, lambda _: None, who="x")  # type: ignore[arg-type, return-value]
    nobodys = replace(
        shelf.add(store, replace(blank_plan(), owner=""), "", "Begun."), rehearsal="d"
    )
    rehearsal.advance(store.seen_by(BOB), nobodys, lambda _: None, who="x")  # type: ignore[arg-type, return-value]
    assert acted == [(HOST, "ann"), (HOST, "ann"), (HOST, "bob")]


def test_nothing_is_private_without_login_or_owner(store: Store, spec: RunSpec) -> None:
    nobody = replace(spec, owner="")
    with pytest.raises(RunError, match="needs an owner"):
        ledger.submit(store, nobody, private=True)
    opened = replace(store, settings=store.settings.model_copy(update={"auth": "open"}))
    with pytest.raises(RunError, match="everybody sees everything"):
        ledger.submit(opened, spec, private=True)
    assert ledger.records(store) == ()


def test_may_see_and_require_admin(store: Store) -> None:
    assert may_see(BOB, "ann", private=False)
    assert not may_see(BOB, "ann", private=True)
    assert not may_see(NOBODY, "", private=True)
    assert may_see(ADA, "ann", private=True)
    require_admin(store.seen_by(ADA), "This")
    with pytest.raises(AccessError, match="This is for administrators; ann is none"):
        require_admin(store.seen_by(ANN), "This")


def blank_plan() -> StagedPlan:
    free = Instrument(id="other", label="Other", slots=4)
    return StagedPlan(id="", title="A plan", version=0, step=1, owner="bob", instrument=free)
