"""Logging in by an identity provider: the real web process, a provider on this host."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
from joserfc.jwk import RSAKey

from pxcore.people import accounts
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types.people import Account, Rank
from tests.server.asking import Answer, Browser
from tests.server.conftest import serving
from tests.server.oidc_provider import CLIENT, SECRET, Provider, identity_provider
from tests.server.wire import visit

pytestmark = pytest.mark.processes


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
        answer = browser.ask(answer.header("location"))
        assert answer.header("location").startswith(f"{self.provider.address}/authorize")
        return browser.ask(local(back_from(answer.header("location"))))


class Stay(HTTPRedirectHandler):
    """Tells where a redirect leads instead of following it."""

    def redirect_request(self, *_: object) -> None:
        return None


def back_from(address: str) -> str:
    """Return where the provider sends the browser."""
    with pytest.raises(OSError, match="302") as told:
        build_opener(Stay).open(address, timeout=30)
    return str(told.value.headers["Location"])  # type: ignore[attr-defined]


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
    assert (answer.status, answer.header("location")) == (302, "/runs?x=1")
    assert "pxcore_wanted" not in browser.cookies
    assert "httponly" in answer.cookie("_streamlit_user").lower()
    told = seen(lab, browser)
    assert "Start the first run" in told
    assert "ada@example.org" in told
    assert lab.everyone()["ada@example.org"].rank is Rank.ADMIN
    assert "Log in to see" not in seen(lab, browser, "admin")
    assert SECRET not in told
    out = browser.ask("/logout")
    assert out.header("location") == "/auth/logout"
    browser.ask("/auth/logout")
    assert "Log in to see this page" in seen(lab, browser)


def test_a_name_or_an_unverified_address_makes_no_administrator(lab: Lab) -> None:
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
    assert ranks == [Rank.READER] * 3


def test_who_is_shut_out_is_out_though_the_provider_says_yes(lab: Lab) -> None:
    lab.provider.claims = {"sub": "b-1", "name": "Bob"}
    browser = Browser(lab.port)
    lab.log_in(browser)
    assert "Start the first run" in seen(lab, browser)
    store = open_store(Settings(home=lab.home))
    accounts.set_active(store, "Bob", active=False)
    store.close()
    told = seen(lab, browser)
    assert "was shut out of this lab" in told
    assert "Start the first run" not in told


def test_forged_old_and_foreign_logins_are_refused(lab: Lab) -> None:
    lab.provider.claims = {"sub": "z-1", "name": "Zoe"}
    browser = Browser(lab.port)
    lab.provider.signing = RSAKey.generate_key(2048, {"kid": "k1"})
    lab.log_in(browser)
    assert "Log in to see" in seen(lab, browser)
    lab.provider.signing = None
    lab.provider.age = 8 * 86_400  # signed more than a week ago
    lab.log_in(browser)
    assert "Log in to see" in seen(lab, browser)
    lab.provider.age = 0.0
    foreign = Browser(lab.port)  # a callback that this browser did not ask for
    answer = browser.ask(browser.ask("/login").header("location"))
    stolen = local(back_from(answer.header("location")))
    foreign.ask(stolen)
    assert "Log in to see" in seen(lab, foreign)
    lab.provider.claims = {"sub": "z-1", "aud": "another client"}
    lab.log_in(browser)
    assert "Log in to see" in seen(lab, browser)
    assert "Zoe" not in lab.everyone()
    forged = Browser(lab.port, {"_streamlit_user": '{"sub": "s-1", "is_logged_in": true}'})
    assert "Log in to see" in seen(lab, forged)


def test_the_wanted_address_is_one_of_ours(lab: Lab) -> None:
    lab.provider.claims = {"sub": "y-1", "name": "Yan"}
    for wanted in ("https://evil.example", "//evil.example", "/auth/logout"):
        browser = Browser(lab.port)
        assert lab.log_in(browser, wanted).header("location") == "/"
    browser = Browser(lab.port)
    answer = browser.ask(browser.ask("/login").header("location"))
    browser.cookies["pxcore_wanted"] = "//evil.example"  # and again where it is read
    callback = local(back_from(answer.header("location")))
    assert browser.ask(callback).header("location") == "/"
