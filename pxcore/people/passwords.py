"""Passwords, hashed with argon2: slowly, by two at a time, and as long for nobody as for somebody.

Source: RFC 9106; the parameters are the library's (64 MiB, 3 passes).
"""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pxcore.errors import AccessError

SHORTEST, LONGEST = 10, 200
_HASHER = PasswordHasher()
_TURN = threading.BoundedSemaphore(2)
"""Each hash takes 64 MiB: a flood of log-ins must not take the host's memory."""


def hashed(password: str) -> str:
    """Return the hash to be stored. Raises AccessError for a password that is too short or long."""
    if not SHORTEST <= len(password) <= LONGEST:
        message = (
            f"the password has {len(password)} characters; expected {SHORTEST} to {LONGEST}: a few "
            "words in a row are easy to remember"
        )
        raise AccessError(message)
    with _TURN:
        return _HASHER.hash(_plain(password))


def right(password: str, stored: str) -> bool:
    """Return whether a password has this hash; with an empty hash False, after equal work."""
    with _TURN:
        try:
            return _HASHER.verify(stored or _nobodys(), _plain(password)) and bool(stored)
        except (VerificationError, InvalidHashError):
            return False


def outdated(stored: str) -> bool:
    """Return whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def _plain(password: str) -> bytes:
    """Return what is hashed: one character more than any password has is enough to fail."""
    return password[: LONGEST + 1].encode("utf-8", "surrogatepass")


@cache
def _nobodys() -> str:
    """Return a hash that no password has to be held against for unknown names."""
    return _HASHER.hash("nobody's password")
