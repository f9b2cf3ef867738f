"""What is refused before Streamlit or a route sees it: names, origins, paths, large bodies."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

READING = frozenset({"GET", "HEAD", "OPTIONS"})
UPLOADS = "/_stcore/upload_file/"
MIB = 2**20
CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
"""What Streamlit answers anyone and nobody here needs."""
HOST_CONFIG = "/_stcore/host-config"
HOST_FACTS = {
    "allowedOrigins": [],
    "useExternalAuthToken": False,
    "enableCustomParentMessages": False,
    "enforceDownloadInNewTab": False,
    "metricsUrl": "",
    "blockErrorDialogs": False,
    "resourceCrossOriginMode": None,
}
"""The browser needs this answer to begin; no foreign page may send it messages."""


class KnownNames:
    """Refuses requests for other hosts (DNS rebinding) and from other origins."""

    def __init__(self, app: ASGIApp, names: tuple[str, ...], public_url: str = "") -> None:
        self.app = app
        self.names = known(names, public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] in {"http", "websocket"}:
            reason = self.refusal(scope)
            if reason:
                await refuse(scope, receive, send, PlainTextResponse(reason, 403))
                return
        await self.app(scope, receive, send)

    def refusal(self, scope: Scope) -> str:
        """Return why a request is refused; empty when it is not."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or host_name(hosts[0]) not in self.names:
            return "This host is not known by that name; serve --allow-host adds one."
        changes = scope["type"] == "websocket" or scope["method"] not in READING
        if changes and any(one and place(one) != hosts[0].lower() for one in origins):
            return "This request comes from another page than ours."
        return ""


class ClosedPaths:
    """Answers nobody where Streamlit would tell what is none of a visitor's business."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        if scope["type"] == "http":
            path = "/" + "/".join(part for part in scope["path"].split("/") if part)
            answer: Response | None = None
            if path.startswith(CLOSED):
                answer = PlainTextResponse("Not found", 404)
            elif path == HOST_CONFIG:
                answer = JSONResponse(HOST_FACTS, headers={"Cache-Control": "no-cache"})
            if answer is not None:
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


class BodyLimit:
    """Refuses bodies over the upload limit, and over 1 MiB everywhere else.

    The length that is told is looked at first, then every byte that comes is counted.
    """

    def __init__(self, app: ASGIApp, max_upload_mb: int) -> None:
        self.app = app
        self.upload_bytes = (max_upload_mb + 1) * MIB  # a form is larger than its file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.upload_bytes if scope["path"].startswith(UPLOADS) else MIB
        told = Headers(scope=scope).get("content-length", "0")
        if not told.isdecimal() or int(told) > limit:
            await PlainTextResponse("Too large", 413)(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, "Too large")
            return message

        await self.app(scope, counted, send)


async def refuse(scope: Scope, receive: Receive, send: Send, answer: Response) -> None:
    """Answer a request with a refusal; a websocket is closed before it opens (403)."""
    if scope["type"] == "websocket":
        await WebSocketClose(1008)(scope, receive, send)
    else:
        await answer(scope, receive, send)


def known(names: tuple[str, ...], public_url: str) -> frozenset[str]:
    """Return every name of this host, the one of its public address among them.

    >>> sorted(known(("[::1]",), "https://Lab.example:8443/"))
    ['::1', 'lab.example']
    """
    public = urlsplit(public_url).hostname or ""
    return frozenset(bare(name) for name in (*names, public) if name)


def host_name(host: str) -> str:
    """Return the name in a Host header without port; empty when it is not one.

    >>> [host_name(h) for h in ("Lab.example.:80", "[::1]:8501", "a@b", "a/b", "a:b")]
    ['lab.example', '::1', '', '', '']
    """
    if any(sign in host for sign in "@/?#\\ "):
        return ""
    try:
        parts = urlsplit(f"//{host}")
        return bare(parts.hostname or "") if parts.port is None or parts.port else ""
    except ValueError:
        return ""


def bare(name: str) -> str:
    """Return a host's name as it is compared: small letters, no brackets, no last dot."""
    return name.strip().lower().strip("[]").rstrip(".")


def place(origin: str) -> str:
    """Return the host and port of an Origin as a Host header writes them.

    >>> place("http://127.0.0.1:8501"), place("null"), place("https://Lab.example")
    ('127.0.0.1:8501', '', 'lab.example')
    """
    return urlsplit(origin).netloc.lower()
