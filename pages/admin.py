"""Administration: is everything well, who may come in, what takes room, what may go."""

from __future__ import annotations

import streamlit as st

from pages.parts import admin_clean, admin_links, admin_log, admin_now, admin_people, admin_room
from pages.parts.errors import guarded
from pages.parts.header import header
from pages.parts.session import keep_address, lab

VIEWS = {
    "Now": admin_now.draw,
    "People": admin_people.draw,
    "Room": admin_room.draw,
    "Clean up": admin_clean.draw,
    "Shared links": admin_links.draw,
    "Who did what": admin_log.draw,
}


def render() -> None:
    """Draw the view that was chosen; administrators only."""
    keep_address()
    header("Administration")
    host = lab().upkeep.host()  # refuses everybody else, before anything is drawn
    view = st.segmented_control(
        "View",
        list(VIEWS),
        default="Now",
        required=True,
        key="view",
        label_visibility="collapsed",
        bind="query-params",
    )
    with guarded(f"administration, {view}"):
        VIEWS[view or "Now"](host)
