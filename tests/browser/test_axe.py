"""Every page is read by everybody: axe finds no serious fault, light and dark; Tab reaches all.

The same visits show that the Content-Security-Policy stops nothing of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, expect

from pxcore.api import open_lab
from pxcore.settings import Settings
from pxcore.types import MethodSpec
from tests.browser.conftest import Ranked, Server, drawn, until_finished
from tests.browser.furnished import ADA, PASSWORD, furnish
from tests.browser.readable import DIALOG, faults, listening, unreached
from tests.server.conftest import serving
from tests.tiny_lab import tiny_spec, wide_dataset

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PAGES = (
    "", "datasets", "datasets?dataset={dataset}", "new?dataset={dataset}", "runs", "run?run={run}",
    "compare?items={run}:pxpermute,{run}:occlusion", "panel?run={run}", "staged", "published",
    "benchmark", "unlabelled", "unlabelled?run={clusters}", "links", "admin",
    "shared?link={link}", "shared?link={cluster_link}", "shared?link=guessed",
    "run?run={many}&first=all", "compare?items={many}:pxpermute,{many}:occlusion",
)  # fmt: skip
VIEWS = ("People", "Room", "Clean up", "Shared links", "Who did what")
INSIDE = (
    *(f"staged?plan={{plan}}&step={step}" for step in range(1, 7)), "panel?run={asked}",
    *(f"admin?view={view}" for view in VIEWS),
    "datasets?importing={failed}", "datasets?importing={waiting}", "links", "password",
    *(f"shared?link={{shared_{kind}}}" for kind in ("comparison", "panel", "plan")),
)  # fmt: skip
"""Of a lab whose people log in."""
NOT_THERE = re.compile("is not known here|shows nothing|not reached yet")
DIALOGS = {"Share": "Make a link", "Delete this run…": "Delete for good"}
"""What opens each, and a button in it."""
BACKGROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}
"""Of .streamlit/config.toml."""


@pytest.fixture(scope="module")
def names(server: Server, ranked: Ranked, clustered: str) -> dict[str, str]:
    """Return ids of a data set, finished runs (of 3 and of 100 channels), a clustering, a link."""
    lab = open_lab(Settings(home=server.home))
    _, token = lab.shares.make("run", ranked.run, 1)
    _, cluster_token = lab.shares.make("clustering", clustered, 1)
    wide = wide_dataset(lab._store)
    methods = tuple(MethodSpec(id=one) for one in ("pxpermute", "occlusion"))
    spec = replace(tiny_spec(wide, repeats=1), channels=(), methods=methods)
    many = lab.submit(spec)
    until_finished(lab, many)
    lab.close()
    found = {"dataset": ranked.dataset, "run": ranked.run, "link": token, "clusters": clustered}
    return found | {"many": many, "cluster_link": cluster_token}


@pytest.mark.parametrize("path", PAGES)
def test_no_serious_fault(reader: Page, server: Server, names: dict[str, str], path: str) -> None:
    """Also where somebody turns dark what is open."""
    told = listening(reader)
    reader.emulate_media(color_scheme="light")
    reader.goto(f"{server.address}/{path.format(**names)}")
    for scheme, background in BACKGROUNDS.items():
        reader.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(reader.get_by_test_id("stApp")).to_have_css("background-color", background)
        reader.wait_for_timeout(500)  # for the page to ask for its figures anew
        drawn(reader)
        assert faults(reader) == [], scheme
    assert told == []
    if path.startswith(("run?", "published")):
        assert reader.locator(".js-plotly-plot .main-svg").count() > 0


@dataclass(frozen=True)
class Closed:
    """A lab whose people log in."""

    address: str
    names: dict[str, str]


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    folder = tmp_path_factory.mktemp("closed")
    names = furnish(folder / "home")
    with serving(folder, PXCORE_AUTH="password") as port:
        yield Closed(f"http://127.0.0.1:{port}", names)


@pytest.fixture(scope="module")
def ada(chromium: Browser, closed: Closed) -> Iterator[Page]:
    """Return the tab of an administrator who has logged in."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1100})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{closed.address}/login?next=/links")
    page.get_by_label("Name").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    drawn(page)
    yield page
    context.close()


@pytest.mark.parametrize("path", ["runs", "login", "logout"])
def test_no_serious_fault_before_the_login(chromium: Browser, closed: Closed, path: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    told = listening(page)
    page.goto(f"{closed.address}/{path}")
    page.locator("h1").first.wait_for(timeout=60_000)
    page.wait_for_timeout(500)
    assert faults(page) == []
    assert told == []
    context.close()


@pytest.mark.parametrize("path", INSIDE)
def test_what_a_lab_has_is_read_and_reached_by_everybody(
    ada: Page, closed: Closed, path: str
) -> None:
    told = listening(ada)
    ada.emulate_media(color_scheme="light")
    ada.goto(f"{closed.address}/{path.format(**closed.names)}")
    wait = ada.locator("h1").wait_for if path == "password" else partial(drawn, ada)
    wait()
    assert ada.get_by_text(NOT_THERE).count() == 0
    if path.startswith("admin"):
        expect(ada.locator("button[data-selected]").first).to_have_text(path.partition("=")[2])
    assert faults(ada) == [], "light"
    ada.emulate_media(color_scheme="dark")
    ground = ada.locator(".stApp, body:has(> main)")
    expect(ground).to_have_css("background-color", BACKGROUNDS["dark"])
    ada.wait_for_timeout(500)  # for the page to ask for its figures anew
    wait()
    assert faults(ada, rules=("color-contrast",)) == [], "dark"
    assert unreached(ada) == []
    assert told == []


def test_dialogs_are_read_and_reached_by_everybody(ada: Page, closed: Closed) -> None:
    ada.emulate_media(color_scheme="light")
    ada.goto(f"{closed.address}/run?run={closed.names['run']}")
    for opens, within in DIALOGS.items():
        ada.get_by_role("button", name=opens, exact=True).click()
        dialog = ada.get_by_role("dialog")
        expect(dialog.get_by_role("button", name=within)).to_be_visible()
        for scheme in BACKGROUNDS:
            ada.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            ada.wait_for_timeout(500)
            assert faults(ada, DIALOG) == [], (opens, scheme)
        assert unreached(ada, DIALOG) == [], opens
        ada.keyboard.press("Escape")
        expect(dialog).to_have_count(0)


@pytest.mark.parametrize("path", ["runs", "new?dataset={dataset}", "run?run={run}"])
def test_tab_reaches_everything(
    reader: Page, server: Server, names: dict[str, str], path: str
) -> None:
    reader.goto(f"{server.address}/{path.format(**names)}")
    drawn(reader)
    assert unreached(reader) == []


def test_the_menu_is_walked_by_keys(page: Page, server: Server) -> None:
    page.goto(server.address)
    drawn(page)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.innerText").endswith("All runs"):
            break
    outline = "() => getComputedStyle(document.activeElement).outline"
    assert "solid 2px" in page.evaluate(outline)  # where one is can be seen
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs")
    expect(page.get_by_role("heading", level=1, name="Runs")).to_be_visible()
