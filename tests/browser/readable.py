"""What everybody needs of a page: axe finds no serious fault, Tab reaches all that is clicked."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page

APP = ":is(.stApp, body > main)"
"""A page of the application, or a plain one before it."""
DIALOG = '[role="dialog"]'
UNREACHED = """root => {
  const seen = e => e.offsetParent && getComputedStyle(e).visibility !== 'hidden' && !e.disabled
    && !e.closest('[aria-hidden="true"], [inert], .js-plotly-plot, [data-testid="stDataFrame"]');
  const all = document.querySelectorAll(`${root} :is(a[href], button, input, textarea, summary)`);
  return [...all].filter(seen).filter(e => e.getAttribute('role') !== 'radio' && e.tabIndex !== -1)
    .filter(e => !e.dataset.reached).map(e => e.outerHTML.slice(0, 160));
}"""
"""What can be clicked and was not reached; of a group of choices Tab reaches one,
and the arrow of a list is reached by the list's own field."""
MARK = """() => {
  const e = document.activeElement, before = e.dataset.reached;
  e.dataset.reached = '1';
  return e === document.body || Boolean(before);
}"""
"""Notes where one is; whether one was there before."""
MOST = 400


def faults(page: Page, root: str = "", rules: tuple[str, ...] = ()) -> list[str]:
    """Return the serious faults that axe finds below ``root``, by all its rules or by some."""
    options: dict[str, object] = {"resultTypes": ["violations"]}
    options |= {"runOnly": [*rules]} if rules else {}
    found = Axe().run(page, root or None, options)
    return [
        f"{one['id']}: {node['target']} {node['html'][:150]}"
        for one in found.response["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"][:3]
    ]


def unreached(page: Page, root: str = APP) -> list[str]:
    """Return what can be clicked below ``root`` and is not reached by Tab."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if page.evaluate(MARK) and not page.evaluate(UNREACHED, root):
            break
    left: list[str] = page.evaluate(UNREACHED, root)
    return left


def listening(page: Page) -> list[str]:
    """Return the list that errors of the console are written to; Streamlit's search for its own
    address (``/run/_stcore/health``) is none."""
    told: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "404" not in message.text:
            told.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: told.append(str(error)))
    return told
