"""From cells without labels to named classes whose stains are ranked, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, drawn

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PATIENCE = 240_000
CELLS = {"n_cells": 60, "size": 20, "seed": 3}
EXPERT = {"epochs": 2, "code": 8, "width": 4}


def fill(page: Page, key: str, value: int) -> None:
    field = page.locator(f"[class*='st-key-{key}'] input").first
    field.fill(str(value))
    field.press("Enter")


def test_from_import_to_a_named_and_ranked_set(page: Page, server: Server) -> None:
    bring_in(page, server)
    cluster(page)
    look(page)
    name_them(page)
    rank(page)


def bring_in(page: Page, server: Server) -> None:
    """Draw cells of hidden kinds, which nobody has labelled."""
    page.goto(f"{server.address}/datasets?add=cells")
    page.get_by_role("tab", name="Demo cells").click()
    for name, value in CELLS.items():
        field = page.locator(f".st-key-add-hidden-{name} input")
        field.fill(str(value))
    page.get_by_text("Show the kinds as classes").click()
    page.get_by_role("button", name="Make the unlabelled cells").click()
    page.get_by_role("button", name="Find clusters").click(timeout=PATIENCE)


def cluster(page: Page) -> None:
    """Ask for three clusters of a tiny network, and follow it."""
    expect(page.get_by_role("heading", level=1, name="Unlabelled")).to_be_visible()
    page.get_by_text("a number I give").click()
    fill(page, "clusters-", 3)
    page.get_by_text("Expert settings").click()
    for name, value in EXPERT.items():
        fill(page, f"{name}-", value)
    expect(page.get_by_text("on this host")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile(r"unlabelled\?run="))
    expect(page.get_by_role("heading", name="The map of codes")).to_be_visible(timeout=PATIENCE)


def look(page: Page) -> None:
    """The verdict is there, a lasso shows its cells, the ranking and the maps are drawn."""
    drawn(page)
    verdict = re.compile("60 cells are too few for firm conclusions")
    expect(page.get_by_text(verdict)).to_be_visible()
    plot = page.locator(".st-key-codes .nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    corners = ((0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.01, 0.01))
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for x, y in places[1:]:
        page.mouse.move(x, y, steps=5)
    page.mouse.up()
    expect(page.get_by_text("60 cells chosen: cluster")).to_be_visible()
    expect(page.locator(".st-key-lasso-cells .main-svg").first).to_be_visible()
    expect(page.get_by_text("no labels, no classifier")).to_be_visible()
    expect(page.locator(".st-key-cluster-maps .main-svg").first).to_be_visible()


def name_them(page: Page) -> None:
    """Two clusters become one class, the third another one."""
    for number, name in enumerate(("round", "round", "other")):
        page.get_by_label(re.compile(rf"^Cluster {number + 1} \(")).fill(name)
    page.get_by_role("button", name="Save as a labelled data set").click()
    page.get_by_text("Rank its channels").click()


def rank(page: Page) -> None:
    """The named clusters are classes like others: a run ranks the channels on them."""
    expect(page.get_by_role("heading", name="New run")).to_be_visible()
    page.get_by_text("Expert settings").click()
    for name, value in {"Folds": "2", "Epochs": "2", "At most this many repeats": "2"}.items():
        field = page.get_by_role("spinbutton", name=re.compile(f"^{name}"))
        field.fill(value)
        field.press("Tab")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile(r"/run\?run="))
    chart = page.locator(".st-key-ranking-pxpermute .ytick text")
    expect(chart.first).to_be_visible(timeout=PATIENCE)
    assert {"Grain", "Place", "Pole"} <= set(chart.all_text_contents())
