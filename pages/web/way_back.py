"""After the identity provider: back to the address that was asked for, with safe cookies."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.web.paths import local

CALLBACK = "/oauth2callback"
USER = "_streamlit_user="
WANTED = "pxcore_wanted"
"""Cookie with the address to go to after the identity provider's log-in."""


class WayBack:
    """Changes where Streamlit's answer to the identity provider leads; it knows the start only.

    Behind https every cookie is made secure: Streamlit's own are not.
    """

    def __init__(self, app: ASGIApp, public_url: str = "") -> None:
        self.app = app
        self.secure = public_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if scope["path"] == CALLBACK and logged_in(headers):
                    lead_back(headers, cookies_of(scope).get(WANTED, "/"))
                if self.secure:
                    make_secure(message)
            await send(message)

        await self.app(scope, receive, send_on)


def logged_in(headers: MutableHeaders) -> bool:
    """Return whether this answer lets somebody in: their cookie is set, not taken away."""
    mine = [one for one in headers.getlist("set-cookie") if one.startswith(USER)]
    return any("max-age=0" not in one.lower() for one in mine)


def lead_back(headers: MutableHeaders, wanted: str) -> None:
    """Lead to the wanted address, where it is one of ours, and forget it."""
    headers["location"] = local(wanted)
    headers.append("set-cookie", f"{WANTED}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")


def make_secure(message: Message) -> None:
    """Have every cookie sent over https only."""
    message["headers"] = [
        (name, value + b"; Secure")
        if name.lower() == b"set-cookie" and b"; secure" not in value.lower()
        else (name, value)
        for name, value in message["headers"]
    ]


def cookies_of(scope: Scope) -> dict[str, str]:
    """Return the cookies of a request."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name == b"cookie":
            found.update(cookie_parser(value.decode("latin-1")))
    return found
