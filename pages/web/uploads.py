"""Who may send files, and how much: tabs that the gate let in, of people who may register data.

Streamlit takes a file from every open tab, also from one that only sees the way in or a shared
result, and keeps it in memory until the page that took it is left. It limits the single file only.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.web.guards import MIB, UPLOADS
from pxcore.types.people import Person, Rank

MANY = 1000
OF_ONE, OF_ALL = 2, 4
"""So many of the largest files that may be sent, one tab and all tabs together may keep here."""
FULL = "Too many files wait here: register or close others first, or try again in some minutes."
SENDERS: set[str] = set()
"""Sessions that may send files."""


def note(person: Person | None) -> None:
    """Note who is in front of this tab: nobody and readers send no files."""
    context = get_script_run_ctx()
    if context is None:
        return
    if person is None or person.rank is Rank.READER:
        SENDERS.discard(context.session_id)
        return
    if len(SENDERS) >= MANY and runtime.exists():
        active = runtime.get_instance().is_active_session
        SENDERS.intersection_update([one for one in SENDERS if active(one)])
    SENDERS.add(context.session_id)


@dataclass(slots=True, eq=False)
class Coming:
    """A file that is being sent."""

    session: str
    n_bytes: int
    """As told, or what came already where that is more."""


class Uploads:
    """Refuses files from sessions that may not send any, and what is too much for the memory."""

    def __init__(self, app: ASGIApp, max_upload_mb: int) -> None:
        self.app = app
        self.limit = max_upload_mb * MIB
        self.coming: list[Coming] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        asks = scope["type"] == "http" and scope["path"].startswith(UPLOADS)
        if not asks or scope["method"] == "OPTIONS":
            await self.app(scope, receive, send)
            return
        session = scope["path"].removeprefix(UPLOADS).partition("/")[0]
        if session not in SENDERS:
            answer = PlainTextResponse("Log in as a member to send files.", 403)
            await answer(scope, receive, send)
        elif scope["method"] == "PUT":
            await self._take(Coming(session, told_length(scope)), scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _take(self, file: Coming, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a file on unless it is one too many, by the length that is told or that comes."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > file.n_bytes:
                file.n_bytes = received
                if self.is_full(file.session):
                    raise HTTPException(413, FULL)
            return message

        self.coming.append(file)
        try:
            if self.is_full(file.session):
                await PlainTextResponse(FULL, 413)(scope, receive, send)
            else:
                await self.app(scope, counted, send)
        finally:
            self.coming.remove(file)

    def is_full(self, session: str) -> bool:
        """Return whether a session's files, or all, are more than may lie in memory."""
        held = kept()
        for file in self.coming:
            held[file.session] = held.get(file.session, 0) + file.n_bytes
        of_one, of_all = held.get(session, 0), sum(held.values())
        return of_one > OF_ONE * self.limit or of_all > OF_ALL * self.limit


def kept() -> dict[str, int]:
    """Return the bytes of the files that Streamlit keeps, by session."""
    manager = runtime.get_instance().uploaded_file_mgr
    if not isinstance(manager, MemoryUploadedFileManager):
        return {}
    sessions = list(manager.file_storage.items())  # scripts add and remove meanwhile
    return {name: sum(len(one.data) for one in list(of.values())) for name, of in sessions}


def told_length(scope: Scope) -> int:
    """Return the length that a request tells; 0 where it tells none that can be read."""
    told = Headers(scope=scope).get("content-length", "")
    return int(told) if told.isdecimal() and len(told) < len(str(2**63)) else 0
