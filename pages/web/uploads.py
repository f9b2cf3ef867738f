"""Who may send files: tabs that the gate let in, of people who may register data.

Streamlit takes a file from every open tab, also from one that only sees the way in or a shared
result, and keeps it in memory.
"""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.web.guards import UPLOADS
from pxcore.types.people import Person, Rank

MANY = 1000
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


class Uploads:
    """Refuses files from sessions that may not send any."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and scope["path"].startswith(UPLOADS):
            session = scope["path"].removeprefix(UPLOADS).partition("/")[0]
            if session not in SENDERS and scope["method"] != "OPTIONS":
                answer = PlainTextResponse("Log in as a member to send files.", 403)
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)
