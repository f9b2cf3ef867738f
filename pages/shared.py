"""What a link shows: one result, frozen, read only, without a menu (``?link=TOKEN``).

Whoever has the link reads it without a login. So this page knows one value, the report, and draws
no way to anything else.
"""

from __future__ import annotations

import streamlit as st

from pages.parts import shared_parts
from pages.parts.header import header
from pages.parts.session import asked, lab
from pages.parts.text import md
from pxcore.errors import AccessError, PxError
from pxcore.plots.numbers import minute
from pxcore.plots.text import one_line
from pxcore.types.reports import Report

LINK = "link"
SEEN = "shared-seen"
EVERY = 15.0
"""Seconds between two looks whether an open page may still be read."""


def is_asked() -> bool:
    """Return whether an address is a link: it then shows what is shared, and nothing else."""
    return LINK in st.query_params


def render() -> None:
    """Draw the result behind the link of the address."""
    token = asked(LINK)
    if not token:
        header("Shared result")
        st.markdown("A shared result is opened by its link, which whoever shares it sends.")
        return
    report = lab().shares.open(token, again=st.session_state.get(SEEN) == token)
    st.session_state[SEEN] = token
    _draw(report, token)
    _watch(token)


def _draw(report: Report, token: str) -> None:
    """Draw the answer, what it rests on, the evidence, and how it was made."""
    st.set_page_config(page_title=one_line(report.title, 80))
    header(report.title, downloads=shared_parts.downloads(report, token))
    st.markdown(f"#### {md(report.verdict, 1500)}", anchors=False, width=980)
    facts = " · ".join(f"{md(name, 60)}: {md(said, 400)}" for name, said in report.facts)
    if facts:
        st.caption(facts, width=980)
    for number, section in enumerate(report.sections):
        shared_parts.section(section, number, report.title)
    st.subheader("Methods", anchor=False)
    st.markdown(md(report.methods, 6000), width=980)
    st.divider()
    made = minute(report.made)
    made = f"{made} UTC" if made else "an unknown day"
    st.caption(
        f"Read only, as of {made}. What happened since is not in it; whoever sent "
        "the link may end it at any time."
    )


@st.fragment(run_every=EVERY)
def _watch(token: str) -> None:
    """Empty an open page soon after its link was taken back or has expired."""
    try:
        lab().shares.open(token, again=True)
    except AccessError:
        st.rerun(scope="app")
    except PxError:  # a store that is away for a moment: what is on the page may stay
        return
