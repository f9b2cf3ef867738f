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
    answered(page)
    page.reload()  # what was run stands there for whoever comes
    page.get_by_text("Compare the rankings of one data set").click()
    page.wait_for_url(re.compile("compare"))
    disagreements_have_reasons(page)
    chosen = page.locator(".st-key-compare-items")
    for method in ("Channel embedding", "PXPermute", "Permutation across cells"):
        expect(chosen.get_by_text(re.compile(f"^{method} ·")).first).to_be_visible()


def answered(page: Page) -> None:
    """Assert that the answer names the best ranking, or that nothing was learnt and why not."""
    learnt = page.get_by_text(re.compile(r"^6 of 10 channels tell the classes\. .+ ranked by "))
    guessed = page.get_by_text(re.compile(r"^No model here has learnt to tell these classes yet "))
    expect(learnt.or_(guessed)).to_be_visible()
    expect(page.get_by_text("No run on such images has finished here")).to_have_count(0)
    if guessed.is_visible():
        said = re.compile(
            r"accuracy at most \d+\.\d %, guessing gives 33\.3 %\), so their rankings say nothing"
        )
        expect(guessed).to_contain_text(said)
    expect(page.get_by_text("Scattering pixels finds")).to_have_count(0)  # of one data set


def disagreements_have_reasons(page: Page) -> None:
    """Assert that Compare tells each sure disagreement with its reason, or that there is none."""
    rows = page.locator("[data-testid='stTable'] tbody tr")
    nowhere = page.get_by_text("Nowhere: for every channel and every pair of rankings")
    expect(rows.first.or_(nowhere)).to_be_visible()
    for row in rows.all():
        expect(row.locator("td").last).to_have_text(re.compile(r"\w+ \w+.*\.$"))
