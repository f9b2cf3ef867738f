"""The Share button: a link for readers, made in a dialog and shown once."""

from __future__ import annotations

import streamlit as st

from pages.parts import links
from pages.parts.errors import guarded
from pages.parts.methods import method_labels
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.errors import PxError
from pxcore.plots.numbers import minute
from pxcore.types.addresses import only_here
from pxcore.types.panel import Constraints
from pxcore.types.people import ShareRow

PERIODS = {7: "a week", 30: "30 days", 90: "90 days", 365: "a year"}
USUAL = 30
WHAT = {
    "run": "this run",
    "comparison": "this comparison",
    "panel": "this advice",
    "plan": "this staged plan",
    "clustering": "this clustering",
}
FROZEN = (
    "Whoever has the link reads {what} without logging in, and nothing else of the lab. It is "
    "**frozen**: they see it as it is now, later changes are not in it."
)

PICTURES = {"clustering": " **Pictures of some of its cells** are in it."}
"""What of the cells themselves goes with a link."""


def button(kind: str, subject: str) -> None:
    """Draw the button for whoever may share; ``kind`` and ``subject`` as reports name them."""
    if lab().shares.allowed and st.button("Share", icon=":material/share:", key="share"):
        st.dialog("Share", icon=":material/share:", width="medium")(ask)(kind, subject)


def ask(kind: str, subject: str) -> None:
    """Ask for how long, make the link, show it once: the next click no longer knows it."""
    place = st.empty()
    with place.container():
        also = _leading(subject) if kind == "run" else PICTURES.get(kind, "")
        st.markdown(FROZEN.format(what=WHAT[kind]) + also)
        days = st.segmented_control(
            "The link opens for",
            list(PERIODS),
            format_func=PERIODS.__getitem__,
            default=USUAL,
            required=True,
            key="share-days",
        )
        st.caption("You can end it earlier, or make it last longer, at any time.")
        make = st.button("Make a link", type="primary", icon=":material/link:", key="share-make")
    if not make:
        return
    with guarded(f"sharing {kind} {subject}"):
        with st.spinner("Freezing the result"):
            wanted = _wanted(kind, subject)
            row, token = lab().shares.make(kind, subject, int(days or USUAL), wanted)
        place.empty()
        _made(row, links.full("shared", link=token))


def _leading(run_id: str) -> str:
    """Return which of several methods the shared page begins with; empty for one method."""
    try:
        found = lab().result(run_id)
    except PxError:  # a run that cannot be read: making the link says why
        return ""
    if len(found.methods) < 2:
        return ""
    labels = method_labels(one.method for one in found.methods)
    first, *others = (md(labels[one.method], 60) for one in found.methods)
    follow = "the other method follows" if len(others) == 1 else "the other methods follow"
    return f" The page leads with **{first}**; {follow}."


def _wanted(kind: str, subject: str) -> Constraints | None:
    """Return what the address of the page wants, where that changes what it shows."""
    if kind == "panel":
        from pages.parts import panel_files  # noqa: PLC0415 - with scipy, where it is needed

        return panel_files.wanted_of(subject)
    if kind == "plan":
        from pages.parts import staged_files  # noqa: PLC0415 - only this kind needs it

        return staged_files.wanted_of()
    return None


def _made(row: ShareRow, address: str) -> None:
    """Show a new link, once: nobody here can read it again."""
    st.markdown(f"The link to **{md(row.title, 120)}** opens until {minute(row.expires)} (UTC).")
    st.code(address, language=None, wrap_lines=True)
    if only_here(address):
        st.warning(
            "It opens on this very computer only: this is how your browser came here. Put the "
            "address by which others reach the dashboard in front, or have an administrator set "
            "PXCORE_PUBLIC_URL.",
            icon=":material/warning:",
        )
    st.markdown(
        "Copy it now: it is not kept here and cannot be shown again. Whoever gets it can read "
        "the result and pass the link on."
    )
    links.link("Your links: see how often one was visited, end it", "links", icon=":material/link:")
