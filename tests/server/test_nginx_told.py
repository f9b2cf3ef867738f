"""What nginx tells the dashboard of whoever asks: nothing that they made up themselves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.server.behind_nginx import NAME, NEEDS_NGINX, Proxy, proxied

pytestmark = [pytest.mark.processes, NEEDS_NGINX]
MADE_UP = {
    "X_Forwarded_For": "203.0.113.7",
    "X_Forwarded_Proto": "http",
    "X_Forwarded_Host": "evil.example",
    "Forwarded": "for=203.0.113.7;host=evil.example",
}


class Telling(BaseHTTPRequestHandler):
    """Answers with the headers that came, by their names in small letters."""

    def do_GET(self) -> None:
        found = {name: self.headers.get_all(name.lower()) for name in self.headers}
        body = json.dumps({name.lower(): values for name, values in found.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Return nginx before a server that tells what nginx told it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Telling) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        folder: Path = tmp_path_factory.mktemp("told")
        with proxied(folder, server.server_port) as made:
            yield made
        server.shutdown()


@pytest.mark.parametrize("path", ["/", "/login", "/_stcore/upload_file/s/f", "/healthz"])
def test_nobody_chooses_the_address_that_log_ins_are_counted_for(telling: Proxy, path: str) -> None:
    status, _, body = telling.ask("GET", path, **MADE_UP)
    assert status == 200
    told = json.loads(body)
    assert told["x-forwarded-for"] == ["127.0.0.1"]
    assert told["x-forwarded-proto"] == ["https"]
    assert told["host"] == [NAME]
    assert not {"x-forwarded-host", "forwarded"} & told.keys()
