"""Two methods of a run compared in a real browser; the address brings the same back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Ranked, Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def ranks(page: Page) -> list[str]:
    chart = page.locator(".st-key-compare-ranks")
    expect(chart.locator(".annotation-text").first).to_be_visible()
    return chart.locator(".annotation-text, .xtick text").all_text_contents()


def test_a_comparison_is_the_same_after_a_reload(
    page: Page, server: Server, ranked: Ranked
) -> None:
    page.goto(f"{server.address}/compare?items={ranked.run}:pxpermute")
    expect(page.get_by_text("One ranking alone")).to_be_visible()
    page.get_by_label(re.compile("Rankings to compare")).click()
    page.get_by_role("option", name=re.compile("^Occlusion")).first.click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("How far they agree")).to_be_visible()
    page.get_by_role("radio", name="panel order").or_(
        page.get_by_role("button", name="panel order")
    ).first.click()
    page.wait_for_url(re.compile("order=panel"))
    assert "occlusion" in page.url
    before, answer = ranks(page), page.locator("h4").first.inner_text()
    page.reload()
    expect(page.get_by_text("How far they agree")).to_be_visible()
    assert ranks(page) == before
    assert page.locator("h4").first.inner_text() == answer
    strips = page.locator(".st-key-compare-importance")
    expect(strips.locator(".ytick text").first).to_be_visible()
    shown = [text.strip() for text in strips.locator(".ytick text").all_text_contents()]
    assert [text for text in shown if text] == ["BF", "Place", "Amount"]
