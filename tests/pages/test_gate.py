"""The gate before every page: who comes in, as whom the pages ask, what the others see."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import gate, session
from pages.parts.visitor import NOBODY
from pxcore.types.people import HOST, Person, Rank
from tests.fake_lab import FakeLab
from tests.pages.conftest import APP, words

Open = Callable[..., AppTest]
BOB = Person(name="Bob <b>", rank=Rank.MEMBER, id="2")
ADA = Person(name="Ada", rank=Rank.ADMIN, id="1")
PAGES = re.findall(r'Entry\(\s*"(\w+)"', APP.read_text())
CLOSED = [("password", page) for page in PAGES] + [("oidc", "run")]


def html(app: AppTest) -> str:
    return "\n".join(str(one.proto.body) for one in app.get("html"))


@pytest.mark.parametrize(("auth", "page"), CLOSED)
def test_nothing_of_a_page_comes_before_the_login(
    full: FakeLab, visit: Open, auth: str, page: str
) -> None:
    full.people.auth = auth
    app = visit(page, run="finished", dataset="d")
    assert app.title[0].value == "Log in to see this page"
    assert len(words(app).splitlines()) == 2
    assert not app.sidebar.children
    assert full.people.asking is None  # nobody was shown the lab
    assert 'href="/login?next=' in html(app)
    assert "run%3Dfinished" in html(app)


def test_pages_ask_as_whoever_logged_in(full: FakeLab, visit: Open) -> None:
    full.people.auth, full.people.person = "password", BOB
    app = visit("runs")
    assert app.title[0].value == "Runs"
    assert full.people.asking == BOB
    assert "Bob \\<b\\>" in "\n".join(one.value for one in app.sidebar.caption)
    assert "/logout" in html(app)
    assert "/password" in html(app)


def test_another_person_in_the_same_tab_finds_nothing_of_the_first(
    full: FakeLab, visit: Open
) -> None:
    full.people.auth, full.people.person = "password", BOB
    app = visit("runs")
    app.session_state["draft"] = "Bob's"
    app.run()
    assert "draft" in app.session_state
    full.people.person = ADA
    app.run()
    assert "draft" not in app.session_state
    assert full.people.asking == ADA


def test_a_part_drawn_again_after_the_logout_says_so(
    full: FakeLab, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    full.people.auth, full.people.person = "password", BOB
    visit("runs")  # the door is open
    state: dict[str, object] = {session.KEY: session.Visit(BOB, 0.0)}
    monkeypatch.setattr(session.st, "session_state", state)
    assert session.lab() is not None
    full.people.person = None
    assert session.lab() is not None  # for some seconds the last look counts
    state[session.KEY] = session.Visit(BOB, -1e9)
    with pytest.raises(session.AccessError, match="you are logged out"):
        session.lab()
    assert session.visit().person == NOBODY
    assert not NOBODY.admin


def test_a_file_is_made_as_whoever_takes_it(
    full: FakeLab, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    full.people.auth, full.people.person = "password", BOB
    visit("runs")
    state: dict[str, object] = {session.KEY: session.Visit(BOB, 0.0)}
    monkeypatch.setattr(session.st, "session_state", state)
    made = session.later(lambda: len(session.lab().runs()).to_bytes())
    state.clear()  # a file is made on a thread that knows of no page

    def taken() -> bytes:
        with ThreadPoolExecutor(1) as bare:
            return bare.submit(made).result()

    demoted = replace(BOB, rank=Rank.READER)
    for person in (BOB, demoted):
        full.people.person = person
        assert taken() == len(full.runs()).to_bytes()
        assert full.people.asking == person  # with today's rank
    for gone in (None, ADA):
        full.people.person = gone
        with pytest.raises(session.AccessError, match="you are logged out"):
            taken()


def test_pages_take_the_lab_as_their_visitor_sees_it() -> None:
    pages = APP.parent / "pages"
    may = {pages / "parts" / name for name in ("gate.py", "session.py")}
    for path in {*pages.rglob("*.py"), APP} - may - set((pages / "web").glob("*.py")):
        assert not re.search(r"\bdoor\(\)|open_lab|HOST\b", path.read_text()), path
    assert not Person(name="Ada").admin  # nobody is an administrator by default


def test_no_button_makes_a_file_past_the_login() -> None:
    late = re.compile(r"download_button\(\s*[^,]+,\s*(lambda|[\w.]+\.data\b)")
    for path in (APP.parent / "pages").rglob("*.py"):
        assert not late.search(path.read_text()), path


def test_where_everybody_may_come_in_names_are_typed(full: FakeLab, visit: Open) -> None:
    app = visit("new", dataset=full.sets[0].id)
    assert full.people.asking == HOST
    assert [one.label for one in app.text_input] == ["Title", "Your name"]
    assert not [one for one in app.toggle if one.label == "Private"]
    assert "<a " not in str(html(app))


def test_a_run_is_started_private_by_whoever_logged_in(full: FakeLab, visit: Open) -> None:
    full.people.auth, full.people.person = "password", BOB
    app = visit("new", dataset=full.sets[0].id)
    assert "Your name" not in [one.label for one in app.text_input]
    next(one for one in app.toggle if one.label == "Private").set_value(True)
    next(one for one in app.button if one.key == "start").click()
    app.run()
    kind, spec = next(one for one in full.asked if str(one[0]).startswith("submit"))
    assert kind == "submit private"
    assert spec.owner == BOB.name  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("person", "offered"), [(ADA, True), (BOB, False)], ids=["admin", "somebody else"]
)
def test_a_run_is_hidden_by_its_owner_and_administrators(
    full: FakeLab, visit: Open, person: Person, *, offered: bool
) -> None:
    full.people.auth, full.people.person = "password", person
    app = visit("run", run="running")
    switches = [one for one in app.toggle if one.label.startswith("Private")]
    assert bool(switches) is offered
    if offered:
        switches[0].set_value(True)
        app.run()
        assert full.people.asked == [("private", ("running", True))]


@pytest.mark.parametrize(("person", "there"), [(ADA, True), (BOB, False)])
def test_the_menu_offers_administration_to_administrators(
    full: FakeLab, visit: Open, monkeypatch: pytest.MonkeyPatch, person: Person, *, there: bool
) -> None:
    full.people.auth, full.people.person = "password", person
    seen: list[bool] = []
    real = gate.offers
    monkeypatch.setattr(gate, "offers", lambda page: seen.append(real(page)) or real(page))
    visit("runs")
    assert all(seen) is there
