"""Every page is read by everybody: axe finds no serious fault, light and dark; Tab reaches all.

The same visits show that the Content-Security-Policy stops nothing of ours.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from pxcore.api import open_lab
from pxcore.settings import Settings
from tests.browser.conftest import Ranked, Server, drawn
from tests.server.conftest import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PAGES = (
    "", "datasets", "datasets?dataset={dataset}", "new?dataset={dataset}", "runs", "run?run={run}",
    "compare?items={run}:pxpermute,{run}:occlusion", "panel?run={run}", "staged", "published",
    "benchmark", "unlabelled", "unlabelled?run={clusters}", "links", "admin",
    "shared?link={link}", "shared?link=guessed",
)  # fmt: skip
REACHED = """() => {
  const seen = e => e.offsetParent && getComputedStyle(e).visibility !== 'hidden' && !e.disabled
    && !e.closest('[aria-hidden="true"], [inert], .js-plotly-plot, [data-testid="stDataFrame"]');
  const all = document.querySelectorAll('.stApp :is(a[href], button, input, textarea, summary)');
  return [...all].filter(seen).filter(e => e.getAttribute('role') !== 'radio' && e.tabIndex !== -1)
    .filter(e => !e.dataset.reached).map(e => e.outerHTML.slice(0, 160));
}"""
"""What can be clicked and was not reached; of a group of choices Tab reaches one,
and the arrow of a list is reached by the list's own field."""


BACKGROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}
"""Of .streamlit/config.toml."""


@pytest.fixture(scope="module")
def names(server: Server, ranked: Ranked, clustered: str) -> dict[str, str]:
    """Return ids of a data set, a finished run, a clustering and a share link."""
    lab = open_lab(Settings(home=server.home))
    _, token = lab.shares.make("run", ranked.run, 1)
    lab.close()
    return {"dataset": ranked.dataset, "run": ranked.run, "link": token, "clusters": clustered}


@pytest.mark.parametrize("path", PAGES)
def test_no_serious_fault(reader: Page, server: Server, names: dict[str, str], path: str) -> None:
    """Also where somebody turns dark what is open."""
    told = _listening(reader)
    reader.emulate_media(color_scheme="light")
    reader.goto(f"{server.address}/{path.format(**names)}")
    for scheme, background in BACKGROUNDS.items():
        reader.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(reader.get_by_test_id("stApp")).to_have_css("background-color", background)
        reader.wait_for_timeout(500)  # for the page to ask for its figures anew
        drawn(reader)
        assert _faults(reader) == [], scheme
    assert told == []
    if path.startswith(("run?", "published")):
        assert reader.locator(".js-plotly-plot .main-svg").count() > 0


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with serving(tmp_path_factory.mktemp("closed"), PXCORE_AUTH="password") as port:
        yield port


@pytest.mark.parametrize("path", ["runs", "login", "logout"])
def test_no_serious_fault_before_the_login(chromium: Browser, closed: int, path: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    told = _listening(page)
    page.goto(f"http://127.0.0.1:{closed}/{path}")
    page.locator("h1").first.wait_for(timeout=60_000)
    page.wait_for_timeout(500)
    assert _faults(page) == []
    assert told == []
    context.close()


@pytest.mark.parametrize("path", ["runs", "new?dataset={dataset}", "run?run={run}"])
def test_tab_reaches_everything(
    reader: Page, server: Server, names: dict[str, str], path: str
) -> None:
    reader.goto(f"{server.address}/{path.format(**names)}")
    drawn(reader)
    for _ in range(400):
        reader.keyboard.press("Tab")
        first = reader.evaluate(
            "() => { const e = document.activeElement, f = e.dataset.reached;"
            " e.dataset.reached = '1'; return e === document.body || Boolean(f) }"
        )
        if first and not reader.evaluate(REACHED):
            break
    assert reader.evaluate(REACHED) == []


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


def _listening(page: Page) -> list[str]:
    """Return the list that errors of the console are written to; Streamlit's search for its own
    address (``/run/_stcore/health``) is none."""
    told: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "404" not in message.text:
            told.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: told.append(str(error)))
    return told


def _faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:150]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"][:3]
    ]
