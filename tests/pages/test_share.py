"""The Share button, and the list of one's links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.methods import method_labels
from tests.fake_lab import FakeLab
from tests.fake_panels import findings
from tests.fake_shares import MADE, TOKEN, row
from tests.pages.conftest import words

Open = Callable[..., AppTest]


def press(app: AppTest, label: str) -> None:
    next(one for one in app.button if one.label == label).click().run()
    assert not app.exception


@pytest.fixture
def ask(lab: FakeLab) -> AppTest:
    """Return what the dialog holds: it is a part of the page that AppTest cannot click in."""

    def contents() -> None:
        from pages.parts import share  # noqa: PLC0415 - its own script

        share.ask("run", "r1")

    return AppTest.from_function(contents).run()


def test_the_button_asks_before_it_shares(full: FakeLab, visit: Open) -> None:
    app = visit("run", run="finished")
    press(app, "Share")
    assert "frozen" in words(app)
    assert "Make a link" in {one.label for one in app.button}
    assert full.shares.asked == []


def test_of_several_methods_the_dialog_says_which_leads(full: FakeLab, ask: AppTest) -> None:
    assert full.finished is not None
    methods = full.finished.methods
    assert len(methods) > 1
    first, second, *_ = method_labels(one.method for one in methods).values()
    assert f"The page leads with **{first}**; the other method" in words(ask.run())
    full.finished = replace(full.finished, methods=(methods[1], methods[0]))
    assert f"The page leads with **{second}**; the other method follows." in words(ask.run())
    full.finished = replace(full.finished, methods=methods[:1])
    assert "leads" not in words(ask.run())


def test_pictures_of_cells_that_go_with_a_clustering_are_told(ask: AppTest) -> None:
    assert "Pictures" not in words(ask)

    def contents() -> None:
        from pages.parts import share  # noqa: PLC0415 - its own script

        share.ask("clustering", "c1")

    assert "**Pictures of some of its cells** are in it." in words(
        AppTest.from_function(contents).run()
    )


def test_a_link_is_made_and_shown_once(lab: FakeLab, ask: AppTest) -> None:
    page = "pages.parts.links.link"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, lambda *_, **__: None)  # there is no table of pages here
        press(ask, "Make a link")
        assert lab.shares.asked == [("make", "run", "r1", 30, None)]
        assert [one.value for one in ask.code] == [f"/shared?link={TOKEN}"]
        assert "cannot be shown again" in words(ask)
        assert not ask.button
    assert not ask.run().code


def test_a_link_begins_with_the_public_address(
    lab: FakeLab, ask: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.parts.links.link", lambda *_, **__: None)
    lab.shares.public_url = "https://lab.example/px/"
    ask.segmented_control(key="share-days").set_value(7).run()
    press(ask, "Make a link")
    assert ask.code[0].value == f"https://lab.example/px/shared?link={TOKEN}"
    assert lab.shares.asked == [("make", "run", "r1", 7, None)]


@pytest.mark.parametrize(
    ("public", "warned"), [("http://127.0.0.1:8501", True), ("https://lab.example", False)]
)
def test_a_link_that_opens_on_this_computer_only_is_told(
    lab: FakeLab, ask: AppTest, monkeypatch: pytest.MonkeyPatch, public: str, *, warned: bool
) -> None:
    monkeypatch.setattr("pages.parts.links.link", lambda *_, **__: None)
    lab.shares.public_url = public
    press(ask, "Make a link")
    told = [one.value for one in ask.warning]
    assert [("on this very computer only" in one, "PXCORE_PUBLIC_URL" in one) for one in told] == [
        (True, True)
    ] * warned


@pytest.mark.parametrize("kind", ["panel", "plan"])
def test_what_the_address_wants_is_what_is_shared(
    full: FakeLab, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.parts.links.link", lambda *_, **__: None)
    full.panels.found["finished"] = findings()

    def contents(kind: str) -> None:
        from pages.parts import share  # noqa: PLC0415 - its own script

        share.ask(kind, "finished")

    app = AppTest.from_function(contents, default_timeout=60, kwargs={"kind": kind})
    app.query_params["margin"] = "0.07"
    press(app.run(), "Make a link")
    ((_, made, subject, _, wanted),) = full.shares.asked  # type: ignore[misc]
    assert (made, subject) == (kind, "finished")
    assert wanted.margin == 0.07  # type: ignore[attr-defined]


def test_a_refused_link_says_why(lab: FakeLab, ask: AppTest) -> None:
    lab.shares.refusal = "the disk is full"
    press(ask, "Make a link")
    assert "The disk is full" in ask.error[0].value
    assert not ask.code


def test_a_reader_has_no_button_nor_has_a_run_under_way(full: FakeLab, visit: Open) -> None:
    assert "Share" not in {one.label for one in visit("run", run="running").button}
    full.shares.allowed = False
    assert "Share" not in {one.label for one in visit("run", run="finished").button}


def test_links_are_listed_those_that_open_first(lab: FakeLab, visit: Open) -> None:
    assert "You have made none yet" in words(visit("links"))
    dead = row(id="old", title="Old one", alive=False, revoked=MADE, opened=9)
    lab.shares.rows = [dead, row(title="**x** one", expires="2026-11-30T20:30:00+00:00")]
    app = visit("links")
    text = words(app)
    assert "1 link of yours opens, visited 2 times" in text
    assert text.index("x") < text.index("Old one")
    assert "opens until 2026-11-30 20:30 UTC" in text
    assert [one.label for one in app.button].count("Revoke it") == 1  # not of what is revoked
    press(app, "Revoke it")
    press(visit("links"), "Revoke it") if any(one.alive for one in lab.shares.rows) else None
    assert [one for one in lab.shares.asked if one[0] == "revoke"] == [("revoke", "5ha4e")]
    assert "None of your 2 links opens any more" in words(visit("links"))


def test_every_link_that_is_not_revoked_may_open_for_another_time(
    lab: FakeLab, visit: Open
) -> None:
    soon = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    most = (datetime.now(UTC) + timedelta(days=365)).isoformat()
    lab.shares.rows = [
        row(id="year", expires=most),
        row(id="soon", expires=soon),
        row(id="gone", alive=False, expires="2020-01-01T00:00:00+00:00"),
        row(id="dead", alive=False, revoked=MADE),
    ]
    app = visit("links")
    assert "expired" in words(app)
    long = {one.key: (one.options, one.value) for one in app.segmented_control}
    every = ["a week", "30 days", "90 days", "a year"]
    assert long == {  # as it stands, no click makes a link shorter
        "share-days-year": (every, 365),
        "share-days-soon": (every, 30),
        "share-days-gone": (every, 30),
    }
    app.segmented_control(key="share-days-soon").set_value(90).run()
    app.button(key="share-extend-soon").click().run()
    app.button(key="share-extend-year").click().run()
    assert lab.shares.asked == [("extend", "soon", 90), ("extend", "year", 365)]


@pytest.mark.parametrize("what", ["Revoke it", "Open it for so long"])
def test_a_refused_change_says_why(lab: FakeLab, visit: Open, what: str) -> None:
    lab.shares.rows = [row(expires="2026-11-30T20:30:00+00:00")]
    lab.shares.refusal = "link '5ha4e' is not among yours"
    app = visit("links")
    press(app, what)
    assert "is not among yours" in app.error[0].value.replace("\\", "")
