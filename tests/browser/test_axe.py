"""Every page is read by everybody: axe finds no serious fault, light and dark; Tab reaches all.

The same visits show that the Content-Security-Policy stops nothing of ours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from pxcore.api import open_lab
from pxcore.settings import Settings
from pxcore.types import MethodSpec, RunState
from tests.browser.conftest import Server
from tests.server.conftest import serving
from tests.tiny_lab import tiny_dataset, tiny_spec

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PAGES = (
    "", "datasets", "datasets?dataset={dataset}", "new?dataset={dataset}", "runs", "run?run={run}",
    "compare?items={run}:pxpermute,{run}:occlusion", "panel?run={run}", "staged", "published",
    "links", "admin", "shared?link={link}", "shared?link=guessed",
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


@pytest.fixture(scope="module")
def names(server: Server) -> dict[str, str]:
    """Return ids of a data set, a finished run of two methods and a share link."""
    lab = open_lab(Settings(home=server.home))
    dataset = tiny_dataset(lab._store)
    methods = tuple(MethodSpec(id=one) for one in ("pxpermute", "occlusion"))
    run = lab.submit(replace(tiny_spec(dataset), methods=methods, title="To be read"))
    deadline = time.monotonic() + 400
    while not lab.progress(run).run.state.final and time.monotonic() < deadline:
        time.sleep(0.5)
    assert lab.progress(run).run.state is RunState.FINISHED
    _, token = lab.shares.make("run", run, 1)
    lab.close()
    return {"dataset": dataset.id, "run": run, "link": token}


@pytest.mark.parametrize("path", PAGES)
def test_no_serious_fault(page: Page, server: Server, names: dict[str, str], path: str) -> None:
    told = _listening(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"{server.address}/{path.format(**names)}")
        _drawn(page)
        assert _faults(page) == [], scheme
    assert told == []
    if path.startswith(("run?", "published")):
        assert page.locator(".js-plotly-plot .main-svg").count() > 0


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
    page: Page, server: Server, names: dict[str, str], path: str
) -> None:
    page.goto(f"{server.address}/{path.format(**names)}")
    _drawn(page)
    for _ in range(400):
        page.keyboard.press("Tab")
        first = page.evaluate(
            "() => { const e = document.activeElement, f = e.dataset.reached;"
            " e.dataset.reached = '1'; return e === document.body || Boolean(f) }"
        )
        if first and not page.evaluate(REACHED):
            break
    assert page.evaluate(REACHED) == []


def test_the_menu_is_walked_by_keys(page: Page, server: Server) -> None:
    page.goto(server.address)
    _drawn(page)
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


def _drawn(page: Page) -> None:
    main = page.locator("[data-testid='stMain'] :is(h1, [data-testid='stAlert'])")
    main.first.wait_for(timeout=90_000)
    page.locator("[data-testid='stApp'][data-test-script-state='notRunning']").wait_for(
        timeout=90_000
    )
    page.wait_for_timeout(1500)  # figures and fonts


def _faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:150]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"][:3]
    ]
