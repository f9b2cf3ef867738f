"""The ASGI application: Streamlit's pages, our own routes, and the guards before both."""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from streamlit import runtime

from pages.web import health, login
from pages.web.guards import BodyLimit, ClosedPaths, KnownNames
from pages.web.headers import SafeHeaders
from pages.web.media import Media
from pages.web.uploads import Uploads
from pxcore import logs
from pxcore.settings import Settings

LOG = logging.getLogger("pxcore.web")
SCRIPT = Path(__file__).resolve().parents[2] / "app.py"
ROUTES: tuple[BaseRoute, ...] = (*health.ROUTES, *login.ROUTES)
"""Every address that is not a page. They must not lie below Streamlit's own
(``/_stcore``, ``/media``, ``/component``, ``/static``)."""


def application(settings: Settings, names: tuple[str, ...]) -> st.App:
    """Return the dashboard as an ASGI application.

    ``names`` are the hosts, without port, by which browsers may ask for it.
    """
    return st.App(
        SCRIPT,
        lifespan=warmed,
        routes=ROUTES,
        middleware=middleware(settings, names),
    )


def middleware(settings: Settings, names: tuple[str, ...]) -> list[Middleware]:
    """Return the guards, the outermost first: refusals carry the headers too."""
    return [
        Middleware(SafeHeaders, public_url=settings.public_url),
        Middleware(KnownNames, names=names, public_url=settings.public_url),
        Middleware(ClosedPaths),
        Middleware(Media, public_url=settings.public_url),
        Middleware(Uploads, max_upload_mb=settings.max_upload_mb),
        Middleware(BodyLimit, max_upload_mb=settings.max_upload_mb),
    ]


@asynccontextmanager
async def warmed(_app: st.App) -> AsyncIterator[dict[str, Any] | None]:
    """Run ``app.py`` once before anything is answered.

    Until some session has declared the table of pages, Streamlit would answer a page's address
    by running the file of that name alone, past the login in ``app.py``.
    """
    logs.adopt("uvicorn", "streamlit", "websockets")  # they bring handlers of their own
    fine, told = await runtime.get_instance().does_script_run_without_error()
    if not fine:
        LOG.warning("app.py did not run through (%s): its first visitor will see why", told)
    gc.collect()
    gc.freeze()  # modules stay for good: looking through them cost more than a small page
    yield None
