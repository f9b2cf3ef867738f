"""A tab that stays open on the dashboard's websocket: one session, many requests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.util import calc_hash
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.server.wire import Visit, _note


@dataclass
class Tab:
    """One session."""

    socket: ClientConnection

    def ask(
        self, query: str = "", *, page: str = "", url_path: str = "", fragment: str = ""
    ) -> Visit:
        """Ask for a page by its name in the address, or as a menu does by its ``url_path``."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_name = page
        message.rerun_script.page_script_hash = calc_hash(url_path) if url_path else ""
        message.rerun_script.fragment_id = fragment
        self.socket.send(message.SerializeToString())
        return self._answer()

    def file(self, deferred: str, session: str) -> str:
        """Return the address of a file that is made when somebody takes it; empty for a refusal."""
        message = BackMsg()
        message.backend_operation_request.request_id = "1"
        message.backend_operation_request.session_id = session
        message.backend_operation_request.deferred_file.file_id = deferred
        self.socket.send(message.SerializeToString())
        while True:
            said = ForwardMsg.FromString(bytes(self.socket.recv(timeout=60)))  # type: ignore[arg-type]
            if said.WhichOneof("type") == "backend_operation_response":
                return str(said.backend_operation_response.deferred_file.url)

    def _answer(self, seconds: float = 60.0) -> Visit:
        seen, end = Visit(), time.monotonic() + seconds
        while not seen.finished and time.monotonic() < end:
            try:
                data = self.socket.recv(timeout=end - time.monotonic())
            except TimeoutError:
                break
            _note(ForwardMsg.FromString(bytes(data)), seen)  # type: ignore[arg-type]
        assert seen.finished
        return seen


@contextmanager
def tab(port: int, cookie: str = "") -> Iterator[Tab]:
    """Yield a tab of whoever has the cookie, by default of nobody who has logged in."""
    with connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie} if cookie else {},
        max_size=None,
    ) as socket:
        yield Tab(socket)
