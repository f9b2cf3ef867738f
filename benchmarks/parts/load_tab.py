"""A browser tab as the server sees it: one websocket, pages asked for, live parts asked again."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import parse_qs

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

LONGEST = 120.0
"""Seconds after which a page that has not ended counts as an error."""
OURS = "This failed, reference"
"""What a page says of an error that it does not know."""


@dataclass(slots=True)
class Answer:
    """What came of one thing asked."""

    page: str
    seconds: float
    live: bool = False
    """True for a part of a page that asks again by itself."""
    error: str = ""
    elements: int = 0


@dataclass
class Tab:
    """One tab. ``async with`` opens its websocket; ``answers`` collects what it waited for."""

    port: int
    answers: list[Answer] = field(default_factory=list)
    query: dict[str, list[str]] = field(default_factory=dict)
    """Of the address that the server last told."""
    _socket: ClientConnection | None = None
    _buttons: dict[str, str] = field(default_factory=dict)
    _hash: str = ""
    _page: str = ""
    _text: str = ""
    _live: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _alive: set[str] = field(default_factory=set)
    """Live parts of the page as it was last drawn."""
    _told: asyncio.Queue[ForwardMsg | None] = field(default_factory=asyncio.Queue)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Tab:
        self._socket = await connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            origin=Origin(f"http://127.0.0.1:{self.port}"),
            max_size=None,
            open_timeout=LONGEST,
            compression=None,  # the server's own is off as well
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._quiet()
        assert self._socket is not None
        assert self._reader is not None
        await self._socket.close()
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader

    async def open(self, page: str, query: str = "") -> Answer:
        """Ask for a page by its address, as a click on a link does."""
        self._quiet()
        ask = BackMsg()
        ask.rerun_script.page_name = page
        ask.rerun_script.query_string = query
        self._page, self._buttons, self._text = page, {}, ""
        self.query = parse_qs(query)
        return await self._ask(ask, page)

    async def press(self, label: str) -> Answer:
        """Press a button of the page that is open."""
        if label not in self._buttons:
            found = Answer(self._page, 0.0, error=f"no button {label!r} among {self._buttons}")
            self.answers.append(found)
            return found
        ask = BackMsg()
        ask.rerun_script.page_script_hash = self._hash
        ask.rerun_script.query_string = self._address()
        pressed = WidgetState(id=self._buttons[label], trigger_value=True)
        ask.rerun_script.widget_states.widgets.append(pressed)
        return await self._ask(ask, f"{self._page}: {label}")

    def shows(self, words: str) -> bool:
        """Return whether the page's text has these words."""
        return words in self._text

    async def _ask(self, ask: BackMsg, page: str, *, live: bool = False) -> Answer:
        """Send, and wait for the end of the script."""
        assert self._socket is not None
        async with self._asking:
            began = time.perf_counter()
            found = Answer(page, 0.0, live=live)
            try:
                await self._socket.send(ask.SerializeToString())
                async with asyncio.timeout(LONGEST):
                    await self._until_finished(found)
            except TimeoutError:
                found.error = f"no answer within {LONGEST:.0f} s"
            except ConnectionClosed as error:
                found.error = f"connection closed: {error}"
            found.seconds = time.perf_counter() - began
        self.answers.append(found)
        return found

    async def _until_finished(self, found: Answer) -> None:
        while True:
            message = await self._told.get()
            if message is None:
                found.error = "the server closed the connection"
                return
            kind = message.WhichOneof("type")
            if kind == "page_not_found":
                found.error = "page not found"
            elif kind == "new_session":
                self._hash = message.new_session.page_script_hash
            elif (
                kind == "navigation"
            ):  # a whole page: where presses go, and what lives is told anew
                self._hash, self._alive = message.navigation.page_script_hash, set()
            elif kind == "page_info_changed":
                self.query = parse_qs(message.page_info_changed.query_string)
            elif kind == "auto_rerun":
                self._again(message.auto_rerun.interval, message.auto_rerun.fragment_id)
            elif kind == "delta":
                self._drawn(message.delta, found)
            elif kind == "script_finished" and self._over(message.script_finished, found):
                return

    def _over(self, status: int, found: Answer) -> bool:
        """Return whether a script ended, and not only to begin anew."""
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            found.error = "the script could not be run"
            return True
        return status != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def _drawn(self, delta: Delta, found: Answer) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        found.elements += 1
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "button":
            self._buttons[element.button.label] = element.button.id
        elif kind == "exception":
            found.error = f"exception: {element.exception.message[:200]}"
        elif kind == "alert" and OURS in element.alert.body:
            found.error = element.alert.body[:200]
        elif kind in ("markdown", "heading", "alert"):
            self._text += str(element)

    def _again(self, interval: float, fragment: str) -> None:
        """Ask for a live part again and again, as the browser's timer does."""
        self._alive.add(fragment)
        if fragment not in self._live:
            self._live[fragment] = asyncio.create_task(self._repeat(interval, fragment))

    async def _repeat(self, interval: float, fragment: str) -> None:
        while True:
            await asyncio.sleep(interval)
            if fragment not in self._alive:
                self._live.pop(fragment, None)
                return
            ask = BackMsg()
            ask.rerun_script.page_script_hash = self._hash
            ask.rerun_script.fragment_id = fragment
            ask.rerun_script.is_auto_rerun = True
            ask.rerun_script.query_string = self._address()
            await self._ask(ask, "live parts", live=True)

    async def _read(self) -> None:
        """Take messages off the socket as they come: a browser never lets the server wait."""
        assert self._socket is not None
        with suppress(ConnectionClosed):
            async for data in self._socket:
                assert isinstance(data, bytes)
                await self._told.put(ForwardMsg.FromString(data))
        await self._told.put(None)

    def _address(self) -> str:
        return "&".join(f"{name}={one}" for name, some in self.query.items() for one in some)

    def _quiet(self) -> None:
        """Leave the page: its live parts ask no more."""
        for task in self._live.values():
            task.cancel()
        self._live = {}
