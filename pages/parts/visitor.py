"""Who is in front of a tab: by the cookie of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pxcore.types.people import Person, Rank

if TYPE_CHECKING:
    from pxcore.api import Lab

COOKIE = "pxcore_session"
NOBODY = Person()
"""Whom no gate has let in."""


def visitor(door: Lab) -> Person | None:
    """Return who is in front of this tab; None where they would have to log in.

    Where everybody may come in, that is an administrator without an account, as yet without a
    name.
    """
    if door.people.auth == "open":
        return Person(rank=Rank.ADMIN)
    return door.people.who(str(st.context.cookies.get(COOKIE, "")))
