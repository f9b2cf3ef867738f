"""The lab's door, and what a tab remembers: one frozen value. Everything else is in the URL."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from pxcore.api import Lab, open_lab
from pxcore.plots.style import DARK, LIGHT, Theme

KEY = "visit"


@dataclass(frozen=True, slots=True)
class Visit:
    """What one browser tab knows beyond its address."""

    owner: str = ""
    """Name written beside what this person starts."""


@st.cache_resource(show_spinner=False)
def lab() -> Lab:
    """Return the one door on the store, shared by all tabs."""
    return open_lab()


def begin(owner: str) -> None:
    """Begin the visit of a new tab."""
    st.session_state.setdefault(KEY, Visit(owner=owner))


def visit() -> Visit:
    """Return what this tab remembers."""
    found = st.session_state.get(KEY)
    return found if isinstance(found, Visit) else Visit()


def remember_owner(owner: str) -> None:
    """Keep the name of the person in front of this tab."""
    st.session_state[KEY] = replace(visit(), owner=owner.strip()[:60])


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
