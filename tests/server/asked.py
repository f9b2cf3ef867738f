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
