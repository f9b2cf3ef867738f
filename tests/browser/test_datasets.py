"""A data set opened from the list keeps its address, whatever is clicked next."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pxcore.api import open_lab
from pxcore.settings import Settings
from pxcore.types import ImportRequest
from tests.browser.conftest import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_list_to_data_set_to_tab_to_reload(page: Page, server: Server, tmp_path: Path) -> None:
    path = tmp_path / "cells.npz"
    images = np.random.default_rng(5).integers(1, 4000, (24, 2, 16, 16)).astype(np.uint16)
    np.savez(path, images=images, labels=np.repeat([0, 1], 12))
    lab = open_lab(Settings(home=server.home))
    request = ImportRequest(path=str(path), title="Opened from the list")
    dataset = lab.imports.bring_in(request, lambda *_: None)
    lab.close()
    page.goto(f"{server.address}/datasets")
    page.get_by_role("link", name=re.compile(re.escape(dataset.title))).first.click()
    heading = page.get_by_role("heading", name=dataset.title, exact=True)
    expect(heading).to_be_visible()
    page.wait_for_url(re.compile(f"dataset={dataset.id}"))
    page.get_by_role("radio", name="Counts", exact=True).or_(
        page.get_by_role("button", name="Counts", exact=True)
    ).first.click()
    page.wait_for_url(re.compile("view=Counts"))
    assert f"dataset={dataset.id}" in page.url
    page.reload()
    expect(heading).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("link", name="Data sets").first.click()
    expect(page.get_by_role("heading", name="Data sets", exact=True)).to_be_visible()
    page.wait_for_url(re.compile(r"/datasets$"))
    page.go_back()
    expect(heading).to_be_visible()


def test_home_has_its_name_as_an_address_too(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/home")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_url(re.compile(r":\d+/$"))
    expect(page.get_by_text("Page not found")).to_have_count(0)
