"""Addresses of hosts: which of them only this very host reaches."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from urllib.parse import urlsplit

__all__ = ["is_loopback", "only_here"]


def is_loopback(host: str) -> bool:
    """Return True when only this host reaches the name or address.

    >>> [is_loopback(host) for host in ("127.0.0.1", "[::1]", "localhost", "0.0.0.0", "lab-pc")]
    [True, True, True, False, False]
    """
    bare = host.strip("[]")
    if bare == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(bare).is_loopback
    return False


def only_here(url: str) -> bool:
    """Return True when a web address opens on this very host alone.

    >>> only_here("http://127.0.0.1:8501/x"), only_here("https://lab.example"), only_here("/x")
    (True, False, False)
    """
    with suppress(ValueError):
        return is_loopback(urlsplit(url).hostname or "")
    return False
