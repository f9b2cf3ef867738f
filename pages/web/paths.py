"""Addresses of the way in and out, and which addresses of ours may be asked for next."""

from __future__ import annotations

import hashlib
from urllib.parse import quote, urlsplit

LOGIN, BACK, LOGOUT, PASSWORD = "login", "login/back", "logout", "password"
OWN = (
    "login",
    "logout",
    "password",
    "auth",
    "oauth2callback",
    "healthz",
    "_stcore",
    "media",
    "component",
)
"""First parts of addresses that are no pages."""
LONGEST = 2000


def local(address: str) -> str:
    r"""Return an address on this host to go to next; the start page for anything else.

    >>> local("/run?run=1&x=ä"), local("//evil.example"), local("/\\evil.example")
    ('/run?run=1&x=%C3%A4', '/', '/')
    >>> local("https://evil.example/run"), local("/logout?x=1"), local("/a\nb"), local("run")
    ('/', '/', '/', '/')
    """
    strange = "\\" in address or any(not letter.isprintable() for letter in address)
    if strange or not address.startswith("/") or address.startswith("//"):
        return "/"
    if len(address) > LONGEST:
        return "/"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    first = parts.path.strip("/").split("/")[0]
    if parts.scheme or parts.netloc or first in OWN or "//" in parts.path:
        return "/"
    query = quote(parts.query, safe="=&%+~:;,./?@!$'()*")
    path = quote(parts.path, safe="/%~")
    return f"{path}?{query}" if query else path


def logout_address(token: str) -> str:
    """Return the address that ends this session at once; without its proof a page asks first."""
    return f"/{LOGOUT}?proof={proof(token)}" if token else f"/{LOGOUT}"


def proof(token: str) -> str:
    """Return what only a page of this session knows: no other page can log somebody out."""
    return hashlib.sha256(f"log out {token}".encode()).hexdigest()[:32]
