"""Who is given pictures and downloads: whoever is logged in, or reads by a link that opens.

Streamlit keeps each under an address made of its content, and gives it to everybody who has the
address: one that was passed on, stands in a proxy's log, or is asked for after a log-out.
"""

from __future__ import annotations

import re
from functools import cache

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import MutableHeaders, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from pages.parts.icon import icon
from pages.parts.session import door
from pages.parts.visitor import COOKIE
from pxcore.errors import AccessError, PxError

MEDIA = "/media/"
LINK = "pxcore_link"
"""Cookie of somebody who reads by a link: its token, sent with pictures and downloads only."""
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
AT_ONCE = CapacityLimiter(8)


class Media:
    """Refuses pictures and downloads to those whom the pages would refuse."""

    def __init__(self, app: ASGIApp, public_url: str = "") -> None:
        self.app = app
        self.secure = "; Secure" if public_url.startswith("https://") else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it; a page by a link that opens gets its cookie."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = "/" + "/".join(part for part in scope["path"].split("/") if part)
        if path.startswith(MEDIA):
            status, why = await to_thread.run_sync(refusal, cookies_of(scope), limiter=AT_ONCE)
            if status and not is_icon(path):
                await PlainTextResponse(why, status)(scope, receive, send)
                return
        token = QueryParams(scope.get("query_string", b"")).get("link", "")
        if not TOKEN.fullmatch(token) or not await to_thread.run_sync(
            opens, token, limiter=AT_ONCE
        ):
            await self.app(scope, receive, send)
            return
        kept = f"{LINK}={token}; Path={MEDIA}; HttpOnly; SameSite=lax{self.secure}"

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", kept)
            await send(message)

        await self.app(scope, receive, with_cookie)


def refusal(cookies: dict[str, str]) -> tuple[int, str]:
    """Return the status and the words of a refusal; 0 for whoever may have the file."""
    lab = door()
    try:
        if lab.people.auth == "open" or lab.people.who(cookies.get(COOKIE, "")):
            return 0, ""
        lab.shares.require_open(cookies.get(LINK, ""))
    except AccessError:
        return 403, "Log in to get this file."
    except PxError as error:
        return 503, str(error)
    return 0, ""


def opens(token: str) -> bool:
    """Return whether a link shows something, without counting a visit."""
    try:
        door().shares.require_open(token)
    except PxError:
        return False
    return True


def is_icon(path: str) -> bool:
    """Return whether a path is that of the tab's icon, which the gate shows to everybody."""
    files = runtime.get_instance().media_file_mgr._storage  # noqa: SLF001 - no other way to it
    if not isinstance(files, MemoryMediaFileStorage):
        return False
    try:
        return bool(files.get_file(path.rpartition("/")[2]).content == _icon())
    except MediaFileStorageError:
        return False


@cache
def _icon() -> bytes:
    return icon().getvalue()


def cookies_of(scope: Scope) -> dict[str, str]:
    """Return the cookies of a request."""
    sent = [value for name, value in scope["headers"] if name == b"cookie"]
    return cookie_parser("; ".join(one.decode("latin-1") for one in sent))
