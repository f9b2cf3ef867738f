"""A file full of hostile names is shown as text, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pxcore.api import open_lab
from pxcore.settings import Settings
from pxcore.types import ImportRequest
from tests.browser.conftest import Server, drawn

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CHANNELS = ("<img src=x onerror=alert(1)>", "<b>CD3</b>", "**CD8** :red[x]", "=HYPERLINK(1)")
CLASSES = ("<a href='javascript:alert(2)'>T</a>", "[B](javascript:alert(3))")


@pytest.fixture(scope="module")
def hostile(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the id of a data set with hostile names."""
    path: Path = tmp_path_factory.mktemp("files") / "cells.npz"
    generator = np.random.default_rng(1)
    np.savez(
        path,
        images=generator.integers(1, 4000, (60, 4, 16, 16)).astype(np.uint16),
        labels=np.repeat([0, 1], 30),
        channel_names=np.array(CHANNELS),
        class_names=np.array(CLASSES),
    )
    lab = open_lab(Settings(home=server.home))
    request = ImportRequest(path=str(path), title="<script>alert(4)</script>")
    made = lab.imports.bring_in(request, lambda *_: None)
    lab.close()
    return made.id


@pytest.mark.parametrize("view", ["Cells", "Counts", "Intensities", "Panel sheet", "Import"])
def test_names_are_text_in_every_view(page: Page, server: Server, hostile: str, view: str) -> None:
    alarms: list[str] = []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    page.goto(f"{server.address}/datasets?dataset={hostile}")
    expect(page.get_by_role("heading", name="<script>alert(4)</script>")).to_be_visible()
    page.get_by_role("radio", name=view, exact=True).or_(
        page.get_by_role("button", name=view, exact=True)
    ).first.click()
    page.wait_for_timeout(1000)  # until it is asked for, and a picture that is none has failed
    drawn(page)
    assert alarms == []
    content = page.locator("[data-testid=stMain]")
    assert content.locator("img[src='x'], a[href^='javascript'], svg a").count() == 0
    if view in {"Cells", "Intensities"}:
        words = " ".join(content.locator("svg text").all_text_contents())
        assert "<b>CD3</b>" in words or "<b>CD" in words


def test_new_run_offers_hostile_names_as_text(page: Page, server: Server, hostile: str) -> None:
    page.goto(f"{server.address}/new?dataset={hostile}")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    assert page.locator("img[src='x'], a[href^='javascript']").count() == 0
    assert re.search("alert", page.locator("[data-testid=stMain]").inner_text())
