"""The way in of a real web process, by raw HTTP and websocket: gate, form, guesses."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import select

from pages.web import __main__ as entry
from pxcore.people import accounts
from pxcore.people.logins import BY_BOTH
from pxcore.runs import sharing
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.store.tables import login_failures
from pxcore.types.people import Rank
from tests.report_values import report
from tests.server.asking import Answer, Browser
from tests.server.conftest import Start, serving
from tests.server.wire import visit

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = [
    "" if path == "home" else path
    for path in re.findall(r'Entry\(\s*"(\w+)"', (ROOT / "app.py").read_text())
]
PASSWORD = "four words in a row"
pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port of a server with an administrator and some members."""
    folder = tmp_path_factory.mktemp("people")
    store = open_store(Settings(home=folder / "home"))
    accounts.add(store, "Ada", Rank.ADMIN, PASSWORD)
    for name in ("Bob", "Cid", "Dan", "Eve"):
        accounts.add(store, name, Rank.MEMBER, PASSWORD)
    store.close()
    with serving(folder, PXCORE_AUTH="password") as port:
        yield port


def test_the_gate_and_the_way_in_and_out(port: int) -> None:
    assert len(ADDRESSES) > 9
    for page in ADDRESSES:
        for cookie in ("", "pxcore_session=guessed"):
            seen = visit(port, page, query="run=1", cookie=cookie)
            assert seen.finished
            assert "Log in to see this page" in seen.text, f"/{page} was drawn"
            assert seen.elements <= 5
            assert len(seen.text) < 2500, seen.text
    browser = Browser(port)
    answer = browser.log_in("bob", PASSWORD, "/runs?x=1")
    assert (answer.status, answer.header("location")) == (303, "/runs?x=1")
    told = answer.cookie("pxcore_session").lower()
    assert "httponly" in told
    assert "samesite=lax" in told
    assert "secure" not in told  # over plain http on the loopback it would not come back
    inside = visit(port, "runs", cookie=browser.cookie)
    assert "Log in to see" not in inside.text
    assert "Start the first run" in inside.text
    assert "is for administrators" in visit(port, "admin", cookie=browser.cookie).text
    kept = browser.cookie
    asked = browser.ask("/logout")  # by a link of another page: it asks first
    assert "Log out?" in asked.text
    assert "Log in to see" not in visit(port, "runs", cookie=kept).text
    assert browser.ask("/logout", {"proof": "wrong"}).status == 200
    assert "Log in to see" not in visit(port, "runs", cookie=kept).text
    out = browser.ask("/logout", {"proof": asked.field("proof")})
    assert "You are logged out" in out.text
    assert "pxcore_session" not in browser.cookie
    assert "Log in to see" in visit(port, "runs", cookie=kept).text  # on the server too


def test_wrong_tries_foreign_forms_and_places(port: int) -> None:
    browser = Browser(port)
    wrong, unknown = browser.log_in("Bob", "wrong password"), browser.log_in("Zoe", PASSWORD)
    assert wrong.status == unknown.status == 403
    hidden = re.compile(r'value="[^"]*"')
    assert hidden.sub("", wrong.text) == hidden.sub("", unknown.text)
    hostile = browser.log_in("<script>alert(1)</script>\"'", "wrong password")
    assert "<script>" not in hostile.text
    form = {"next": "/", "name": "Bob", "password": PASSWORD}
    for secret in ("", "guessed", "ä"):
        answer = browser.ask("/login", form | {"form": secret})
        assert "pxcore_session" not in str(answer.headers)
        assert answer.status == 403
    own = browser.ask("/login").field("form")
    assert browser.ask("/login", form | {"form": own}, Origin="https://evil.example").status == 403
    assert browser.ask("/login", form | {"form": own}, Origin="null").status == 403
    assert Browser(port).ask("/login", form | {"form": own}).status == 403  # another browser's
    for place in ("https://evil.example", "//evil.example", "/\\evil.example", "/logout", "x"):
        assert Browser(port).log_in("Bob", PASSWORD, place).header("location") == "/"
    page = browser.ask("/login?next=%22%3E%3Cscript%3E")
    assert "<script" not in page.text
    assert page.header("cache-control") == "no-store"
    assert "frame-ancestors 'none'" in page.header("content-security-policy")


def test_brute_force_ends_also_side_by_side(port: int) -> None:
    def guess(number: int) -> str:
        return Browser(port).log_in("Cid", f"wrong password {number}").text

    with ThreadPoolExecutor(6) as many:
        told = list(many.map(guess, range(12)))
    assert sum("do not belong together" in one for one in told) == BY_BOTH
    right = Browser(port).log_in("Cid", PASSWORD)
    assert right.status == 403
    assert "Too many log-ins failed" in right.text
    assert Browser(port).log_in("Ada", PASSWORD).status == 303


def test_behind_the_proxy_everybody_has_an_address_of_their_own(port: int) -> None:
    """Else one guesser would shut out the whole institute."""

    def tried(address: str, password: str) -> Answer:
        browser = Browser(port)
        form = {"form": browser.ask("/login").field("form"), "next": "/", "name": "Eve"}
        return browser.ask("/login", form | {"password": password}, X_Forwarded_For=address)

    for _ in range(BY_BOTH):
        assert "do not belong together" in tried("203.0.113.7", "wrong password").text
    assert "Too many log-ins failed" in tried("203.0.113.7", PASSWORD).text
    assert tried("203.0.113.8", PASSWORD).status == 303


def test_changing_the_own_password(port: int) -> None:
    browser, elsewhere = Browser(port), Browser(port)
    assert browser.ask("/password").header("location") == "/login"
    browser.log_in("Dan", PASSWORD)
    elsewhere.log_in("Dan", PASSWORD)
    form = {"form": browser.ask("/password").field("form"), "old": PASSWORD}
    new = {"new": "another long password", "again": "another long password"}
    assert "differ" in browser.ask("/password", form | new | {"again": "x"}).text
    assert "do not belong" in browser.ask("/password", form | new | {"old": "x"}).text
    assert browser.ask("/password", {**form, **new, "form": "guessed"}).status == 403
    assert browser.ask("/password", form | new).status == 303
    assert "Log in to see" not in visit(port, "runs", cookie=browser.cookie).text
    assert "Log in to see" in visit(port, "runs", cookie=elsewhere.cookie).text
    assert Browser(port).log_in("Dan", "another long password").status == 303


def test_behind_https_cookies_are_secure_and_the_first_start_says_what_to_do(
    start: Start, tmp_path: Path
) -> None:
    with closing(open_store(Settings(home=tmp_path / "home"))) as store:
        _, token = sharing.keep(store, report())
    port = start(PXCORE_AUTH="password", PXCORE_PUBLIC_URL="https://px.lab.example")
    page = Browser(port).ask("/login")
    assert "Secure" in page.cookie("pxcore_form")
    assert "Secure" in Browser(port).ask(f"/shared?link={token}").cookie("pxcore_link")
    assert "people add NAME --rank admin" in page.text


def test_only_the_proxy_says_where_somebody_comes_from(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else everybody would choose an address for each guess, and no limit would hold."""
    store = open_store(Settings(home=tmp_path / "home"))
    accounts.add(store, "Ada", Rank.ADMIN, PASSWORD)
    port = start(PXCORE_AUTH="password", FORWARDED_ALLOW_IPS="192.0.2.9")
    form = {"next": "/", "name": "Ada", "password": "wrong password"}
    browser = Browser(port)
    told = form | {"form": browser.ask("/login").field("form")}
    assert browser.ask("/login", told, X_Forwarded_For="203.0.113.7").status == 403
    with store.database.reading() as connection:
        assert set(connection.scalars(select(login_failures.c.address))) == {"127.0.0.1"}
    store.close()


@pytest.mark.parametrize("named", ["", "172.30.85.3"])
def test_the_proxy_is_this_host_unless_another_is_named(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said by us, not left to what uvicorn takes when nothing is said."""
    believed = []

    class Unserved:
        def run(self, **_: object) -> None:
            believed.append(os.environ.get(entry.PROXIES))
            assert uvicorn.Config(app=None).forwarded_allow_ips == believed[-1]  # type: ignore[arg-type]

    monkeypatch.delenv(entry.PROXIES, raising=False)
    if named:
        monkeypatch.setenv(entry.PROXIES, named)
    monkeypatch.setattr(sys, "argv", ["web"])
    monkeypatch.setattr(entry, "application", lambda *_: Unserved())
    monkeypatch.setattr(entry.logs, "begin", lambda *_: None)
    entry.main()
    monkeypatch.delenv(entry.PROXIES)
    assert believed == [named or "127.0.0.1"]


def test_where_nobody_logs_in_the_form_leads_on(web: int) -> None:
    port = web
    assert Browser(port).ask("/login?next=/runs").header("location") == "/runs"
    assert Browser(port).ask("/password").status == 303
    assert "Log in to see" not in visit(port, "runs").text
