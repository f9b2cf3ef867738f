"""Every page's address on a server that nobody has visited yet, by raw websocket.

Streamlit answers such an address by running the file of that name in ``pages/`` alone, past
``app.py``, until some session has declared the table of pages: the web process does so itself
before it answers anything.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from websockets.exceptions import InvalidStatus

from tests.server.conftest import Start
from tests.server.wire import visit

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "__init__")
ADDRESSES = [
    "" if path == "home" else path  # the start page has no path of its own
    for path in re.findall(r'Entry\(\s*"(\w+)"', (ROOT / "app.py").read_text())
]

pytestmark = pytest.mark.processes


def test_the_first_visitor_of_a_fresh_server_cannot_get_past_the_app(start: Start) -> None:
    port = start()
    assert FILES
    assert "run" in ADDRESSES
    first = visit(port, FILES[0])
    assert first.finished
    assert first.navigated
    for page in ADDRESSES:
        seen = visit(port, page)
        assert seen.finished
        assert seen.navigated, f"/{page} was answered past app.py"
        assert not seen.page_not_found
        assert seen.elements > 0


@pytest.mark.parametrize("page", FILES)
def test_a_file_of_a_page_draws_nothing_by_itself(page: str) -> None:
    alone = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=30).run()
    assert not alone.exception
    assert not alone.main.children


def test_a_foreign_origin_gets_no_session(start: Start) -> None:
    port = start()
    with pytest.raises(InvalidStatus, match="403"):
        visit(port, "home", origin="http://evil.example")
