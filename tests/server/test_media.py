"""Pictures and downloads of a real web process: for people who are in, and readers of a link."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from pxcore.people import accounts
from pxcore.runs import sharing
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types.people import Rank
from tests.report_values import report
from tests.server.asked import ask
from tests.server.asking import Browser
from tests.server.conftest import Start
from tests.server.tab import tab
from tests.server.wire import visit

pytestmark = pytest.mark.processes
PASSWORD = "four words in a row"
LATER = re.compile(r'deferred_file_id: "(\w+)"')


def lab(tmp_path: Path) -> closing[Store]:
    return closing(open_store(Settings(home=tmp_path / "home", auth="password")))


def status(port: int, path: str, cookie: str = "") -> int:
    return ask(port, "GET", path, {"Cookie": cookie} if cookie else {}).status


def test_a_file_is_for_who_is_in_or_has_a_link(start: Start, tmp_path: Path) -> None:
    with lab(tmp_path) as store:
        for name in ("Bob", "Cat"):
            accounts.add(store, name, Rank.READER, PASSWORD)
        link, token = sharing.keep(store, report())
    port = start(PXCORE_AUTH="password")
    browser, other, reader = Browser(port), Browser(port), Browser(port)
    browser.log_in("Bob", PASSWORD)
    other.log_in("Cat", PASSWORD)
    with tab(port, browser.cookie) as bob:
        drawn = bob.ask(page="published")
        later, *_ = LATER.findall(drawn.text)
        file = bob.file(later, drawn.session)
        assert re.match(r"/media/[0-9a-f]{32}\.", file), file  # a hash: nobody guesses it
        assert status(port, file, other.cookie) == 200  # but who is told it and is in gets it
        mine = browser.cookie
        assert status(port, file, mine) == 200
        for cookie in ("", "pxcore_session=guessed", f"pxcore_link={'A' * 43}", "pxcore_link=x"):
            for path in (file, f"/{file}", file.replace("/media", "/media/")):
                assert status(port, path, cookie) == 403, (path, cookie)
        reader.ask(f"/shared?link={token}")
        told = reader.ask(f"/shared?link={token}").cookie("pxcore_link").lower()
        assert "path=/media/;" in told
        assert "httponly" in told
        assert "samesite=lax" in told
        by_link = visit(port, "runs", cookie=f"pxcore_link={token}")  # of pictures, not of pages
        assert "Log in to see this page" in by_link.text
        assert status(port, file, f"pxcore_link={token}") == 200
        assert Browser(port).ask(f"/shared?link={'A' * 43}").cookie("pxcore_link") == ""
        with lab(tmp_path) as store:
            sharing.revoke(store, link.id)
        assert status(port, file, f"pxcore_link={token}") == 403
        asked = browser.ask("/logout")
        browser.ask("/logout", {"proof": asked.field("proof")})
        assert status(port, file, mine) == 403
