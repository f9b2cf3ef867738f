"""The benchmark in a real browser: draw images, train, see the table, read why methods differ."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

FIELDS = {"data": 1, "pixels": 16, "channels": 10, "images": 60, "folds": 2, "epochs": 2}
PATIENCE = 240_000


def test_from_the_empty_page_to_why_methods_differ(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/benchmark")
    expect(page.get_by_text("No run on such images has finished here")).to_be_visible()
    for name, value in FIELDS.items():
        field = page.locator(f".st-key-benchmark-{name} input")
        field.fill(str(value))
        field.press("Enter")
    page.get_by_role("button", name="Draw 1 data set").click()
    train = page.get_by_role("button", name="Train and rank, 1 run")
    train.click(timeout=PATIENCE)
    expect(page.get_by_text("All of this has been run")).to_be_visible(timeout=PATIENCE)
    answer = page.get_by_text(re.compile("6 of 10 channels tell|has learnt to tell"))
    expect(answer.first).to_be_visible()
    expect(page.get_by_text("scatters a channel's pixels over the picture")).to_be_visible()
    page.reload()  # what was run stands there for whoever comes
    page.get_by_text("Compare the rankings of one data set").click()
    page.wait_for_url(re.compile("compare"))
    expect(page.get_by_text("Where they surely disagree, and why that can be")).to_be_visible()
    chosen = page.locator(".st-key-compare-items")
    for method in ("Channel embedding", "PXPermute", "Permutation across cells"):
        expect(chosen.get_by_text(re.compile(f"^{method} ·")).first).to_be_visible()
