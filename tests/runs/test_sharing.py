"""Links: what opens them, what never does, whose they are."""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from pxcore.errors import AccessError, DatabaseAwayError
from pxcore.runs import ledger, privacy, share_rows, sharing
from pxcore.runs.upkeep import cleanup
from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.store.tables import metadata, runs
from pxcore.types.people import HOST, Person, Rank, ShareRow
from pxcore.types.reports import ReportFile, ReportTable
from tests.report_values import report
from tests.tiny_lab import tiny_dataset, tiny_spec

ANN, BOB = (Person(name=name, rank=Rank.MEMBER, id=name) for name in ("ann", "bob"))
READER = Person(name="ron", rank=Rank.READER, id="ron")
ADMIN = Person(name="ada", rank=Rank.ADMIN, id="ada")


@pytest.fixture
def ann(store: Store) -> Store:
    return store.seen_by(ANN)


@pytest.fixture
def run(store: Store) -> str:
    """Return the id of a run of ann's."""
    spec = replace(tiny_spec(tiny_dataset(store, n_cells=30)), owner="ann")
    return ledger.submit(store.seen_by(ANN), spec)


def refused(store: Store, token: str) -> str:
    with pytest.raises(AccessError) as told:
        sharing.opened(store, token)
    with suppress(AccessError):  # a snapshot that cannot be read is no matter of its pictures
        sharing.require_open(store, token)
        assert "cannot be read here" in str(told.value)
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
    with ann.database.reading() as connection:
        for table in metadata.sorted_tables:
            assert token not in str(connection.execute(select(table)).all())
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


def test_a_revoked_link_is_dead_at_once_and_for_good(ann: Store, run: str) -> None:
    row, token = sharing.keep(ann, report(subject=run))
    sharing.opened(ann, token)
    gone = sharing.revoke(ann, row.id)
    assert (gone.alive, bool(gone.revoked)) == (False, True)
    assert refused(ann, token)
    assert sharing.revoke(ann, row.id) == gone
    with pytest.raises(AccessError, match="for good"):
        sharing.extend(ann, row.id, 10)
    assert refused(ann, token)


def test_an_expired_link_opens_again_when_it_is_extended(
    ann: Store, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, token = sharing.keep(ann, report(subject=run), days=1)
    later(monkeypatch, 1.01)
    assert refused(ann, token)
    assert [one.alive for one in share_rows.mine(ann)] == [False]
    longer = sharing.extend(ann, row.id, 10)
    assert (longer.alive, longer.expires > row.expires) == (True, True)
    assert sharing.opened(ann, token) == report(subject=run)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_link_is_neither_for_ever_nor_for_no_time(ann: Store, run: str, days: int) -> None:
    with pytest.raises(AccessError, match=f"1 to 365 days; {days} were asked for"):
        sharing.keep(ann, report(), days)
    row, _ = sharing.keep(ann, report(subject=run))
    with pytest.raises(AccessError, match="1 to 365 days"):
        sharing.extend(ann, row.id, days)


def test_visits_are_counted_clicks_and_pictures_are_not(
    ann: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, token = sharing.keep(ann, report())
    for again in (False, True, True, False):
        sharing.opened(ann, token, again=again)
    monkeypatch.setattr(sharing, "_read", None)  # a page has many pictures: none reads the report
    sharing.require_open(ann, token)
    assert [(one.id, one.opened) for one in share_rows.mine(ann)] == [(row.id, 2)]


@pytest.mark.parametrize("error", [DatabaseAwayError("locked"), SQLAlchemyError("full")])
def test_a_store_that_cannot_be_written_still_shows_what_is_shared(
    ann: Store, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = sharing.keep(ann, report())

    def full() -> None:
        raise error

    monkeypatch.setattr(ann.database, "writing", full)
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


def test_what_is_done_to_links_is_on_record(store: Store, ann: Store, run: str) -> None:
    row, token = sharing.keep(ann, report(subject=run))
    sharing.extend(ann, row.id, 60)
    sharing.revoke(store.seen_by(ADMIN), row.id)
    sharing.revoke(ann, row.id)  # nothing new: no row
    said = [one for one in audit.rows(store) if one.subject == row.id]
    told = [(one.who, one.action, one.subject) for one in said]
    assert told == [
        ("ada", "share revoked", row.id),
        ("ann", "share extended", row.id),
        ("ann", "shared", row.id),
    ]
    assert f"run {run}" in said[-1].detail
    assert token not in str(audit.rows(store))


def test_the_command_line_makes_links_in_the_hosts_name(store: Store) -> None:
    host = replace(store, settings=store.settings.model_copy(update={"owner": "lab-pc"}))
    row, _ = sharing.keep(host, report())
    assert isinstance(row, ShareRow)
    assert row.owner == "lab-pc"
    assert [one.id for one in share_rows.mine(host)] == [row.id]


def test_a_runs_owner_sees_and_ends_what_others_share_of_it(
    store: Store, ann: Store, run: str
) -> None:
    bob = store.seen_by(BOB)
    for kind, subject in (("run", run), ("comparison", f"abc:occlusion,{run}:pxpermute")):
        row, token = sharing.keep(bob, replace(report(), kind=kind, subject=subject))
        assert row.id in {one.id for one in share_rows.mine(ann)}
        assert sharing.opened(store, token)
        sharing.revoke(ann, row.id)
        assert refused(store, token)
    other, _ = sharing.keep(bob, replace(report(), subject=f"{run}0"))
    assert other.id not in {one.id for one in share_rows.mine(ann)}
    with pytest.raises(AccessError, match="not among yours"):
        sharing.revoke(ann, other.id)


def test_who_may_no_longer_see_or_share_extends_nothing(store: Store, run: str) -> None:
    bob = store.seen_by(BOB)
    made = [
        sharing.keep(bob, replace(report(subject=subject), kind=kind))[0]
        for kind, subject in (("run", run), ("comparison", f"{run}:lrp"), ("plan", "gone"))
    ]
    demoted = store.seen_by(replace(BOB, rank=Rank.READER))
    with pytest.raises(AccessError, match="rank of a member"):
        sharing.extend(demoted, made[0].id, 365)
    assert sharing.extend(bob, made[0].id, 60).expires > made[0].expires
    with store.database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id == run).values(private=True))
    before = share_rows.mine(bob)
    for row in made:
        with pytest.raises(AccessError, match="not here for you"):
            sharing.extend(bob, row.id, 365)
    assert share_rows.mine(bob) == before


def test_a_run_that_becomes_private_ends_the_links_of_others(store: Store, run: str) -> None:
    lab = replace(store, settings=store.settings.model_copy(update={"auth": "password"}))
    ann, bob = lab.seen_by(ANN), lab.seen_by(BOB)
    own = sharing.keep(ann, report(subject=run))[1]
    others = [
        sharing.keep(bob, replace(report(subject=subject), kind=kind))[1]
        for kind, subject in (("run", run), ("panel", run), ("comparison", f"x:lrp,{run}:lrp"))
    ]
    unlike = sharing.keep(bob, report(subject=f"{run}0"))[1]
    privacy.set_private(ann, run, private=True)
    for token in others:
        assert refused(lab, token)
    for token in (own, unlike):
        assert sharing.opened(lab, token)
    assert [one.action for one in audit.rows(lab)][:4].count("share revoked") == 3


def test_a_snapshot_shared_again_is_new_to_a_clean_up(ann: Store) -> None:
    sharing.keep(ann, report())
    (place,) = (ann.home / "artifacts").glob("*/*")
    os.utime(place, (0, 0))
    sharing.keep(ann, report())
    assert place.stat().st_mtime > time.time() - 600


def test_a_snapshot_is_held_until_its_row_is_there(
    ann: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clean-up by a clock two days ahead, right before the row."""
    inserted, now, done = sharing._inserted, time.time(), []

    def two_days_later(*given: object) -> ShareRow:
        monkeypatch.setattr(time, "time", lambda: now + 2 * 86_400)
        lying = cleanup.preview(ann.seen_by(HOST))
        done.append(cleanup.carry_out(ann.seen_by(HOST), lying).removed)
        return inserted(*given)

    monkeypatch.setattr(sharing, "_inserted", two_days_later)
    _, token = sharing.keep(ann, report())
    assert done == [()]
    assert sharing.opened(ann, token)


def test_a_run_that_becomes_private_right_before_the_row_is_not_shared(
    store: Store, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = replace(store, settings=store.settings.model_copy(update={"auth": "password"}))
    inserted = sharing._inserted

    def meanwhile(*given: object) -> ShareRow:
        privacy.set_private(lab.seen_by(ANN), run, private=True)
        return inserted(*given)

    monkeypatch.setattr(sharing, "_inserted", meanwhile)
    with pytest.raises(AccessError, match="became private"):
        sharing.keep(lab.seen_by(BOB), report(subject=run))
    assert share_rows.every(lab) == ()
    privacy.set_private(lab.seen_by(ANN), run, private=False)
    assert sharing.keep(lab.seen_by(ANN), report(subject=run))  # her own


def test_a_class_or_channel_called_owner_keeps_its_numbers(ann: Store) -> None:
    counts = ReportTable(
        name="confusion_counts",
        title="Counts",
        columns=("true class", "owner", "who"),
        rows=(("owner", 5, 1), ("who", 2, 7)),
    )
    body = json.dumps({"verdicts": {"owner": {"advised": True}, "who": None}})
    advice = ReportFile(name="panel_advice.json", text=body, what="The advice")
    section = replace(report().sections[0], tables=(counts,))
    made = replace(report(), sections=(section,), files=(advice,))
    shown = sharing.opened(ann, sharing.keep(ann, made)[1])
    assert shown.sections[0].tables[0] == counts
    assert json.loads(shown.files[0].text) == json.loads(body)


def test_nobodys_name_leaves_the_lab(ann: Store) -> None:
    trail = ReportTable(
        name="trail", title="Decisions", columns=("when", "who", "what"), rows=(("1", "Ada", "x"),)
    )
    body = json.dumps({"owner": "Ada", "trail": [{"who": "Ada", "what": "taken"}], "title": "T"})
    plan = ReportFile(name="plan.json", text=body, what="The whole plan")
    section = replace(report().sections[0], tables=(trail,))
    made = replace(report(), sections=(section,), files=(plan,))
    _, token = sharing.keep(ann, made)
    shown = sharing.opened(ann, token)
    assert "Ada" not in str(shown)
    assert shown.sections[0].tables[0].columns == ("when", "what")
    assert shown.sections[0].tables[0].rows == (("1", "x"),)
    assert json.loads(shown.files[0].text)["trail"] == [{"who": "", "what": "taken"}]
