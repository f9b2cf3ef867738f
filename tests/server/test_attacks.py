"""What a hostile page, host name, path or body gets from a real server: nothing."""

from __future__ import annotations

import json

import pytest

from pages.web.headers import safe_headers
from tests.server.asked import Answer, ask

pytestmark = pytest.mark.processes

MIB = 2**20
FOREIGN = ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1.evil.example"]
HOSTS = ["evil.example", "evil.example:8501", "127.0.0.1@evil.example", "", "127.0.0.1.nip.example"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/run?run=r-1"),
        ("GET", "/healthz"),
        ("GET", "/_stcore/health"),
        ("GET", "/_stcore/metrics"),
        ("GET", "/media/unknown"),
        ("GET", "/static/js/unknown.js"),
        ("DELETE", "/nowhere"),
        ("PUT", "/_stcore/upload_file/s/f"),
    ],
)
def test_every_answer_carries_the_headers(web: int, method: str, path: str) -> None:
    found = ask(web, method, path)
    for name, value in safe_headers(https=False).items():
        assert found.headers[name.lower()] == value, name
    assert "strict-transport-security" not in found.headers


def test_a_refusal_carries_them_too(web: int) -> None:
    found = ask(web, "GET", "/", {"Host": "evil.example"})
    assert found.status == 403
    assert "frame-ancestors 'none'" in found.headers["content-security-policy"]
    assert found.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("host", HOSTS)
def test_a_foreign_host_gets_nothing(web: int, host: str) -> None:
    """A name that an attacker points at this host (DNS rebinding) is not ours."""
    for path in ("/", "/healthz", "/_stcore/health", "/media/x"):
        found = ask(web, "GET", path, {"Host": host})
        assert found.status in {400, 403}
        assert b"pxcore" not in found.body
    assert _websocket(web, f"http://{host}", host).status in {400, 403}


def test_its_own_names_are_answered(web: int) -> None:
    host = f"127.0.0.1:{web}"
    assert _websocket(web, f"http://{host}", host).status == 101
    for host in (f"127.0.0.1:{web}", "localhost", "LOCALHOST.:8501", "[::1]:8501"):
        assert ask(web, "GET", "/_stcore/health", {"Host": host}).status == 200


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_origin_can_neither_listen_nor_change(web: int, origin: str) -> None:
    assert _websocket(web, origin, f"127.0.0.1:{web}").status == 403
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        found = ask(web, method, "/_stcore/upload_file/s/f", {"Origin": origin}, b"x")
        assert (found.status, found.body) == (
            403,
            b"This request comes from another page than ours.",
        )
    found = ask(web, "GET", "/", {"Origin": origin})
    assert "access-control-allow-origin" not in found.headers


def test_no_other_address_takes_a_large_body(web: int) -> None:
    for path in ("/", "/healthz", "/login", "/_stcore/health"):
        told = ask(web, "POST", path, {"Content-Length": str(2 * MIB)}, b"")
        assert told.status == 413, path


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "//_stcore//metrics",
        "/_stcore/metrics/",
        "/_stcore/%6detrics",
        "/_stcore/agent",
        "/_stcore/agent/openapi.json",
        "/_stcore/script-health-check",
    ],
)
def test_what_streamlit_would_tell_anyone_is_closed(web: int, path: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        found = ask(web, method, path)
        assert found.status in {400, 404, 405}, method
        assert b"TYPE" not in found.body
        assert b"openapi" not in found.body


def test_the_answer_the_browser_needs_lets_no_foreign_page_speak_to_ours(web: int) -> None:
    told = json.loads(ask(web, "GET", "/_stcore/host-config").body)
    assert told["allowedOrigins"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py", "/static/../../../app.py", "/static/%2e%2e/%2e%2e/app.py",
        "/..%2f..%2fetc%2fpasswd", "/media/../../../../etc/passwd", "/media/%2e%2e%2fpxcore.sqlite",
        "/component/../../app.py", "/static//etc/passwd", "/static/..\\..\\app.py",
        "/app.py", "/.streamlit/config.toml", "/.streamlit/secrets.toml", "/pages/home.py",
        "/app/static/app.py", "/static/%00/etc/passwd", "//evil.example/%2e%2e", "/static/~root",
        "/_stcore/bidi-components/../../app.py", "/_stcore/bidi-components/%2e%2e/%2e%2e/app.py",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_pages(web: int, path: str) -> None:
    found = ask(web, "GET", path)
    assert found.status in {200, 301, 307, 400, 403, 404}
    if found.status == 200:  # every page's address is answered with the same empty page
        assert b"<title>Streamlit</title>" in found.body
    if found.status in {301, 307}:
        assert found.headers["location"].startswith("/")
        assert not found.headers["location"].startswith("//")
    for secret in (b"root:", b"st.navigation", b"allowedHosts", b"SQLite format", b"def render"):
        assert secret not in found.body


def test_health_tells_no_name_and_no_path(web: int) -> None:
    found = ask(web, "GET", "/healthz")
    told = json.loads(found.body)
    assert found.status == 503  # there is no runner
    assert told == {
        "status": "failing", "web": True, "database": True, "runner": False, "workers": 0,
        "disk": True,
    }  # fmt: skip


def _websocket(port: int, origin: str, host: str) -> Answer:
    """Return the answer to the request that opens a websocket; 101 when it opens."""
    headers = {
        "Host": host, "Origin": origin, "Upgrade": "websocket", "Connection": "Upgrade",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==", "Sec-WebSocket-Version": "13",
    }  # fmt: skip
    return ask(port, "GET", "/_stcore/stream", headers)
