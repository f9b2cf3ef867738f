"""Opening an address: https only, through redirects that stay https. No file, ftp or data."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import AbstractContextManager
from email.message import Message
from typing import IO, Protocol, cast
from urllib.parse import urlsplit

from pxcore.errors import DatasetError
from pxcore.types.addresses import is_loopback

AGENT = "pxcore (imaging flow cytometry panels)"


class Answer(Protocol):
    """What a server sends: status, head and body."""

    status: int
    headers: Message

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes; empty at the end."""
        ...


def open_url(
    url: str, headers: Mapping[str, str], timeout: float, *, loopback: bool = False
) -> AbstractContextManager[Answer]:
    """Return the opened answer to a GET, after redirects.

    ``loopback``: plain http to this very host is allowed, for tests, and no proxy is used.

    Raises
    ------
    DatasetError
        For an address, or a redirect to one, that is not https.
    urllib.error.HTTPError, urllib.error.URLError, http.client.HTTPException, OSError
        As the standard library does.
    """
    check_address(url, loopback=loopback)
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler({} if loopback else None),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        _Redirects(loopback=loopback),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    request = urllib.request.Request(url, headers={**headers, "User-Agent": AGENT})  # noqa: S310
    return cast("AbstractContextManager[Answer]", opener.open(request, timeout=timeout))


def check_address(url: str, *, loopback: bool) -> None:
    """Raise DatasetError unless an address is https, or plain http to this host where allowed."""
    parts = urlsplit(url)
    plain = loopback and parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not (parts.scheme == "https" or plain) or not parts.hostname or parts.username:
        message = f"{url[:200]} is not fetched: only https addresses are, without a user name"
        raise DatasetError(message)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Redirects that stay within what may be opened."""

    max_redirections = 6

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the next request. Raises DatasetError for an address that is not https."""
        check_address(newurl, loopback=self._loopback)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
