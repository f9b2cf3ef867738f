"""Who is in front of a tab: by the cookie of a session, or as the identity provider signed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from pxcore.types.people import Person, Rank

if TYPE_CHECKING:
    from pxcore.api import Lab

COOKIE = "pxcore_session"
NOBODY = Person(rank=Rank.READER)
"""Whom no gate has let in."""
FRESH = 7 * 86_400
"""Seconds for which what the identity provider signed is taken."""


def visitor(door: Lab) -> Person | None:
    """Return who is in front of this tab; None where they would have to log in.

    Where everybody may come in, that is an administrator without an account, as yet without a
    name. Raises AccessError for somebody who was shut out.
    """
    if door.people.auth == "open":
        return Person()
    if door.people.auth == "password":
        return door.people.who(str(st.context.cookies.get(COOKIE, "")))
    return _vouched_for(door)


def _vouched_for(door: Lab) -> Person | None:
    """Return the person whom the identity provider named; Streamlit has checked the signature."""
    claims = st.user.to_dict()
    signed = claims.get("iat")
    if not claims.get("is_logged_in") or not isinstance(signed, int | float):
        return None
    if not -60 < time.time() - signed < FRESH:
        return None
    verified = claims.get("email_verified") is True
    return door.people.arrive(
        str(claims.get("iss") or ""),
        str(claims.get("sub") or ""),
        name=str(claims.get("name") or claims.get("preferred_username") or ""),
        email=str(claims.get("email") or "") if verified else "",
    )
