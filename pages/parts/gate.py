"""The way in: who may see pages, and what the others see instead."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages.parts import session
from pages.parts.errors import banner
from pages.parts.text import md
from pages.parts.visitor import COOKIE, visitor
from pages.web import uploads
from pages.web.paths import LOGIN, PASSWORD, logout_address
from pxcore.errors import PxError
from pxcore.types.people import Rank

TROUBLE = "gate-trouble"
WORDS = {Rank.READER: "may look", Rank.MEMBER: "member", Rank.ADMIN: "administrator"}
"""Ranks in words."""
QUIET = "color: inherit; font-size: 0.875rem"
STRONG = (
    "display: inline-block; background: #0072B2; color: #ffffff; padding: 0.45rem 1.1rem; "
    "border-radius: 0.4rem; text-decoration: none; font-weight: 600"
)
"""As the button of the theme."""


def admitted(owner: str) -> bool:
    """Return whether the visitor may see pages. Nothing is drawn: the table of pages comes first.

    ``owner``: the name that somebody has where everybody may come in, until they type another.
    """
    try:
        person = visitor(session.door())
    except PxError as error:  # a store that is away: who that is can be told later
        st.session_state[TROUBLE] = str(error)
        uploads.note(None)
        return False
    uploads.note(person)
    if person is None:
        session.forget()
        return False
    if not person.id:  # nobody logs in here
        session.begin(owner)
        return True
    session.enter(person)
    return True


def offers(page: str) -> bool:
    """Return whether the menu leads this person to a page."""
    return page != "admin" or session.visit().person.admin


def draw_way_in() -> None:
    """Draw the link to the log-in, which leads back to the address that was asked for."""
    if trouble := st.session_state.pop(TROUBLE, ""):
        banner(PxError(trouble))
        return
    st.title("Log in to see this page", anchor=False)
    st.markdown(
        "This dashboard belongs to a lab. Log in, and you come back to the page you asked for.",
        width=720,
    )
    _link("Log in", f"/{LOGIN}?{urlencode({'next': _address()})}", STRONG)


def draw_account() -> None:
    """Draw who is logged in, and the way out, at the end of the menu."""
    person = session.visit().person
    if not person.id:
        return
    with st.sidebar:
        st.caption(f":material/account_circle: **{md(person.name, 40)}** · {WORDS[person.rank]}")
        if session.door().people.auth == "password":
            _link("Change password", f"/{PASSWORD}")
        _leave()


def _leave() -> None:
    _link("Log out", logout_address(str(st.context.cookies.get(COOKIE, ""))))


def _link(label: str, address: str, style: str = QUIET) -> None:
    """Draw a link that leaves the dashboard's pages in the same tab, as Streamlit's own do not."""
    href = escape(address)
    st.html(f'<a href="{href}" target="_self" style="{style}">{label}</a>')


def _address() -> str:
    """Return the address of this page on this host."""
    query = urlencode(
        [(name, value) for name in st.query_params for value in st.query_params.get_all(name)]
    )
    path = urlsplit(str(st.context.url or "/")).path or "/"
    return f"{path}?{query}" if query else path
