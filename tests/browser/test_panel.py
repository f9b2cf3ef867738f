"""Which stains are enough, in a real browser: asked, answered, a panel tried and confirmed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from pxcore.api import Lab, open_lab
from pxcore.plots.panel_words import answer as answer_words
from pxcore.settings import Settings
from pxcore.types import ModelSpec
from pxcore.types.panel import Constraints
from tests.browser.conftest import Server, until_finished
from tests.tiny_lab import tiny_dataset, tiny_spec

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CHANNELS = (0, 1, 2, 3)
"""One stain-free and three stains: of one stain not every panel is a finalist."""


@pytest.fixture(scope="module")
def lab(server: Server) -> Lab:
    return open_lab(Settings(home=server.home))


@pytest.fixture(scope="module")
def run_id(lab: Lab) -> str:
    """Return a finished ranking run; the server's own runner carries it out."""
    spec = tiny_spec(tiny_dataset(lab._store, n_cells=96), max_epochs=1, repeats=1)
    model = ModelSpec(id="small_cnn", options=(("width", 4),))
    made = lab.submit(replace(spec, channels=CHANNELS, model=model, title="To be asked"))
    until_finished(lab, made)
    return made


def answered(page: Page, server: Server, lab: Lab, asked: str) -> str:
    """Wait on the panel page of a run that answers ``asked``; return the answer's id."""
    page.wait_for_url(re.compile(rf"/panel\?(.*&)?run=(?!{asked})\w+"))
    made = re.findall(r"[?&]run=(\w+)", page.url)[0]
    until_finished(lab, made)
    page.goto(f"{server.address}/panel?run={made}&margin=0.45&floor=1")
    expect(page.get_by_text("What each further stain buys")).to_be_visible()
    return str(made)


def test_ask_read_tick_and_confirm(page: Page, server: Server, lab: Lab, run_id: str) -> None:
    page.goto(f"{server.address}/panel?run={run_id}&margin=0.45")
    expect(page.get_by_text("The question needs")).to_be_visible()
    page.get_by_label(re.compile("^Compare the first stains")).click()
    page.get_by_role("option", name=re.compile("^PXPermute")).click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("The comparison needs at most")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    answer = answered(page, server, lab, run_id)
    found = lab.panels.findings(answer)
    wide = Constraints(margin=0.45, class_floor=1)
    expect(page.locator("h4").first).to_have_text(
        answer_words(found.advice(wide), found.spec.panel)
    )
    expect(page.get_by_text("Panels compared").first).to_be_visible()
    dots = page.locator(".st-key-panel-compared")
    expect(dots.locator(".ytick text").first).to_be_visible()
    names = [text.strip() for text in dots.locator(".ytick text").all_text_contents()]
    assert [name for name in names if name] == [
        "stain-free only", "first 1 by PXPermute", "first 2 by PXPermute", "all channels",
    ]  # fmt: skip

    known = {trial.members for trial in found.evidence.trials}
    wanted = next((0, c) for c in CHANNELS[1:] if (0, c) not in known)
    for channel in CHANNELS[1:]:
        box = page.get_by_role("checkbox", name=found.spec.panel.names[channel], exact=True)
        if box.is_checked() != (channel in wanted):
            box.locator("xpath=ancestor::label").click()
            expect(box).to_be_checked(checked=channel in wanted)
    screened = lab.panels.what_if(answer, wanted)
    assert screened is not None
    shown = page.get_by_test_id("stMetricValue")
    expect(shown).to_have_text(f"{screened[0]:.3f}")
    ticks = "&".join(f"tick={found.spec.panel.names[c]}".replace(" ", "+") for c in wanted)
    expect(page).to_have_url(re.compile(rf"[?&]{re.escape(ticks)}$"))
    page.get_by_role("button", name="Confirm by retraining").click()
    confirmed = answered(page, server, lab, answer)
    assert confirmed != answer
    trials = {one.members: one for one in lab.panels.findings(confirmed).evidence.trials}
    page.goto(f"{server.address}/panel?run={confirmed}&{ticks}")
    expect(page.get_by_text("Retrained: F1")).to_contain_text(f"{trials[wanted].f1_macro.mean:.3f}")
