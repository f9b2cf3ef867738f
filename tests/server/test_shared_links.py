"""A link by raw websocket where everybody else must log in: it opens one report and no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from pxcore.runs import ledger, sharing
from pxcore.settings import Settings
from pxcore.store.home import open_store
from tests.report_values import report
from tests.server.asking import Browser
from tests.server.conftest import Start
from tests.server.tab import Tab, tab
from tests.tiny_lab import tiny_dataset, tiny_spec

pytestmark = pytest.mark.processes
SECRET = "A run that nobody shared"
SHOWN = "Keep PI"
PAGES = ("", "start", "home", "datasets", "new", "runs", "compare", "run", "panel", "staged",
         "links", "admin", "shared", "shared_links", "nowhere")  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> tuple[str, str, str]:
    """Return a link's id, its token, and the id of a run that is not shared."""
    store = open_store(Settings(home=tmp_path / "home"))
    dataset = tiny_dataset(store)
    run_id = ledger.submit(store, replace(tiny_spec(dataset), title=SECRET))
    row, token = sharing.keep(store, report())
    store.close()
    return row.id, token, run_id


def test_a_link_opens_one_report_and_no_more(
    made: tuple[str, str, str], start: Start, tmp_path: Path
) -> None:
    share_id, token, run_id = made
    port = start(PXCORE_AUTH="password")
    with tab(port) as visitor:
        assert SHOWN in visitor.ask(f"link={token}", page="shared").text
        for path in PAGES:  # the address says link, the page is another
            for query in (f"link={token}&run={run_id}", f"run={run_id}&link={token}&plan=x"):
                opens_only_the_report(visitor, path, query)
        for path in PAGES:  # the same session, now without its link
            shows_nothing(visitor, path, f"run={run_id}&items={run_id}")
            shows_nothing(visitor, path, f"run={run_id}&link=")
        assert SHOWN in visitor.ask(f"link={token}", page="shared").text
        store = open_store(Settings(home=tmp_path / "home"))
        sharing.revoke(store, share_id)
        store.close()
        for path in ("shared", "run"):
            shows_nothing(visitor, path, f"link={token}&run={run_id}")
    guesses = ("A" * 43, token[:-1] + ("A" if token[-1] != "A" else "B"), token.swapcase(), run_id,
               share_id, "%00", "../../etc/passwd", f"{token}%20", "x" * 20_000)  # fmt: skip
    for dead in (token, *guesses[:2]):  # revoked, and never made: no cookie stays from them
        assert Browser(port).ask(f"/shared?link={quote(dead)}").cookie("pxcore_link") == ""
    with tab(port) as guesser:
        answers = {guesser.ask(f"link={guess}", page="shared").text for guess in guesses}
    assert len(answers) == 1
    assert "shows nothing" in answers.pop()
    assert token not in (tmp_path / "web.log").read_text()


def opens_only_the_report(visitor: Tab, path: str, query: str) -> None:
    for seen in (visitor.ask(query, page=path), visitor.ask(query, url_path=path)):
        assert SECRET not in seen.text, path
        assert "page_link" not in seen.text, path
        assert SHOWN in seen.text or seen.page_not_found, path


def shows_nothing(visitor: Tab, path: str, query: str) -> None:
    for seen in (visitor.ask(query, page=path), visitor.ask(query, url_path=path)):
        assert SHOWN not in seen.text, path
        assert SECRET not in seen.text, path
        assert "tiny" not in seen.text, path
