"""``/healthz``: whether web, database, runner, workers and disk are as they should be."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pages.parts.session import door
from pxcore.errors import StoreError
from pxcore.types import Health

KEPT_SECONDS = 2.0
PATIENCE_SECONDS = 5.0


class Probe:
    """Asks the store at most once in two seconds, however many ask us."""

    def __init__(self) -> None:
        self._asking = asyncio.Lock()
        self._found = Health()
        self._until = 0.0

    async def health(self) -> Health:
        """Return how the lab is; a database that does not answer in time is not there."""
        async with self._asking:
            if time.monotonic() >= self._until:
                try:
                    self._found = await asyncio.wait_for(run_in_threadpool(asked), PATIENCE_SECONDS)
                except TimeoutError:
                    self._found = Health()
                self._until = time.monotonic() + KEPT_SECONDS
            return self._found


def asked() -> Health:
    """Return how the lab is; nothing but the web where its store cannot be opened."""
    try:
        return door().health()
    except StoreError:
        return Health()


PROBE = Probe()


async def healthz(_request: Request) -> JSONResponse:
    """Answer 200 when all is well, else 503; never a name or a path."""
    found = await PROBE.health()
    told = {"status": "ok" if found.well else "failing", "web": True, **asdict(found)}
    return JSONResponse(told, 200 if found.well else 503, headers={"Cache-Control": "no-store"})


ROUTES = (Route("/healthz", healthz, methods=["GET"]),)
