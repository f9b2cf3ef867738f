"""Links: what opens them, what never does, whose they are."""

from __future__ import annotations

import re
import sqlite3
import time
from dataclasses import replace

import pytest

from pxcore.errors import AccessError
from pxcore.runs import ledger, share_rows, sharing
from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.types.people import Person, Rank, ShareRow
from tests.report_values import report
from tests.tiny_lab import tiny_dataset, tiny_spec

ANN, BOB = (Person(name=name, rank=Rank.MEMBER, id=name) for name in ("ann", "bob"))
READER = Person(name="ron", rank=Rank.READER, id="ron")
ADMIN = Person(name="ada", rank=Rank.ADMIN, id="ada")


@pytest.fixture
def ann(store: Store) -> Store:
    return store.seen_by(ANN)


def refused(store: Store, token: str) -> str:
    with pytest.raises(AccessError) as told:
        sharing.opened(store, token)
    return str(told.value)


def later(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    then = time.time() + days * 86400
    monkeypatch.setattr(sharing.time, "time", lambda: then)


def test_a_link_opens_the_report_as_it_was(ann: Store) -> None:
    row, token = sharing.keep(ann, report(), days=7)
    shown = sharing.opened(ann, token)
    assert shown == report()
    kinds = [[type(cell) for cell in line] for line in shown.sections[0].tables[0].rows]
    assert kinds == [[str, int, float, bool], [str, int, type(None), bool], [str, int, float, bool]]
    assert (row.kind, row.subject, row.title, row.owner) == ("run", "r1", report().title, "ann")
    assert (row.opened, row.alive, row.revoked) == (0, True, "")


def test_equal_reports_are_kept_once_and_have_links_of_their_own(ann: Store) -> None:
    (first, one), (second, other) = (sharing.keep(ann, report()) for _ in range(2))
    assert one != other
    assert first.id != second.id
    sharing.revoke(ann, first.id)
    assert sharing.opened(ann, other) == report()
    assert len(list((ann.home / "artifacts").glob("*/*"))) == 1


def test_the_token_is_kept_nowhere(ann: Store) -> None:
    row, token = sharing.keep(ann, report())
    assert re.fullmatch(r"[\w-]{43}", token)  # 32 random bytes
    assert row.id not in token
    ann.database.close()
    with sqlite3.connect(ann.home / "pxcore.sqlite") as connection:
        assert token not in "\n".join(connection.iterdump())
    for path in ann.home.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()


def test_every_dead_link_gets_the_same_answer(ann: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (revoked, one), (_, expired), (_, good) = (
        sharing.keep(ann, report(), days) for days in (30, 1, 30)
    )
    sharing.revoke(ann, revoked.id)
    later(monkeypatch, 2)
    answers = {refused(ann, token) for token in (one, expired, good[:-1] + "-", "A" * 43)}
    strange = ("", good + " ", good[:-1], good.lower(), "é" * 43, "../" * 14 + "x", "\0" * 43)
    answers |= {refused(ann, token) for token in (*strange, revoked.id, "x" * 10_000)}
    assert len(answers) == 1
    assert "ask whoever sent it for a new one" in answers.pop()
    assert sharing.opened(ann, good)


def test_a_revoked_link_is_dead_at_once_and_for_good(ann: Store) -> None:
    row, token = sharing.keep(ann, report())
    sharing.opened(ann, token)
    gone = sharing.revoke(ann, row.id)
    assert (gone.alive, bool(gone.revoked)) == (False, True)
    assert refused(ann, token)
    assert sharing.revoke(ann, row.id) == gone
    with pytest.raises(AccessError, match="for good"):
        sharing.extend(ann, row.id, 10)
    assert refused(ann, token)


def test_an_expired_link_opens_again_when_it_is_extended(
    ann: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, token = sharing.keep(ann, report(), days=1)
    later(monkeypatch, 1.01)
    assert refused(ann, token)
    assert [one.alive for one in share_rows.mine(ann)] == [False]
    longer = sharing.extend(ann, row.id, 10)
    assert (longer.alive, longer.expires > row.expires) == (True, True)
    assert sharing.opened(ann, token) == report()


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_link_is_neither_for_ever_nor_for_no_time(ann: Store, days: int) -> None:
    with pytest.raises(AccessError, match=f"1 to 365 days; {days} were asked for"):
        sharing.keep(ann, report(), days)
    row, _ = sharing.keep(ann, report())
    with pytest.raises(AccessError, match="1 to 365 days"):
        sharing.extend(ann, row.id, days)


def test_visits_are_counted_clicks_are_not(ann: Store) -> None:
    row, token = sharing.keep(ann, report())
    for again in (False, True, True, False):
        sharing.opened(ann, token, again=again)
    assert [(one.id, one.opened) for one in share_rows.mine(ann)] == [(row.id, 2)]


def test_a_store_that_cannot_be_written_still_shows_what_is_shared(ann: Store) -> None:
    _, token = sharing.keep(ann, report())
    with ann.database.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER no BEFORE UPDATE ON shares BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    assert sharing.opened(ann, token) == report()


def test_a_snapshot_that_is_gone_tells_a_stranger_nothing_of_this_host(ann: Store) -> None:
    _, token = sharing.keep(ann, report(title="Another"))
    (place,) = (ann.home / "artifacts").glob("*/*")
    place.rename(ann.home / "elsewhere")
    told = refused(ann, token)
    assert "cannot be read here any more" in told
    assert str(ann.home) not in told


def test_readers_make_no_links(store: Store) -> None:
    with pytest.raises(AccessError, match="rank of a member"):
        sharing.keep(store.seen_by(READER), report())
    assert not sharing.may_share(store.seen_by(READER))
    assert share_rows.every(store) == ()


def test_links_are_changed_by_their_owner_and_by_admins(store: Store, ann: Store) -> None:
    row, token = sharing.keep(ann, report())
    bob = store.seen_by(BOB)
    for change in (sharing.revoke, sharing.extend):
        with pytest.raises(AccessError, match="not among yours") as told:
            change(bob, row.id)
        with pytest.raises(AccessError) as unknown:
            change(bob, "0" * 12)
        assert str(told.value).replace(row.id, "") == str(unknown.value).replace("0" * 12, "")
    assert sharing.opened(bob, token)
    assert (share_rows.mine(bob), [one.id for one in share_rows.mine(ann)]) == ((), [row.id])
    with pytest.raises(AccessError, match="for administrators"):
        share_rows.every(bob)
    admin = store.seen_by(ADMIN)
    assert [one.id for one in share_rows.every(admin)] == [row.id]
    assert not sharing.revoke(admin, row.id).alive


def test_what_is_done_to_links_is_on_record(store: Store, ann: Store) -> None:
    row, token = sharing.keep(ann, report())
    sharing.extend(ann, row.id, 60)
    sharing.revoke(store.seen_by(ADMIN), row.id)
    sharing.revoke(ann, row.id)  # nothing new: no row
    told = [(one.who, one.action, one.subject) for one in audit.rows(store)]
    assert told == [
        ("ada", "share revoked", row.id),
        ("ann", "share extended", row.id),
        ("ann", "shared", row.id),
    ]
    assert "run r1" in audit.rows(store)[-1].detail
    assert token not in str(audit.rows(store))


def test_the_command_line_makes_links_in_the_hosts_name(store: Store) -> None:
    host = replace(store, settings=store.settings.model_copy(update={"owner": "lab-pc"}))
    row, _ = sharing.keep(host, report())
    assert isinstance(row, ShareRow)
    assert row.owner == "lab-pc"
    assert [one.id for one in share_rows.mine(host)] == [row.id]


def test_a_runs_owner_sees_and_ends_what_others_share_of_it(store: Store, ann: Store) -> None:
    run_id = ledger.submit(ann, replace(tiny_spec(tiny_dataset(store)), owner="ann"))
    bob = store.seen_by(BOB)
    for kind, subject in (("run", run_id), ("comparison", f"abc:occlusion,{run_id}:pxpermute")):
        row, token = sharing.keep(bob, replace(report(), kind=kind, subject=subject))
        assert row.id in {one.id for one in share_rows.mine(ann)}
        assert sharing.opened(store, token)
        sharing.revoke(ann, row.id)
        assert refused(store, token)
    other, _ = sharing.keep(bob, replace(report(), subject=f"{run_id}0"))
    assert other.id not in {one.id for one in share_rows.mine(ann)}
    with pytest.raises(AccessError, match="not among yours"):
        sharing.revoke(ann, other.id)
