"""Plain pages of the log-in while the store is slow or away: the event loop never waits."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import Response

from pages.web import login
from pxcore.errors import StoreError
from tests.fake_lab import FakeLab

WAYS = [route.path for route in login.ROUTES]


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> FakeLab:
    lab = FakeLab()
    lab.people.auth = "password"
    monkeypatch.setattr(login, "door", lambda: lab)
    return lab


def apart(call: Callable[..., Awaitable[Response]], *given: object) -> Response:
    """Run a coroutine in a thread of its own: another test's browser may hold this one's loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, call, *given).result()


async def answered(path: str, body: bytes = b"", cookie: str = "") -> Response:
    """Return the answer of the route of this path, to a POST where there is a body."""
    route = next(one for one in login.ROUTES if one.path == path)
    scope = {
        "type": "http",
        "method": "POST" if body else "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"cookie", cookie.encode())],
        "client": ("192.0.2.1", 1),
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    made: Response = await route.endpoint(Request(scope, receive))
    return made


def refusing(*_: object, **__: object) -> None:
    message = "the database does not answer"
    raise StoreError(message)


def test_a_slow_store_keeps_nobody_else_waiting(
    door: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()
    monkeypatch.setattr(door.people, "who", lambda _: free.wait(60) and None)

    async def both() -> int:
        async with anyio.create_task_group() as group:
            group.start_soon(answered, "/password")
            answer = await answered("/login")
            free.set()
        return answer.status_code

    with anyio.from_thread.start_blocking_portal() as portal:
        assert portal.start_task_soon(both).result(30) == 200


@pytest.mark.parametrize(
    ("path", "broken"), [("/login", "has_admin"), ("/password", "who"), ("/logout", "log_out")]
)
def test_a_store_that_is_away_is_told(
    door: FakeLab, monkeypatch: pytest.MonkeyPatch, path: str, broken: str
) -> None:
    monkeypatch.setattr(door.people, broken, refusing, raising=False)
    body = f"proof={login.proof('t')}".encode() if path == "/logout" else b""
    answer = apart(answered, path, body, "pxcore_session=t")
    assert answer.status_code == 503
    assert b"The database does not answer" in bytes(answer.body)


@pytest.mark.parametrize("body", [b"&".join(b"a=1" for _ in range(50)), b"\xff\xfe", b"name"])
@pytest.mark.parametrize("path", WAYS)
def test_strange_bodies_are_no_forms(door: FakeLab, path: str, body: bytes) -> None:
    make: Callable[..., Response] = lambda: apart(answered, path, body)  # noqa: E731
    assert make().status_code in (200, 303, 403)
