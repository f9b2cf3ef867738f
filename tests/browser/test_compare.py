"""Two methods of a run compared in a real browser; the address brings the same back."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from pxcore.api import open_lab
from pxcore.settings import Settings
from pxcore.types import MethodSpec, RunState
from tests.browser.conftest import Server
from tests.tiny_lab import tiny_dataset, tiny_spec

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def run_id(server: Server) -> str:
    """Return a finished run of three methods; the server's own runner carries it out."""
    lab = open_lab(Settings(home=server.home))
    dataset = tiny_dataset(lab._store)
    methods = tuple(MethodSpec(id=one) for one in ("pxpermute", "permute_cells", "occlusion"))
    made = lab.submit(replace(tiny_spec(dataset), methods=methods, title="Three methods"))
    deadline = time.monotonic() + 400
    while not lab.progress(made).run.state.final and time.monotonic() < deadline:
        time.sleep(1)
    state = lab.progress(made).run.state
    lab.close()
    assert state is RunState.FINISHED
    return made


def ranks(page: Page) -> list[str]:
    chart = page.locator(".st-key-compare-ranks")
    expect(chart.locator(".annotation-text").first).to_be_visible()
    return chart.locator(".annotation-text, .xtick text").all_text_contents()


def test_a_comparison_is_the_same_after_a_reload(page: Page, server: Server, run_id: str) -> None:
    page.goto(f"{server.address}/compare?items={run_id}:pxpermute")
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
