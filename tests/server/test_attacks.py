"""What a hostile page, host name, path or body gets from a real server: nothing."""

from __future__ import annotations

import json

import pytest

from pages.web.headers import safe_headers
from tests.server.asked import Answer, ask
from tests.server.wire import tab

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


def test_an_upload_needs_a_session_its_token_and_our_own_page(web: int) -> None:
    with tab(web) as (_, session):
        token = _token(web)
        assert _upload(web, session, b"x" * 100, token).status == 204
        assert _upload(web, session, b"x" * 100, "").status == 403
        assert (
            _upload(web, session, b"x" * 100, token, cookie="_streamlit_xsrf=forged").status == 403
        )
        assert _upload(web, "made-up", b"x" * 100, token).status == 400
        assert _upload(web, session, b"x" * 100, token, origin="http://evil.example").status == 403


def test_an_upload_over_the_limit_is_refused_however_its_length_is_told(web: int) -> None:
    with tab(web) as (_, session):
        token = _token(web)
        assert _upload(web, session, b"x" * (MIB - 1000), token).status == 204
        assert _upload(web, session, b"x" * (MIB + 10), token).status == 413
        assert _upload(web, session, b"x" * 3 * MIB, token).status == 413
        assert _upload(web, session, b"x" * 3 * MIB, token, chunked=True).status == 413
        lied = _upload(web, session, b"x" * 100, token, length=str(10**12))
        assert lied.status == 413
        assert _upload(web, session, b"x" * 100, token, length="-1").status in {400, 413}


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


def _token(port: int) -> str:
    cookie = ask(port, "GET", "/_stcore/health").headers["set-cookie"]
    return cookie.partition("_streamlit_xsrf=")[2].partition(";")[0].strip('"')


def _upload(
    port: int, session: str, content: bytes, token: str, *, cookie: str = "",
    origin: str = "", length: str = "", chunked: bool = False,
) -> Answer:  # fmt: skip
    form = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="../x.tif"\r\n\r\n'
        + content + b"\r\n--b--\r\n"
    )  # fmt: skip
    headers = {
        "Origin": origin or f"http://127.0.0.1:{port}",
        "Cookie": cookie or f"_streamlit_xsrf={token}",
        "Content-Type": "multipart/form-data; boundary=b",
    }
    if token:
        headers["X-Xsrftoken"] = token
    if length:
        headers["Content-Length"] = length
    parts = (form[at : at + 65_536] for at in range(0, len(form), 65_536))
    return ask(
        port, "PUT", f"/_stcore/upload_file/{session}/f", headers, parts if chunked else form
    )
