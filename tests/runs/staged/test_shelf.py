"""Plans in a real database: every change a version, nobody overwrites anybody."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from pxcore.errors import PanelError, PlanChangedError
from pxcore.panel.staged.instruments import INSTRUMENTS, other
from pxcore.runs.staged import shelf
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.store.keys import decode, encode
from pxcore.store.tables import plan_versions
from pxcore.types.staged import (
    Candidate,
    Decision,
    Override,
    PlanKind,
    StagedPlan,
    StagedRun,
)

BOTH_DATABASES = True


def made(title: str = "Plan") -> StagedPlan:
    return StagedPlan(id="", title=title, version=0, step=1, owner="ann", instrument=other(10, [1]))


WORDS = st.text(max_size=12)


@given(
    st.builds(
        StagedPlan,
        id=WORDS,
        title=WORDS,
        version=st.integers(0, 99),
        step=st.integers(1, 6),
        owner=WORDS,
        instrument=st.sampled_from(list(INSTRUMENTS.values())),
        candidates=st.lists(st.builds(Candidate, marker=WORDS, cost=st.floats(0, 1e6))).map(tuple),
        kind=st.sampled_from([None, *PlanKind]),
        runs=st.lists(
            st.builds(
                StagedRun,
                number=st.integers(1, 9),
                markers=st.lists(WORDS).map(tuple),
                matched=st.lists(st.tuples(WORDS, WORDS)).map(tuple),
            )
        ).map(tuple),
        overrides=st.lists(st.tuples(WORDS, st.sampled_from(Override))).map(tuple),
        trail=st.lists(st.builds(Decision, at=WORDS, who=WORDS, step=WORDS, what=WORDS)).map(tuple),
        rehearsal_runs=st.lists(st.tuples(WORDS, WORDS)).map(tuple),
    )
)
def test_a_plan_comes_back_as_it_was_written(plan: StagedPlan) -> None:
    assert decode(StagedPlan, encode(plan)) == plan


def test_every_save_is_a_version_and_none_is_lost(store: Store) -> None:
    first = shelf.add(store, made(), "ann", "Started.")
    second = shelf.save(store, replace(first, title="Renamed"), "bob", "Renamed it.")
    assert (first.version, second.version) == (1, 2)
    assert shelf.one(store, first.id) == second
    assert shelf.one(store, first.id, 1) == first
    told = [(one.version, one.who, one.what) for one in shelf.history(store, first.id)]
    assert told == [(2, "bob", "Renamed it."), (1, "ann", "Started.")]


def test_two_people_at_once_do_not_overwrite_each_other(tmp_path: Path) -> None:
    ann, bob = (open_store(Settings(home=tmp_path)) for _ in range(2))
    seen = shelf.add(ann, made(), "ann", "Started.")
    assert shelf.one(bob, seen.id) == seen
    saved = shelf.save(ann, replace(seen, title="Ann's"), "ann", "Called it Ann's.")
    message = (
        r"was changed meanwhile \(version 2 by ann, \d{4}-\d\d-\d\d \d\d:\d\d UTC: Called it "
        r"Ann's\.\).*"
        "version 1.*nothing was overwritten: open the plan again"
    )
    with pytest.raises(PlanChangedError, match=message):
        shelf.save(bob, replace(seen, title="Bob's"), "bob", "Called it Bob's.")
    assert shelf.one(bob, seen.id) == saved
    again = shelf.save(bob, replace(saved, title="Bob's"), "bob", "Called it Bob's.")
    assert shelf.one(ann, seen.id) == again
    ann.close()
    bob.close()


def test_of_many_who_save_at_the_same_moment_one_wins(tmp_path: Path) -> None:
    stores = [open_store(Settings(home=tmp_path)) for _ in range(6)]
    seen = shelf.add(stores[0], made(), "ann", "Started.")

    def save(number: int) -> bool:
        try:
            shelf.save(stores[number], replace(seen, title=f"{number}"), f"{number}", "Mine.")
        except PlanChangedError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(save, range(6)))
    assert won.count(True) == 1
    last = shelf.one(stores[0], seen.id)
    assert (last.version, last.title) == (2, str(won.index(True)))
    assert len(shelf.history(stores[0], seen.id)) == 2
    for store in stores:
        store.close()


def test_plans_are_listed_by_their_last_change(store: Store) -> None:
    first, second = (shelf.add(store, made(name), "ann", "Started.") for name in ("a", "b"))
    assert [plan.title for plan in shelf.every(store)] == ["b", "a"]
    shelf.save(store, replace(first, title="a2"), "ann", "Renamed.")
    assert [plan.title for plan in shelf.every(store)] == ["a2", "b"]
    assert second.id != first.id


def test_one_that_cannot_be_read_does_not_hide_the_others(store: Store) -> None:
    bad, good = (shelf.add(store, made(name), "ann", "Started.") for name in ("bad", "good"))
    with store.database.writing() as connection:
        row = update(plan_versions).where(plan_versions.c.plan_id == bad.id)
        connection.execute(row.values(body='{"step": "later"}'))
    listed = shelf.every(store)
    assert listed[0] == good
    assert listed[1].title == "bad (cannot be read)"
    assert "written by another version" in listed[1].notes[0]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda store, _: shelf.one(store, "nowhere"), "plan 'nowhere' is not known here; `python"),
        (lambda store, known: shelf.one(store, known, 7), "has no version 7; it has 1 to 1"),
    ],
)
def test_what_is_not_there_is_told(
    store: Store, ask: Callable[[Store, str], StagedPlan], message: str
) -> None:
    known = shelf.add(store, made(), "ann", "Started.").id
    with pytest.raises(PanelError, match=re.escape(message)):
        ask(store, known)
