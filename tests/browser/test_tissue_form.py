"""A folder of tissue images, added by its form and cut into single cells."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, drawn
from tests.tissue_writer import study, table

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
NAME = "tissue of four"


def test_tissue_is_cut_by_its_form_and_what_was_left_out_is_told(
    page: Page, server: Server
) -> None:
    folder = study(server.folder / NAME)
    kinds = ((3, "a"), (70_000, "b"))
    lines = [f"i{image}.tiff,{cell},{kind}" for image in range(4) for cell, kind in kinds]
    table(folder, *lines, "i0.tiff,99,a", head="image,cell,class", name="cells.csv")
    page.goto(f"{server.address}/datasets?add=cells")
    drawn(page)
    page.get_by_label("File or folder").click()
    page.get_by_role("option", name=re.compile(NAME)).click()
    expect(page.locator(f'input[aria-label="Title"][value="{NAME}"]')).to_have_count(1)
    page.get_by_text("More settings").click()
    way = page.get_by_role("combobox", name=re.compile("Tissue images"))
    expect(way).to_be_visible()
    page.wait_for_timeout(1000)  # while the settings unfold, their lists close again
    way.click()
    way.fill("cut into")
    way.press("Enter")
    window = page.get_by_label(re.compile("Side of the window around each cell"))
    window.fill("12")
    window.press("Tab")
    page.get_by_role("button", name="Register this folder").click()
    page.wait_for_url(re.compile("dataset="), timeout=120_000)
    drawn(page)
    expect(page.get_by_role("heading", name=NAME, exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"8 cells")).first).to_be_visible()
    page.get_by_role("radio", name="Import", exact=True).or_(
        page.get_by_role("button", name="Import", exact=True)
    ).first.click()
    expect(
        page.get_by_text(re.compile("1 skipped: a line of cells.csv that names"))
    ).to_be_visible()
    expect(page.get_by_text("Cells were cut in windows of 12 pixels")).to_be_visible()
