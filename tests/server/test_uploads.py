"""Files straight to the server, past the pages: who, from where, how large."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxcore.people import accounts
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types.people import Rank
from tests.server.asked import upload
from tests.server.asking import Browser
from tests.server.conftest import Start
from tests.server.wire import tab

pytestmark = pytest.mark.processes

MIB = 2**20
PASSWORD = "four words in a row"


def test_a_file_needs_a_session_its_token_and_our_own_page(web: int) -> None:
    with tab(web) as (_, session):
        assert upload(web, session, 100) == 204
        assert upload(web, session, 100, {"X-Xsrftoken": ""}) == 403
        assert upload(web, session, 100, {"Cookie": "_streamlit_xsrf=forged"}) == 403
        assert upload(web, session, 100, {"Origin": "http://evil.example"}) == 403
        assert upload(web, "made-up", 100) == 403
        assert upload(web, f"{session}/../made-up", 100) in {400, 403, 404}
    assert upload(web, session, 100) in {204, 400}  # closed: taken by nobody, or kept for a reload


def test_a_file_over_the_limit_is_refused_however_its_length_is_told(web: int) -> None:
    with tab(web) as (_, session):
        assert upload(web, session, MIB - 1000) == 204
        assert upload(web, session, MIB + 10) == 413
        assert upload(web, session, 3 * MIB) == 413
        assert upload(web, session, 3 * MIB, chunked=True) == 413
        assert upload(web, session, 100, {"Content-Length": str(10**12)}) == 413
        assert upload(web, session, 100, {"Content-Length": "-1"}) in {400, 413}


def test_files_that_wait_have_a_limit_together(web: int) -> None:
    """A page keeps what was sent in memory: one tab could fill it, and many could."""
    most = MIB - 1000
    with tab(web) as (_, one), tab(web) as (_, other), tab(web) as (_, third):
        assert [upload(web, one, most, name=name) for name in "ab"] == [204, 204]
        assert upload(web, one, most, name="c") == 413
        assert upload(web, one, most, name="c", chunked=True) == 413
        assert upload(web, one, 1000, name="d") == 204  # there is some room yet
        assert upload(web, one, 0, name="d") == 204
        assert upload(web, one, 0, name="a") == 204
        assert upload(web, one, most, name="c") == 204
        sent = [upload(web, tab_, most, name=name) for tab_ in (other, third) for name in "ab"]
        assert sent[-1] == 413  # four by now, whatever others have sent
        for tab_ in (one, other, third):
            for name in "abc":
                upload(web, tab_, 0, name=name)
        assert upload(web, third, most, name="b") == 204
        upload(web, third, 0, name="b")


def test_with_a_login_only_members_send_files(start: Start, tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path / "home"))
    accounts.add(store, "Ada", Rank.ADMIN, PASSWORD)
    accounts.add(store, "Bob", Rank.MEMBER, PASSWORD)
    accounts.add(store, "Rea", Rank.READER, PASSWORD)
    store.close()
    port = start(PXCORE_AUTH="password")
    with tab(port) as (_, session):  # sees the way in
        assert upload(port, session, 100) == 403
    with tab(port, query="link=guessed") as (_, session):  # sees what a link shows
        assert upload(port, session, 100) == 403
    for name, expected in (("Rea", 403), ("Bob", 204)):
        browser = Browser(port)
        browser.log_in(name, PASSWORD, "/")
        with tab(port, browser.cookie) as (_, session):
            assert upload(port, session, 100) == expected, name
