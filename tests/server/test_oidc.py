"""Logging in by an identity provider: the real web process, a provider on this host."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from joserfc.jwk import OctKey, RSAKey

from pxcore.people import accounts
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types.people import Account, Rank
from tests.server.asking import Answer, Browser
from tests.server.conftest import serving
from tests.server.oidc_provider import CLIENT, SECRET, Provider, identity_provider
from tests.server.wire import visit

pytestmark = pytest.mark.processes
INSIDE = "None has been started yet"
"""What a reader sees on an empty *Runs*."""


@dataclass
class Lab:
    """A dashboard whose people a provider knows."""

    port: int
    provider: Provider
    home: Path

    def everyone(self) -> dict[str, Account]:
        store = open_store(Settings(home=self.home))
        found = {one.name: one for one in accounts.everyone(store)}
        store.close()
        return found

    def log_in(self, browser: Browser, wanted: str = "/") -> Answer:
        """Go the whole way to the provider and back; the last answer is ours."""
        answer = browser.ask(f"/login?next={wanted}")
        assert answer.status == 303
        assert answer.header("location").startswith(f"{self.provider.address}/authorize")
        return browser.ask(local(back_from(answer.header("location"))))


def back_from(address: str) -> str:
    """Return where the provider sends the browser."""
    parts = urlsplit(address)
    answer = Browser(parts.port or 0).ask(f"{parts.path}?{parts.query}")
    assert answer.status == 302
    return answer.header("location")


def local(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("oidc")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with identity_provider() as provider:
        settings = {
            "PXCORE_AUTH": "oidc",
            "PXCORE_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "PXCORE_OIDC_METADATA_URL": provider.metadata_url,
            "PXCORE_OIDC_CLIENT_ID": CLIENT,
            "PXCORE_OIDC_CLIENT_SECRET": SECRET,
            "PXCORE_ADMINS": "ada@example.org",
            "PXCORE_NEWCOMERS": "reader",
        }
        with serving(folder, port=port, **settings):
            yield Lab(port, provider, folder / "home")


def seen(lab: Lab, browser: Browser, page: str = "runs") -> str:
    return visit(lab.port, page, cookie=browser.cookie).text


def test_the_whole_way_and_back_to_the_wanted_address(lab: Lab) -> None:
    browser = Browser(lab.port)
    assert "Log in to see this page" in seen(lab, browser)
    lab.provider.claims = {
        "sub": "s-1", "name": "Ada", "email": "ada@example.org", "email_verified": True,
    }  # fmt: skip
    answer = lab.log_in(browser, "/runs%3Fx%3D1")
    assert (answer.status, answer.header("location")) == (303, "/runs?x=1")
    assert set(browser.cookies) == {"pxcore_session"}  # the errand is over
    assert "httponly" in answer.cookie("pxcore_session").lower()
    told = seen(lab, browser)
    assert "Start the first run" in told
    assert "administrator" in told
    assert lab.everyone()["ada@example.org"].rank is Rank.ADMIN
    assert "Log in to see" not in seen(lab, browser, "admin")
    assert SECRET not in told
    kept = browser.cookie
    browser.ask("/logout", {"proof": browser.ask("/logout").field("proof")})
    assert "Log in to see this page" in visit(lab.port, "runs", cookie=kept).text


def ada_comes_in(lab: Lab) -> Browser:
    """Let the administrator be known, whichever test runs first."""
    browser = Browser(lab.port)
    lab.provider.claims = {
        "sub": "s-1", "name": "Ada", "email": "ada@example.org", "email_verified": True,
    }  # fmt: skip
    lab.log_in(browser)
    return browser


def test_a_name_or_an_unverified_address_makes_no_administrator(lab: Lab) -> None:
    ada_comes_in(lab)
    for number, claims in enumerate((
        {"name": "ada@example.org"},
        {"email": "ada@example.org", "email_verified": False, "name": "Mallory"},
        {"email": "ada@example.org", "email_verified": "true", "name": "Mallory"},
    )):  # fmt: skip
        lab.provider.claims = {"sub": f"m-{number}", **claims}
        browser = Browser(lab.port)
        lab.log_in(browser)
        assert "may look" in seen(lab, browser)
        assert "is for administrators" in seen(lab, browser, "admin")
    ranks = [one.rank for name, one in lab.everyone().items() if name != "ada@example.org"]
    assert len(ranks) >= 3
    assert set(ranks) == {Rank.READER}


def test_who_is_shut_out_is_out_though_the_provider_says_yes(lab: Lab) -> None:
    ada_comes_in(lab)
    lab.provider.claims = {"sub": "b-1", "name": "Bob"}
    browser = Browser(lab.port)
    lab.log_in(browser)
    assert INSIDE in seen(lab, browser)
    store = open_store(Settings(home=lab.home))
    accounts.set_active(store, "Bob", active=False)
    store.close()
    told = seen(lab, browser)
    assert "Log in to see" in told
    assert INSIDE not in told
    answer = lab.log_in(browser)
    assert answer.status == 403
    assert "Bob was shut out of this lab" in answer.text
    assert "Log in to see" in seen(lab, browser)


def test_what_the_provider_did_not_sign_for_this_log_in_is_refused(lab: Lab) -> None:
    zoe = {"sub": "z-1", "name": "Zoe"}
    mine = Browser(lab.port)
    wrong: tuple[dict[str, object], ...] = (
        {"aud": "another client"},
        {"aud": [CLIENT, "another client"]},
        {"azp": "another client"},
        {"iss": "https://evil.example"},
        {"nonce": "of another log-in"},
        {"exp": 1000},
        {"iat": 4e9},
        {"sub": ""},
    )
    for claims in wrong:
        lab.provider.claims = zoe | claims
        answer = lab.log_in(mine)
        assert (answer.status, mine.cookies) == (403, {}), claims
        assert "does not hold" in answer.text
    lab.provider.claims = zoe
    lab.provider.signing = RSAKey.generate_key(2048, {"kid": "k1"})  # a forger's key
    assert lab.log_in(mine).status == 403
    lab.provider.signing = OctKey.import_key(SECRET * 8)
    assert lab.log_in(mine).status == 403
    lab.provider.signing = None
    assert "Zoe" not in lab.everyone()


def test_an_answer_serves_one_browser_once(lab: Lab) -> None:
    lab.provider.claims = {"sub": "z-2", "name": "Zed"}
    mine, foreign = Browser(lab.port), Browser(lab.port)
    answer = mine.ask("/login")
    stolen = local(back_from(answer.header("location")))
    assert foreign.ask(stolen).status == 403  # which this browser did not ask for
    foreign.ask("/login")
    assert foreign.ask(stolen).status == 403  # nor while it asked for another
    assert "Zed" not in lab.everyone()
    kept = dict(mine.cookies)
    assert mine.ask(stolen).status == 303
    assert Browser(lab.port, kept).ask(stolen).status == 403  # its code is used up
    assert mine.ask("/login/back?error=access_denied").status == 403
    forged = Browser(lab.port, {"pxcore_session": "guessed", "_streamlit_user": "{}"})
    assert "Log in to see" in seen(lab, forged)


def test_the_wanted_address_is_one_of_ours(lab: Lab) -> None:
    lab.provider.claims = {"sub": "y-1", "name": "Yan"}
    for wanted in ("https://evil.example", "//evil.example", "/auth/logout"):
        browser = Browser(lab.port)
        assert lab.log_in(browser, wanted).header("location") == "/"
    browser = Browser(lab.port)
    answer = browser.ask("/login")
    browser.cookies["pxcore_wanted"] = "//evil.example"  # and again where it is read
    callback = local(back_from(answer.header("location")))
    assert browser.ask(callback).header("location") == "/"


def test_a_provider_that_goes_away_is_told(lab: Lab) -> None:
    browser = Browser(lab.port)
    callback = local(back_from(browser.ask("/login").header("location")))
    lab.provider.away = True
    answer = browser.ask(callback)
    lab.provider.away = False
    assert answer.status == 403
    assert "log in again" in answer.text
    assert SECRET not in answer.text
    assert browser.cookies == {}


def test_the_provider_is_asked_seldom_and_may_change_its_keys(lab: Lab) -> None:
    lab.provider.claims = {"sub": "k-1", "name": "Kay"}
    lab.log_in(Browser(lab.port))
    lab.provider.asked.clear()
    assert lab.log_in(Browser(lab.port)).status == 303
    assert lab.provider.asked == ["/authorize", "/token"]
    lab.provider.key = RSAKey.generate_key(2048, {"kid": "k2"})
    assert lab.log_in(Browser(lab.port)).status == 303
    assert lab.provider.asked[-2:] == ["/token", "/keys"]
