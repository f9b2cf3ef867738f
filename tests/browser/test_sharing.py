"""Two people: one shares a result, the other opens the link in a clean browser, until it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Ranked, Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
EMPTY_MS = 40_000
"""Within which an open page empties by itself: it looks every 15 s."""


@pytest.fixture
def stranger(chromium: Browser) -> Iterator[Page]:
    """Return a tab of another person's browser, which shares nothing with the first."""
    context = chromium.new_context(accept_downloads=True)
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    yield tab
    context.close()


def shared(page: Page, server: Server, run_id: str) -> str:
    """Share a run as a person does; return the link."""
    page.goto(f"{server.address}/run?run={run_id}")
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    colour = "one => getComputedStyle(one).color"
    chosen = dialog.locator("button[data-selected]").evaluate(colour)
    assert chosen == dialog.get_by_text("The link opens for").evaluate(colour)  # read in the dark
    dialog.get_by_text("a week").click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_text("Copy it now")).to_be_visible()
    link = page.get_by_role("dialog").locator("code").inner_text().strip()
    assert re.fullmatch(rf"{server.address}/shared\?link=[\w-]{{43}}", link)
    return link


def test_a_link_opens_in_a_clean_browser_until_it_is_revoked(
    page: Page, stranger: Page, server: Server, ranked: Ranked, tmp_path: Path
) -> None:
    link = shared(page, server, ranked.run)
    told = page.locator("h4").first.inner_text()

    stranger.goto(link)
    expect(stranger.locator("h4").first).to_have_text(told)
    expect(stranger.get_by_role("heading", name="Methods")).to_be_visible()
    expect(stranger.locator(".js-plotly-plot").first).to_be_visible()
    nothing_else(stranger, link)
    stranger.get_by_role("button", name="Downloads").click()
    with stranger.expect_download() as started:
        stranger.get_by_role("button", name="Report, HTML").click()
    started.value.save_as(tmp_path / "report.html")
    assert "<html" in (tmp_path / "report.html").read_text()[:400]

    token = link.partition("link=")[2]
    stranger.goto(f"{server.address}/run?run={ranked.run}&link={token}")
    expect(stranger.get_by_role("heading", name="Methods")).to_be_visible()
    nothing_else(stranger, link)

    page.goto(f"{server.address}/links")
    expect(page.get_by_text("visited 2 times").first).to_be_visible()
    page.get_by_role("button", name="Revoke").first.click()
    page.get_by_role("button", name="Revoke it").click()
    expect(page.get_by_text("revoked").first).to_be_visible()
    nothing = stranger.get_by_text("This link shows nothing")
    expect(nothing).to_be_visible(timeout=EMPTY_MS)  # nobody clicked there
    expect(stranger.locator("h4")).to_have_count(0)
    stranger.goto(link)
    expect(nothing).to_be_visible()
    expect(stranger.locator("h4, .js-plotly-plot")).to_have_count(0)
    assert not [path for path in written(server) if token.encode() in path.read_bytes()]


def nothing_else(tab: Page, link: str) -> None:
    """Assert that a page has no menu, and no way but to itself."""
    expect(tab.get_by_test_id("stSidebar")).to_have_count(0)
    expect(tab.get_by_test_id("stSidebarNav")).to_have_count(0)
    own = link.partition("/shared")[0]
    ways = [a.get_attribute("href") or "" for a in tab.locator("a[href]").all()]
    assert [way for way in ways if way.startswith((own, "/"))] == []


def written(server: Server) -> list[Path]:
    """Return every file that the server keeps, its log included."""
    files = [*server.home.rglob("*"), *server.home.parent.glob("serve-*.log")]
    return [path for path in files if path.is_file()]
