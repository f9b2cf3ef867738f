"""The proxy of ``docs/operation/nginx.conf``, as it is written, before a real ``serve``."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from pages.web.headers import safe_headers
from tests.server.behind_nginx import CONF, NAME, NEEDS_NGINX, Proxy, free_port, proxied
from tests.server.conftest import wait_until_up

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.processes, NEEDS_NGINX]


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder, behind = tmp_path_factory.mktemp("nginx"), free_port()
    with _serve(folder, behind), proxied(folder, behind) as made:
        yield made


def test_a_page_comes_through_with_its_headers(proxy: Proxy) -> None:
    status, headers, body = proxy.ask("GET", "/")
    assert status == 200
    assert b"<title>Streamlit</title>" in body
    for name, value in safe_headers(https=True).items():
        assert headers[name.lower()] == value
    assert "max-age" in headers["strict-transport-security"]
    assert "uvicorn" not in headers["server"]
    _, headers, _ = proxy.ask("GET", "/_stcore/health")
    assert "; secure" in headers["set-cookie"].lower()


def websocket(proxy: Proxy) -> ClientConnection:
    """Return the connection of a tab, through TLS."""
    return connect(
        f"wss://{NAME}/_stcore/stream",
        sock=socket.create_connection(("127.0.0.1", proxy.tls), timeout=60),
        ssl=proxy.context(),
        subprotocols=[Subprotocol("streamlit")],
        origin=Origin(f"https://{NAME}"),
        max_size=None,
    )


def test_the_websocket_works(proxy: Proxy) -> None:
    ask = BackMsg()
    ask.rerun_script.query_string = ""
    with websocket(proxy) as tab:
        tab.send(ask.SerializeToString())
        kinds: set[str | None] = set()
        while "script_finished" not in kinds:
            message = ForwardMsg.FromString(bytes(tab.recv(timeout=60)))  # type: ignore[arg-type]
            kinds.add(message.WhichOneof("type"))
    assert {"new_session", "navigation", "delta"} <= kinds


def test_an_institute_behind_one_address_may_have_many_tabs(proxy: Proxy) -> None:
    with ExitStack() as tabs:
        for _ in range(70):  # more than the 64 that stood there once
            tabs.enter_context(websocket(proxy))
        assert proxy.ask("GET", "/_stcore/health")[0] == 200


@pytest.mark.parametrize("path", ["metrics", "agent", "agent/openapi.json", "script-health-check"])
def test_what_nobody_needs_is_blocked_by_nginx_itself(proxy: Proxy, path: str) -> None:
    status, headers, body = proxy.ask("GET", f"/_stcore/{path}")
    assert status == 404
    assert b"<center>nginx</center>" in body
    assert "content-security-policy" not in headers


def test_large_bodies_are_refused_where_they_arrive(proxy: Proxy) -> None:
    origin = f"https://{NAME}"
    for path, told, expected in (
        ("/", 2 * 2**20, 413),
        ("/login", 2 * 2**20, 413),
        ("/_stcore/upload_file/s/f", 600 * 2**20, 413),
    ):
        status, _, body = proxy.ask("PUT", path, Content_Length=str(told), Origin=origin)
        assert (status, b"nginx" in body) == (expected, True), path
    for told in (2 * 2**20, 512 * 2**20):  # a file passes, and is refused for want of a session
        found = proxy.ask(
            "PUT", "/_stcore/upload_file/s/f", Content_Length=str(told), Origin=origin
        )
        assert (found[0], b"Log in as a member" in found[2]) == (403, True)
    assert "513m" in CONF.read_text()  # 512 MiB, the default of PXCORE_MAX_UPLOAD_MB, and a form


def test_plain_http_leads_to_https(proxy: Proxy) -> None:
    wire = http.client.HTTPConnection("127.0.0.1", proxy.plain, timeout=30)
    wire.request("GET", "/run?run=r-1", headers={"Host": "evil.example"})
    answer = wire.getresponse()
    wire.close()
    assert answer.status == 301
    assert answer.getheader("Location") == f"https://{NAME}/run?run=r-1"


def test_no_other_name_is_served(proxy: Proxy) -> None:
    with (
        socket.create_connection(("127.0.0.1", proxy.tls), timeout=30) as bare,
        pytest.raises(ssl.SSLError),
    ):
        proxy.context().wrap_socket(bare, server_hostname="evil.example")
    status, _, body = proxy.ask("GET", "/", Host="evil.example")
    assert status >= 400
    assert b"Streamlit" not in body


def test_health_is_told_to_this_host(proxy: Proxy) -> None:
    end = time.monotonic() + 120
    while (found := proxy.ask("GET", "/healthz"))[0] != 200:
        assert time.monotonic() < end, found
        time.sleep(0.5)
    told = json.loads(found[2])
    assert told["status"] == "ok"
    assert told["workers"] >= 1


def test_no_log_keeps_the_token_of_a_link(proxy: Proxy) -> None:
    secret = "s3cr3t-token-of-a-link"
    assert proxy.ask("GET", f"/shared?link={secret}")[0] == 200
    assert proxy.ask("GET", f"/_stcore/metrics?link={secret}")[0] == 404
    logs = {path: path.read_text(errors="replace") for path in proxy.folder.rglob("*.log")}
    assert any("GET /shared" in text for text in logs.values())
    for path, text in logs.items():
        assert secret not in text, path.name


def test_the_login_page_cannot_be_asked_without_end(proxy: Proxy) -> None:
    """Last: the limit is this host's for a while."""
    found = [proxy.ask("GET", "/login")[0] for _ in range(30)]
    assert 429 in found
    assert found[0] != 429
    assert proxy.ask("GET", "/")[0] == 200


@contextmanager
def _serve(folder: Path, port: int) -> Iterator[None]:
    env = os.environ | {
        "PXCORE_HOME": str(folder / "home"),
        "PXCORE_PUBLIC_URL": f"https://{NAME}",
        "PXCORE_DEVICE": "cpu",
        "PXCORE_LOG": "json",
    }
    command = [sys.executable, "-m", "pxcore", "serve", "--port", str(port), "--open-to-network"]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        wait_until_up(f"http://127.0.0.1:{port}/_stcore/health")
        yield
    finally:
        process.terminate()
        process.wait(60)
