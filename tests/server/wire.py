"""A browser tab without a browser: the dashboard's websocket, spoken directly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol


@dataclass
class Visit:
    """What one script run sent to a tab."""

    session: str = ""
    """Id of the tab's session."""
    navigated: bool = False
    """True when ``app.py`` ran: only it declares the table of pages."""
    page_not_found: bool = False
    finished: bool = False
    text: str = ""
    """Every word of every element, as sent."""
    elements: int = 0
    status: list[int] = field(default_factory=list)


@contextmanager
def tab(port: int, cookie: str = "", query: str = "") -> Iterator[tuple[ClientConnection, str]]:
    """Yield the open websocket of a tab that has drawn, and the id of its session."""
    ask = BackMsg()
    ask.rerun_script.query_string = query
    with connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie} if cookie else {},
        max_size=None,
    ) as socket:
        socket.send(ask.SerializeToString())
        while True:
            message = ForwardMsg.FromString(bytes(socket.recv(timeout=60)))  # type: ignore[arg-type]
            if message.WhichOneof("type") == "new_session":
                session = message.new_session.initialize.session_id
            elif message.WhichOneof("type") == "script_finished":
                yield socket, session
                return


def visit(
    port: int,
    page: str,
    query: str = "",
    origin: str = "",
    cookie: str = "",
    seconds: float = 60.0,
) -> Visit:
    """Open ``/page?query`` by raw websocket and return what came through until it finished."""
    seen = Visit()
    ask = BackMsg()
    ask.rerun_script.page_name = page
    ask.rerun_script.query_string = query
    with connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        origin=origin or f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie} if cookie else {},
        max_size=None,
    ) as socket:
        socket.send(ask.SerializeToString())
        end = time.monotonic() + seconds
        while not seen.finished and time.monotonic() < end:
            try:
                data = socket.recv(timeout=end - time.monotonic())
            except TimeoutError:
                break
            message = ForwardMsg.FromString(bytes(data))  # type: ignore[arg-type]
            _note(message, seen)
    return seen


def _note(message: ForwardMsg, seen: Visit) -> None:
    kind = message.WhichOneof("type")
    if kind == "new_session":
        seen.session = message.new_session.initialize.session_id
    elif kind == "navigation":
        seen.navigated = True
    elif kind == "page_not_found":
        seen.page_not_found = True
    elif kind == "script_finished":
        seen.status.append(message.script_finished)
        seen.finished = message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
    elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
        seen.elements += 1
        seen.text += f"\n{message.delta.new_element}"
