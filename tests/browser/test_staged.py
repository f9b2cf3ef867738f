"""The wizard in a real browser: from 20 pasted markers to the panel, closed in the middle."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pxcore.api import open_lab
from pxcore.settings import Settings
from tests.browser.conftest import Server, until_finished
from tests.runs.staged.made_cells import marker_dataset, queue

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MARKERS = ("CD3", "CD19", *(f"M{number:02}" for number in range(1, 19)))
"""Two that tell the classes apart, and 18 that tell nothing."""


@dataclass(frozen=True)
class Measured:
    """What a lab would have measured and ranked meanwhile."""

    first: str
    second: str
    final: str


@pytest.fixture(scope="module")
def measured(server: Server) -> Measured:
    """Return finished runs on cells with all markers: ten, the other ten, all."""
    lab = open_lab(Settings(home=server.home))
    cells = marker_dataset(lab._store, MARKERS, title="Twenty markers")
    parts = (tuple(range(11)), (0, *range(11, 21)), ())
    ids = [queue(lab._store, cells, part, title=f"Part {n}") for n, part in enumerate(parts, 1)]
    until_finished(lab, *ids)
    lab.close()
    return Measured(*ids)


def test_from_pasted_markers_to_the_panel(
    page: Page, context: BrowserContext, server: Server, measured: Measured
) -> None:
    begin(page, server)
    put_candidates(page)
    choose_published(page)
    address = page.url
    page.close()
    later = context.new_page()
    later.set_default_timeout(60_000)
    later.goto(address)
    expect(later.get_by_text("0 of 2 runs have a ranking")).to_be_visible()
    attach(later, measured.first)
    expect(later.get_by_text("1 of 2 runs have a ranking")).to_be_visible()
    attach(later, measured.second)
    later.get_by_role("button", name="Go on to the merge").click()
    merge(later)
    attach(later, measured.final)
    later.get_by_role("button", name="To the result").click()
    result(later, server, measured)
    ended = later.url
    later.reload()
    expect(later.get_by_text(re.compile("10 of 20 candidates"))).to_be_visible()
    assert later.url == ended


def begin(page: Page, server: Server) -> None:
    """Begin a plan from the menu."""
    page.goto(f"{server.address}/staged")
    page.get_by_role("button", name="Begin a plan").click()
    page.wait_for_url(re.compile(r"plan=\w+"))
    expect(page.get_by_role("heading", name="Candidate markers")).to_be_visible()


def put_candidates(page: Page) -> None:
    """Name an instrument of ten slots, paste the markers, save."""
    page.get_by_label(re.compile("^(Selected .*)?Instrument")).first.click()
    page.get_by_role("option", name="Other: my own numbers").click()
    slots = page.get_by_role("spinbutton", name="Channels in all")
    slots.fill("11")
    slots.press("Tab")
    expect(page.get_by_text("11 channels: 10 slots for stains")).to_be_visible()
    page.get_by_role("button", name="Paste or type markers").click()
    page.get_by_label("Markers", exact=True).fill("\n".join(MARKERS))
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Put into the table").click()
    expect(page.get_by_text("20 markers added")).to_be_visible()
    expect(page.get_by_text("at least 2 runs before a final one")).to_be_visible()
    page.get_by_role("button", name="Save and plan the runs").click()
    page.wait_for_url(re.compile("step=2"))


def choose_published(page: Page) -> None:
    """Read both offers and take the published plan."""
    expect(page.get_by_text("the published plan shows 47% of the pairs in 3 runs")).to_be_visible()
    expect(page.get_by_text("Pair cover shows 100% of the pairs in 7 runs")).to_be_visible()
    page.get_by_role("button", name="Choose published plan").click()
    page.wait_for_url(re.compile("step=3"))
    expect(page.get_by_text("0 of 2 runs have a ranking")).to_be_visible()


def attach(page: Page, run_id: str) -> None:
    """Attach the cells and then one ranking to the run that is shown."""
    expect(page.get_by_text(re.compile("10 of 10 planned markers found"))).to_be_visible()
    page.get_by_role("button", name="Attach this data set").click()
    # The run before keeps its own field in its tab, out of sight.
    chosen = page.get_by_label(re.compile("Finished run on this data set")).filter(visible=True)
    expect(chosen).to_have_count(1)
    chosen.click()
    page.get_by_role("option", name=re.compile(run_id[:5])).click()
    page.get_by_role("button", name="Attach this ranking").click()


def merge(page: Page) -> None:
    """See both runs side by side, fix the final run; hands are tested on the page itself."""
    expect(page.get_by_text("10 of 20 candidates go into the final run")).to_be_visible()
    expect(page.locator(".st-key-staged-merge .annotation-text").first).to_be_visible()
    page.get_by_role("button", name=re.compile("Fix these 10 markers")).click()
    page.wait_for_url(re.compile("step=5"))
    expect(page.get_by_role("heading", name="Final run · sheet")).to_be_visible()


def result(page: Page, server: Server, measured: Measured) -> None:
    """Read the panel, the trail, and take the plan away as a file."""
    expect(page.get_by_text(re.compile("10 of 20 candidates"))).to_be_visible()
    drawn = page.locator(".st-key-staged-panel .annotation-text")
    expect(drawn.first).to_be_visible()
    page.get_by_role("button", name="Downloads").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="The whole plan (JSON)", exact=True).click()
    plan = json.loads(Path(waiting.value.path()).read_text())
    lab = open_lab(Settings(home=server.home))
    saved = lab.staged.plan(re.search(r"plan=(\w+)", page.url)[1])  # type: ignore[index]
    lab.close()
    assert plan["id"] == saved.id
    shown = {text.strip() for text in drawn.all_text_contents()}
    assert {*saved.runs[-1].markers} <= shown
    assert len(saved.runs[-1].markers) == 10
    assert [marker for run in saved.runs[:-1] for marker in run.markers] == list(MARKERS)
    assert [run.run_id for run in saved.runs] == [measured.first, measured.second, measured.final]
    assert (saved.step, saved.overrides) == (6, ())
    assert len(saved.trail) >= 8
    page.keyboard.press("Escape")
