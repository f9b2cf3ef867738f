"""The lab's door, and what a tab remembers: one frozen value. Everything else is in the URL."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace

import streamlit as st

from pages.parts.visitor import COOKIE, NOBODY, visitor
from pxcore.api import Lab, open_lab
from pxcore.errors import AccessError
from pxcore.plots.style import DARK, LIGHT, Theme
from pxcore.types.people import Person, Rank

KEY = "visit"
LOGGED_OUT = "you are logged out; load this page again to log in"
_ASKING: ContextVar[Lab | None] = ContextVar("asking", default=None)
"""The lab as whoever takes a file sees it."""
LOOK_AGAIN = 5.0
"""Seconds after which a tab that redraws only a part of itself is asked again who it is."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What one browser tab knows beyond its address."""

    person: Person = NOBODY
    """Who is in front of it."""
    looked: float = 0.0
    """When that was found out, in seconds of a clock that never jumps."""

    @property
    def owner(self) -> str:
        """Name written beside what this person starts."""
        return self.person.name


@st.cache_resource(show_spinner=False)
def door() -> Lab:
    """Return the one door on the whole store. Pages take `lab`: what this person may see of it."""
    return open_lab()


def lab() -> Lab:
    """Return the lab as the person in front of this tab may see and change it.

    Raises AccessError once they are logged out: parts of a page are drawn again without the gate.
    """
    asking = _ASKING.get()
    if asking is not None:
        return asking
    found = visit()
    if found.person.id and time.monotonic() - found.looked > LOOK_AGAIN:
        person = visitor(door())
        if person is None or person.id != found.person.id:
            st.session_state.pop(KEY, None)
            raise AccessError(LOGGED_OUT)
        found = enter(person)
    return door().seen_by(found.person)


def later(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Return what a button calls that makes a file when somebody takes it.

    That happens outside the page, where nobody is in front of it: who draws the button is kept,
    and looked up again then. Raises AccessError once they are logged out.
    """
    person, token = visit().person, str(st.context.cookies.get(COOKIE, ""))

    def made() -> bytes:
        now = door().people.who(token) if person.id else person
        if now is None or now.id != person.id:
            raise AccessError(LOGGED_OUT)
        marked = _ASKING.set(door().seen_by(now))
        try:
            return make()
        finally:
            _ASKING.reset(marked)

    return made


def enter(person: Person) -> Visit:
    """Return the visit of the person in front of this tab; another one finds nothing of theirs."""
    if visit().person.id != person.id:
        st.session_state.clear()
    st.session_state[KEY] = found = Visit(person, time.monotonic())
    return found


def begin(owner: str) -> None:
    """Begin the visit of a new tab where nobody logs in: everybody may do everything there."""
    if visit().person.id or not visit().person.admin:
        enter(Person(name=owner, rank=Rank.ADMIN))


def forget() -> None:
    """Forget whoever was in front of this tab."""
    st.session_state.clear()


def visit() -> Visit:
    """Return what this tab remembers: nobody who may do anything where nobody has come in."""
    found = st.session_state.get(KEY)
    return found if isinstance(found, Visit) else Visit()


def logged_in() -> bool:
    """Return whether this person has an account: then nobody types names."""
    return bool(visit().person.id)


def may_change() -> bool:
    """Return whether this person may do more than look."""
    return visit().person.rank is not Rank.READER


def start_form() -> bool:
    """Return whether this person may start runs; else a sentence stands where the form would."""
    if not may_change():
        st.caption("Whoever may start runs finds a form here.")
    return may_change()


def name_field(label: str, key: str, hint: str = "", width: int = 200) -> str:
    """Draw the field for the name beside what is started; whoever logged in needs none."""
    if logged_in():
        return visit().owner
    return st.text_input(
        label, visit().owner, max_chars=60, key=key, width=width, help=hint or None
    )


def remember_owner(owner: str) -> None:
    """Keep the name that the person in front of this tab typed."""
    found = visit()
    if not logged_in():
        named = replace(found.person, name=owner.strip()[:60])
        st.session_state[KEY] = replace(found, person=named)


def asked(name: str) -> str:
    """Return one value of the address, empty where it is not there."""
    return str(st.query_params.get(name, ""))


def keep_address() -> None:
    """Tell the browser the address that this page was drawn for.

    A link from a page to itself brings its query to the script, but not into the browser's
    address: the next click, or a reload, would come without it.
    """
    st.query_params.update({})


def theme() -> Theme:
    """Return the tones of the page as this browser shows it."""
    return DARK if st.context.theme.type == "dark" else LIGHT
