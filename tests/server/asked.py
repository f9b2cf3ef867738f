"""HTTP as an attacker speaks it: paths and headers are sent as they are written."""

from __future__ import annotations

import http.client
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By name in small letters; of a header sent twice, both joined."""
    body: bytes


def ask(
    port: int,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | Iterable[bytes] | None = None,
) -> Answer:
    """Send one request. A ``body`` in parts is sent chunked, without a length."""
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        wire.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        sent = {"Host": f"127.0.0.1:{port}"} | dict(headers or {})
        whole = isinstance(body, bytes)
        if whole and "Content-Length" not in sent:
            sent["Content-Length"] = str(len(body))  # type: ignore[arg-type]
        elif body is not None and not whole:
            sent["Transfer-Encoding"] = "chunked"
        for name, value in sent.items():
            wire.putheader(name, value)
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before all was sent
            wire.endheaders(body, encode_chunked=body is not None and not whole)
        got = wire.getresponse()
        found: dict[str, str] = {}
        for name, value in got.getheaders():
            low = name.lower()
            found[low] = f"{found[low]}, {value}" if low in found else value
        return Answer(got.status, found, got.read())
    finally:
        wire.close()


def xsrf(port: int) -> str:
    """Return the token that a browser gets, and sends back in a cookie and a header."""
    cookie = ask(port, "GET", "/_stcore/health").headers["set-cookie"]
    return cookie.partition("_streamlit_xsrf=")[2].partition(";")[0].strip('"')


def upload(
    port: int, session: str, size: int, changed: Mapping[str, str] | None = None,
    *, chunked: bool = False, name: str = "f",
) -> int:  # fmt: skip
    """Return the status of sending a file as our page does, but for the ``changed`` headers.

    ``size`` 0: of taking it back.
    """
    form = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="../x.tif"\r\n\r\n'
        + b"x" * size + b"\r\n--b--\r\n"
    )  # fmt: skip
    token = xsrf(port)
    headers = {
        "Origin": f"http://127.0.0.1:{port}",
        "Cookie": f"_streamlit_xsrf={token}",
        "X-Xsrftoken": token,
        "Content-Type": "multipart/form-data; boundary=b",
    } | dict(changed or {})
    parts = (form[at : at + 65_536] for at in range(0, len(form), 65_536))
    path = f"/_stcore/upload_file/{session}/{name}"
    if not size:  # take it back
        return ask(port, "DELETE", path, headers).status
    return ask(port, "PUT", path, headers, parts if chunked else form).status
