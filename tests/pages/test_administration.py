"""Administration and deleting: what is asked before it is done, and who is kept out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pxcore.errors import AccessError
from pxcore.types.people import Account, AuditRow, Person, Rank
from pxcore.types.upkeep import Loose, LooseKind, Storage, Usage, Uses
from tests.fake_lab import FakeLab
from tests.fake_shares import row
from tests.fake_upkeep import GIB, HOST
from tests.pages.conftest import markdown, words

Open = Callable[..., AppTest]
HOSTILE = "<script>x</script> **bold** $x$ :red[r]"
ROOM = Storage(
    datasets=(Usage(id="d1", title=HOSTILE, owner="ann", n_bytes=3 * GIB, alone=2 * GIB),),
    runs=(Usage(id="r1", title="one", owner="bob", n_bytes=GIB),),
    people=(Usage(id="ann", title="ann", charged=2.5 * GIB, quota=4 * GIB),),
    artifacts=4 * GIB,
    shared=GIB,
    loose=GIB,
    other=(("uploads", 2**20), ("work", 0)),
    free=50 * GIB,
    disk=200 * GIB,
)
LOOSE = tuple(
    Loose(kind=kind, id=f"id{n}", label="lying there", n_bytes=GIB, hours=30.0)
    for n, kind in enumerate((LooseKind.RESULTS, LooseKind.RESULTS, LooseKind.UPLOADS))
)


def press(app: AppTest, label: str) -> None:
    next(one for one in app.button if one.label.startswith(label)).click().run()


def deeds(lab: FakeLab) -> list[tuple[str, object]]:
    return [one for one in lab.asked if one[0].startswith(("delete", "clean"))]


def test_the_first_view_says_whether_all_is_well(lab: FakeLab, visit: Open) -> None:
    text = words(visit("admin"))
    assert "The runner is alive" in text
    assert "50.0 GiB of 200.0 GiB are free" in text
    lab.alive = False
    lab.upkeep.on = replace(HOST, free=GIB)
    app = visit("admin")
    assert any("Only 1.0 GiB of 200.0 GiB" in one.value for one in app.warning)
    assert "No runner is alive" in words(app)


@pytest.mark.parametrize(
    "view", ["Now", "People", "Room", "Clean up", "Shared links", "Who did what"]
)
def test_others_see_nothing_of_any_view(lab: FakeLab, visit: Open, view: str) -> None:
    lab.upkeep.refusal = AccessError("Looking at the host is for administrators")
    app = visit("admin", view=view)
    assert [one.value for one in app.error] == ["Looking at the host is for administrators"]
    assert not app.dataframe
    assert not app.segmented_control


def test_room_is_told_and_names_are_text(lab: FakeLab, visit: Open) -> None:
    lab.upkeep.room = ROOM
    app = visit("admin", view="Room")
    assert "Cells and results take 4.0 GiB; 1.0 GiB of it belong to nothing any more" in words(app)
    tables = [one.value for one in app.dataframe]
    assert tables[0]["Counted, bytes"].tolist() == [2560 * 2**20]
    assert tables[1]["Title"].tolist() == [HOSTILE]
    assert not any("<script>" in one for one in markdown(app))


def test_nothing_is_removed_before_the_second_yes(lab: FakeLab, visit: Open) -> None:
    lab.upkeep.lying = LOOSE
    app = visit("admin", view="Clean up")
    assert "3.0 GiB can be freed: 3 things" in words(app)
    next(one for one in app.checkbox if one.label.startswith("Uploads")).uncheck().run()
    press(app, "Remove 2 things, 2.0 GiB")
    assert "Remove for good" in {one.label for one in app.button}
    assert deeds(lab) == []


def test_a_clean_up_says_what_it_did(lab: FakeLab) -> None:
    lab.upkeep.lying = LOOSE

    def contents() -> None:
        from pages.parts import admin_clean  # noqa: PLC0415 - its own script
        from pages.parts.session import lab  # noqa: PLC0415

        admin_clean.draw(lab().upkeep.host())
        admin_clean.ask(lab().upkeep.loose()[:2])

    app = AppTest.from_function(contents).run()
    press(app, "Remove for good")
    assert deeds(lab) == [("clean", LOOSE[:2])]
    assert any("2 things removed, 2.0 GiB freed" in one.value for one in app.success)


def test_an_empty_clean_up_says_so(lab: FakeLab, visit: Open) -> None:
    assert "There is nothing to clean up." in words(visit("admin", view="Clean up"))


def dialog(kind: str, went: list[str]) -> AppTest:
    """Return what the dialog holds: it is a part of the page that AppTest cannot click in."""

    def contents(kind: str) -> None:
        from pages.parts import deleting  # noqa: PLC0415 - its own script

        deleting.ask(kind, "id1")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pages.parts.links.go", lambda page, **_: went.append(page))
        return AppTest.from_function(contents, args=(kind,)).run()


def sure(app: AppTest, went: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pages.parts.links.go", lambda page, **_: went.append(page))
        press(app, "Delete for good")


@pytest.mark.parametrize(
    ("kind", "deed", "then"),
    [
        ("run", ("delete run", ("id1", False)), "runs"),
        ("dataset", ("delete dataset", ("id1", False)), "datasets"),
        ("plan", ("delete plan", "id1"), "staged"),
    ],
)
def test_what_nothing_uses_is_deleted_after_one_question(
    lab: FakeLab, kind: str, deed: tuple[str, object], then: str
) -> None:
    went: list[str] = []
    app = dialog(kind, went)
    assert deeds(lab) == []
    sure(app, went)
    assert deeds(lab) == [deed]
    assert went == [then]


@pytest.mark.parametrize(
    ("page", "query"), [("run", {"run": "failed"}), ("datasets", {"dataset": "d1"})]
)
def test_pages_ask_before_they_delete(
    full: FakeLab, visit: Open, page: str, query: dict[str, str]
) -> None:
    app = visit(page, **query)
    press(app, "Delete this")
    assert "Delete for good" in {one.label for one in app.button}
    assert deeds(full) == []


def test_what_is_used_goes_along_only_when_that_is_ticked(lab: FakeLab) -> None:
    lab.upkeep.used = Uses(
        title=HOSTILE, owner="ann", runs=(("r1", HOSTILE), ("r2", "two")), plans=(("p", "stages"),)
    )
    went: list[str] = []
    app = dialog("dataset", went)
    assert "used by 2 runs and 1 staged plan" in words(app)
    assert not any("**bold**" in one or "<script>" in one for one in markdown(app))
    assert app.button(key="delete-sure").disabled
    app.checkbox(key="delete-along").check().run()
    sure(app, went)
    assert deeds(lab) == [("delete dataset", ("id1", True))]


@pytest.mark.parametrize(
    ("uses", "said"),
    [
        (Uses(title="t", owner="ann", live=1), "Cancel first"),
        (Uses(title="t", owner="ann", foreign=2), "2 runs or plans of others"),
    ],
)
def test_what_may_not_go_says_why_and_offers_nothing(lab: FakeLab, uses: Uses, said: str) -> None:
    lab.upkeep.used = uses
    app = dialog("run", [])
    assert any(said in one.value for one in app.warning)
    assert not app.button


@pytest.mark.parametrize(
    ("links", "said"),
    [(1, "1 shared link to it stays open"), (2, "2 shared links to it stay open"), (0, "")],
)
def test_links_that_outlive_it_are_told_and_that_nothing_brings_it_back(
    lab: FakeLab, links: int, said: str
) -> None:
    lab.upkeep.used = Uses(title="t", owner="ann", links=links)
    told = words(dialog("run", []))
    assert said in told
    assert ("to it stay" in told) is bool(links)
    assert "others made" not in told
    lab.upkeep.used = Uses(title="t", owner="ann", links_end=max(links, 1))
    ends = words(dialog("run", []))
    assert f"to it that others made {'end' if links > 1 else 'ends'} at once and for good" in ends
    assert "only a backup of the store brings it back" in told


@pytest.mark.parametrize(("auth", "who"), [("password", "command line"), ("open", "no name")])
def test_the_log_names_whoever_has_no_name(lab: FakeLab, visit: Open, auth: str, who: str) -> None:
    lab.people.auth = auth
    lab.people.person = Person(name="ann", rank=Rank.ADMIN, id="1")
    lab.people.rows = [
        AuditRow(at="2026-11-21T22:18:10+00:00", who="", action="shared", subject="s")
    ]
    (frame,) = visit("admin", view="Who did what").dataframe
    assert frame.value["Who"].tolist() == [who]
    assert frame.value["When (UTC)"].tolist() == ["2026-11-21 22:18"]


def test_only_those_who_may_are_offered_it(full: FakeLab, visit: Open) -> None:
    full.upkeep.mine = False
    app = visit("run", run="finished")
    assert not [one for one in app.button if one.label.startswith("Delete")]


def test_a_run_that_cannot_be_shown_can_be_deleted(full: FakeLab, visit: Open) -> None:
    full.finished = None
    app = visit("run", run="finished")
    assert app.error
    press(app, "Delete this run")
    assert "Delete for good" in {one.label for one in app.button}


def test_links_can_be_ended_by_an_administrator(lab: FakeLab, visit: Open) -> None:
    lab.shares.rows = [row(title=HOSTILE)]
    app = visit("admin", view="Shared links")
    assert "1 link open to whoever has them" in words(app)
    assert not any("<script>" in one for one in markdown(app))
    press(app, "Revoke it")
    assert not [one for one in app.button if one.label == "Revoke it"]
    assert [one.alive for one in lab.shares.rows] == [False]


ANN = Account(
    id="1", name="ann", rank=Rank.ADMIN, active=True, quota_gb=None, created="2026-01-01T00:00:00"
)
BOB = Account(
    id="2", name=HOSTILE, rank=Rank.MEMBER, active=True, quota_gb=2.0, created="", provider=True
)


def test_where_nobody_logs_in_there_is_nobody_to_keep(lab: FakeLab, visit: Open) -> None:
    app = visit("admin", view="People")
    assert "Nobody logs in here" in words(app)
    assert not app.text_input


def test_people_are_added_and_changed(lab: FakeLab, visit: Open) -> None:
    lab.people.auth, lab.people.accounts = "password", [ANN, BOB]
    lab.people.person = Person(name="ann", rank=Rank.ADMIN, id="1")
    app = visit("admin", view="People")
    assert "2 people may come in, 1 administrator among them" in words(app)
    app.text_input(key="people-new-name").input(" carl ")
    app.text_input[1].input("a long enough one")
    press(app, "Add")
    assert [(one.name, one.rank) for one in lab.people.accounts[2:]] == [("carl", Rank.MEMBER)]
    assert any("carl was added" in one.value for one in app.success)
    app.selectbox(key="people-who").select(HOSTILE).run()
    app.radio[0].set_value(Rank.READER)
    app.number_input[0].set_value(0.0)
    app.toggle[0].set_value(False)
    press(app, "Save")
    (changed,) = [one for one in lab.people.accounts if one.name == HOSTILE]
    assert (changed.rank, changed.quota_gb, changed.active) == (Rank.READER, 0.0, False)
    assert lab.people.asked == []  # no password was typed
    assert not any("<script>" in one for one in markdown(app))


def test_links_of_somebody_shut_out_are_told_and_ended(lab: FakeLab, visit: Open) -> None:
    lab.people.auth, lab.people.accounts = "password", [ANN, replace(BOB, active=False)]
    lab.people.person = Person(name="ann", rank=Rank.ADMIN, id="1")
    lab.shares.rows = [row(id="his", owner=HOSTILE), row(id="hers", owner="ann")]
    app = visit("admin", view="People")
    app.selectbox(key="people-who").select("ann").run()
    assert not app.warning
    app.selectbox(key="people-who").select(HOSTILE).run()
    assert "1 link" in app.warning[0].value
    assert "<script>" not in app.warning[0].value
    press(app, "Revoke for good")
    assert [(one.id, one.alive) for one in lab.shares.rows] == [("his", False), ("hers", True)]
    assert not app.warning


def test_a_refused_change_says_why_and_stays(
    lab: FakeLab, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.people.auth, lab.people.accounts = "password", [ANN]
    lab.people.person = Person(name="ann", rank=Rank.ADMIN, id="1")

    def last(*_: object) -> Account:
        message = "ann is the last administrator"
        raise AccessError(message)

    monkeypatch.setattr(lab.people, "set_rank", last)
    app = visit("admin", view="People")
    app.selectbox(key="people-who").select("ann").run()
    app.radio[0].set_value(Rank.READER)
    press(app, "Save")
    assert ["is the last administrator" in one.value for one in app.error] == [True]
    assert not app.success


def test_who_did_what_is_listed_and_filtered(lab: FakeLab, visit: Open) -> None:
    rows = [("ann", "run started"), ("bob", "run deleted"), ("bob", "run started")]
    lab.people.rows = [
        AuditRow(at="2026-01-01T00:00:00", who=who, action=what, subject="r1", detail=HOSTILE)
        for who, what in rows
    ]
    app = visit("admin", view="Who did what")
    assert "3 of 3 entries" in words(app)
    app.multiselect(key="log-Who").select("bob").run()
    app.multiselect(key="log-What").select("run deleted").run()
    assert "1 of 3 entries" in words(app)
    assert app.dataframe[0].value["More"].tolist() == [HOSTILE]
