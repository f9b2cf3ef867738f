"""What every answer tells the browser: run, load and frame nothing that is not ours."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

INDEX = Path(st.__file__).parent / "static" / "index.html"
PERMISSIONS = (
    "camera", "microphone", "geolocation", "payment", "usb", "serial", "hid", "midi",
    "display-capture", "accelerometer", "gyroscope", "magnetometer",
)  # fmt: skip
"""Abilities of a browser that no page here uses."""
YEAR_SECONDS = 31_536_000


class SafeHeaders:
    """Adds the headers to every HTTP answer, whoever made it."""

    def __init__(self, app: ASGIApp, public_url: str = "") -> None:
        self.app = app
        self.headers = safe_headers(https=public_url.startswith("https://"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, send_safely)


def safe_headers(*, https: bool) -> dict[str, str]:
    """Return the headers of every answer; HSTS only where the public address is https."""
    headers = {
        "Content-Security-Policy": content_policy(),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in PERMISSIONS),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if https:
        headers["Strict-Transport-Security"] = f"max-age={YEAR_SECONDS}"
    return headers


@cache
def content_policy() -> str:
    """Return the Content-Security-Policy that Streamlit and plotly work under.

    Both write style elements, so inline style is let in; inline script is not, but for the one
    in Streamlit's index page, by its hash. Plotly exports images through blob: and data:.
    """
    inline = " ".join(f"'{one}'" for one in inline_scripts(INDEX.read_text()))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {inline}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "frame-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        )
    )


def inline_scripts(page: str) -> tuple[str, ...]:
    """Return the CSP hash of every script that stands in a page itself.

    >>> inline_scripts("<script src='a.js'></script><script>1</script>")
    ('sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=',)
    """
    texts = re.findall(r"<script>(.*?)</script>", page, re.S)
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return tuple(f"sha256-{base64.b64encode(one).decode()}" for one in digests)
