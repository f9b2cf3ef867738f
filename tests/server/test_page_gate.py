"""Every page's address on a server that nobody has visited yet, by raw websocket.

Streamlit answers such an address by running the file of that name in ``pages/`` alone, past
``app.py``, until some session has declared the table of pages.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
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


def test_no_page_can_be_opened_past_the_app(start: Start) -> None:
    port = start(False)
    assert FILES
    for page in FILES:  # each file as its own script: it must draw nothing by itself
        seen = visit(port, page)
        assert seen.finished
        assert (seen.elements, seen.text) == (0, ""), f"/{page} was drawn without app.py"
    assert visit(port, "").elements > 0  # app.py itself does draw


def test_a_warm_server_gives_every_address_to_the_app(start: Start) -> None:
    port = start(True)
    assert "run" in ADDRESSES
    for page in ADDRESSES:
        seen = visit(port, page)
        assert seen.finished
        assert not seen.page_not_found
        assert seen.elements > 0, f"/{page} was answered past app.py"


def test_a_foreign_origin_gets_no_session(start: Start) -> None:
    port = start(True)
    with pytest.raises(InvalidStatus, match="403"):
        visit(port, "home", origin="http://evil.example")
