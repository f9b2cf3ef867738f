"""From a file of cells to ranked channels, in a real browser."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pxcore.api import Lab, open_lab
from pxcore.settings import Settings
from tests.browser.conftest import JURKAT, Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

RUN_MS = 900_000
REGISTERED, DEMO = "Jurkat cells", "Demo cells"
"""Titles of the cells that are ranked here; other tests leave runs on the same server."""


def lab_of(server: Server) -> Lab:
    return open_lab(Settings(home=server.home))


def register_jurkat(page: Page, server: Server) -> None:
    """Browse to the recording in the allowed folder and register it."""
    page.goto(server.address)
    page.get_by_role("button", name=re.compile("Bring your own|Add cells")).click()
    page.get_by_role("tab").first.click()
    page.get_by_label("File or folder").click()
    page.get_by_role("option", name=re.compile(r"^jurkat_cell_cycle\b")).click()
    # Each step waits for the form of what was chosen: the one before it stays for a moment.
    title = page.get_by_label("Title")
    expect(page.locator('input[aria-label="Title"][value="jurkat_cell_cycle"]')).to_have_count(1)
    expect(title).to_have_count(1)
    page.get_by_role("button", name="Open this folder").click()
    expect(page.get_by_text("in jurkat_cell_cycle")).to_be_visible()
    expect(page.get_by_role("button", name="Register this folder")).to_have_count(0)
    expect(title).to_have_count(1)
    title.fill(REGISTERED)
    page.get_by_role("button", name="Register").click()


def make_demo(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/datasets?add=cells")
    page.get_by_role("tab", name="Demo cells").click()
    page.get_by_role("button", name="Make the demo cells").click()


def start_fast_run(page: Page) -> str:
    """Start a run of three folds and five repeats from the data set; return its address."""
    page.wait_for_url(re.compile(r"dataset="), timeout=300_000)
    page.get_by_role("button", name="Rank these channels").click()
    expect(page.get_by_role("heading", name="New run")).to_be_visible()
    page.get_by_text("Expert settings").click()
    folds = page.get_by_role("spinbutton", name="Folds")
    folds.fill("3")
    folds.press("Tab")
    expect(page.get_by_text("trains 3 extra models")).to_be_visible()
    repeats = page.get_by_role("spinbutton", name=re.compile("At most this many repeats"))
    repeats.fill("5")
    repeats.press("Tab")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile(r"/run\?run=\w+"))
    return page.url


def ranked_names(page: Page) -> list[str]:
    chart = page.locator(".st-key-ranking-pxpermute")
    expect(chart.locator(".ytick text").first).to_be_visible(timeout=60_000)
    return [text.strip() for text in chart.locator(".ytick text").all_text_contents()]


def download(page: Page, button: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button, exact=True).first.click()
    return Path(waiting.value.path()).read_bytes()


@pytest.fixture(scope="module")
def jurkat_here(server: Server) -> bool:
    return (server.folder / JURKAT).is_file()


@pytest.mark.real_data
def test_jurkat_from_file_to_ranking(
    page: Page, context: BrowserContext, server: Server, jurkat_here: bool
) -> None:
    if not jurkat_here:
        pytest.skip("the Jurkat recording is not beside this checkout; the demo test runs instead")
    register_jurkat(page, server)
    address = start_fast_run(page)
    expect(page.get_by_text("You can close this tab")).to_be_visible()
    page.reload()
    expect(page.get_by_text("You can close this tab")).to_be_visible()
    assert page.url == address
    page.close()
    later = context.new_page()
    later.goto(address)
    expect(later.get_by_text("Keep PI (DNA)").first).to_be_visible(timeout=RUN_MS)
    assert ranked_names(later)[0] == "PI (DNA)"
    later.get_by_role("button", name="Downloads").click()
    rows = list(csv.DictReader(io.StringIO(download(later, "Ranking, CSV").decode())))
    compare_with_store(rows, lab_of(server), address.partition("run=")[2])
    first, *others = sorted(
        (row for row in rows if row["method"] == "pxpermute"), key=lambda row: int(row["rank"])
    )
    assert first["channel"] == "PI (DNA)"
    assert float(first["low"]) > max(float(row["mean"]) for row in others)


def test_demo_from_button_to_ranking(
    page: Page, context: BrowserContext, server: Server, jurkat_here: bool
) -> None:
    if jurkat_here:
        pytest.skip("the same way is tested on the Jurkat recording")
    make_demo(page, server)
    address = start_fast_run(page)
    expect(page.get_by_text("You can close this tab")).to_be_visible()
    page.reload()
    assert page.url == address
    page.close()
    later = context.new_page()
    later.goto(address)
    expect(later.get_by_text("What was planted, and what was found")).to_be_visible(timeout=RUN_MS)
    later.get_by_role("button", name="Downloads").click()
    rows = list(csv.DictReader(io.StringIO(download(later, "Ranking, CSV").decode())))
    compare_with_store(rows, lab_of(server), address.partition("run=")[2])


def compare_with_store(rows: list[dict[str, str]], lab: Lab, run_id: str) -> None:
    """Hold a downloaded ranking against what the store says."""
    stored = lab.exports.tables(run_id)["ranking"]
    lab.close()
    assert [row["channel"] for row in rows] == list(stored["channel"])
    for column in ("mean", "low", "high"):
        np.testing.assert_allclose([float(row[column]) for row in rows], stored[column])


def test_a_finished_run_opens_channels_and_gives_figures(page: Page, server: Server) -> None:
    lab = lab_of(server)
    ranked_here = [run for run in lab.runs() if run.dataset_title in (REGISTERED, DEMO)]
    finished = [run for run in ranked_here if run.state.value == "finished"]
    lab.close()
    if not finished:
        pytest.skip("no finished run: the test before this one failed")
    page.goto(f"{server.address}/run?run={finished[0].id}")
    first = ranked_names(page)[0]
    page.locator(".st-key-ranking-pxpermute .points path").last.click(force=True)
    expect(page.get_by_text("What each class loses")).to_be_visible()
    assert "channel=" in page.url
    page.reload()
    expect(page.get_by_text("What each class loses")).to_be_visible()
    page.get_by_text("Table and files").first.click()
    drawn = ET.fromstring(download(page, "SVG"))
    texts = {"".join(e.itertext()).strip() for e in drawn.iter() if e.tag.endswith("text")}
    assert first in texts
    tiles = page.locator(".st-key-confusion .points path")
    tiles.first.click(force=True)
    expect(page.get_by_text("surest first")).to_be_visible()


def test_runs_are_listed_with_their_link(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/runs")
    expect(page.get_by_role("heading", level=1, name="Runs")).to_be_visible()
