"""People who log in, in a real Chromium: by a provider under our headers, and two side by side."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pxcore.people import accounts
from pxcore.runs import ledger
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types.people import Person, Rank
from tests.server.conftest import serving
from tests.server.oidc_provider import CLIENT, SECRET, identity_provider
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
PASSWORD = "four words in a row"
HIDDEN, OPEN = "Ann's own business", "Everybody may see this"
UNKNOWN = "is not known here"


@contextmanager
def person(chromium: Browser) -> Iterator[Page]:
    """Yield a tab of a browser of its own, in which nothing may break our headers' rules."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    tab, broken = context.new_page(), []
    tab.set_default_timeout(60_000)
    tab.on("console", lambda said: broken.append(said.text) if "Security" in said.text else None)
    tab.on("pageerror", lambda error: broken.append(str(error)))
    yield tab
    context.close()
    assert broken == []


def test_a_provider_on_another_site_lets_somebody_in(chromium: Browser, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with identity_provider() as provider, person(chromium) as tab:
        provider.address = provider.address.replace("127.0.0.1", "localhost")
        provider.claims = {"sub": "s-1", "email": "ada@example.org", "email_verified": True}
        settings = {
            "PXCORE_AUTH": "oidc",
            "PXCORE_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "PXCORE_OIDC_METADATA_URL": provider.metadata_url,
            "PXCORE_OIDC_CLIENT_ID": CLIENT,
            "PXCORE_OIDC_CLIENT_SECRET": SECRET,
            "PXCORE_ADMINS": "ada@example.org",
        }
        with serving(tmp_path, port=port, **settings):
            wanted = f"http://127.0.0.1:{port}/runs?kept=1"
            tab.goto(wanted)
            tab.get_by_role("link", name="Log in").click()
            expect(tab.get_by_text("Start the first run")).to_be_visible()
            assert tab.url == wanted
            assert "/authorize" in provider.asked
            menu = tab.get_by_test_id("stSidebar")
            expect(menu).to_contain_text(re.compile(r"ada@.?example.org · administrator"))
            tab.get_by_role("link", name="Administration").click()
            expect(tab.get_by_role("heading", name="Administration")).to_be_visible()
            tab.get_by_role("link", name="Log out").click()
            expect(tab.get_by_text("You are logged out")).to_be_visible()
            tab.goto(wanted)
            expect(tab.get_by_text("Log in to see this page")).to_be_visible()


@pytest.fixture
def runs(tmp_path: Path) -> tuple[str, str]:
    """Return a private run of Ann's and an open one, both finished, in a lab of two people."""
    ann = Person(name="Ann", rank=Rank.MEMBER, id="1")
    with closing(open_store(Settings(home=tmp_path / "home", auth="password"))) as store:
        for name in ("Ann", "Bob"):
            accounts.add(store, name, Rank.MEMBER, PASSWORD)
        spec = tiny_spec(tiny_dataset(store))
        hidden, shown = (
            ledger.submit(store.seen_by(ann), replace(spec, title=title), private=title == HIDDEN)
            for title in (HIDDEN, OPEN)
        )
        carry_on(store)
    return hidden, shown


def test_one_persons_private_run_is_not_there_for_another(
    chromium: Browser, runs: tuple[str, str], tmp_path: Path
) -> None:
    hidden, shown = runs
    with (
        serving(tmp_path, PXCORE_AUTH="password") as port,
        person(chromium) as ann,
        person(chromium) as bob,
    ):
        for tab, name in ((ann, "Ann"), (bob, "Bob")):
            tab.goto(f"http://127.0.0.1:{port}/runs")
            tab.get_by_role("link", name="Log in").click()
            tab.get_by_label("Name").fill(name)
            tab.get_by_label("Password").fill(PASSWORD)
            tab.get_by_role("button", name="Log in").click()
        expect(ann.get_by_text("2 of 2 runs")).to_be_visible()
        expect(bob.get_by_text("1 of 1 runs")).to_be_visible()
        seen = [bob.content()]

        ann.goto(f"http://127.0.0.1:{port}/run?run={hidden}")
        expect(ann.get_by_role("heading", name=HIDDEN)).to_be_visible()
        ann.get_by_role("button", name="Share", exact=True).click()
        expect(ann.get_by_role("button", name="Make a link")).to_be_visible()
        for page in ("run", "panel"):
            bob.goto(f"http://127.0.0.1:{port}/{page}?run={hidden}")
            expect(bob.get_by_text(UNKNOWN).first).to_be_visible()
            expect(bob.get_by_role("button", name="Share", exact=True)).to_have_count(0)
            seen.append(bob.content())

        both = f"compare?items={hidden}:pxpermute,{shown}:pxpermute"
        for tab in (ann, bob):
            tab.goto(f"http://127.0.0.1:{port}/{both}")
            expect(tab.get_by_text(OPEN).first).to_be_visible()
        expect(ann.get_by_text(HIDDEN).first).to_be_visible()
        seen.append(bob.content())
        bob.get_by_role("button", name="Share", exact=True).click()
        expect(bob.get_by_role("button", name="Make a link")).to_be_visible()
        seen.append(bob.content())
        assert not [page for page in seen if HIDDEN in page or re.search("Ann.s own", page)]
