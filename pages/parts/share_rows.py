"""Links as a list, each with its state and what may be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from pages.parts.errors import guarded
from pages.parts.session import lab, visit
from pages.parts.share import PERIODS, USUAL
from pages.parts.text import md
from pages.parts.words import moment
from pxcore.plots.numbers import count, minute
from pxcore.types.people import ShareRow

KINDS = {
    "run": "Run",
    "comparison": "Comparison",
    "panel": "Panel advice",
    "plan": "Staged plan",
    "clustering": "Clustering",
}
ICONS = {
    "opens": ":material/link:",
    "expired": ":material/schedule:",
    "revoked": ":material/link_off:",
}
FIRST = 50
"""Links that are drawn at once."""


def rows_of(rows: Sequence[ShareRow]) -> None:
    """Draw links, those that open first; one that somebody else made says who."""
    ordered = sorted(rows, key=lambda row: not row.alive)  # else as they came, newest first
    for row in ordered[:FIRST]:
        with st.container(border=True, key=f"share-row-{row.id}"):
            _row(row)
    if len(ordered) > FIRST:
        st.caption(f"{len(ordered) - FIRST} older ones are not shown.")


def _row(row: ShareRow) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{md(row.title, 90)}**", width="content")
        st.badge(row.state, icon=ICONS[row.state], color="blue" if row.alive else "gray")
        st.space("stretch")
        if not row.revoked:
            _extend(row)
            _revoke(row)
    said = [
        KINDS.get(row.kind, md(row.kind, 20)),
        f"shared{_by(row)} {moment(row.created)}",
        f"opens until {minute(row.expires)} UTC" if row.alive else "",
        f"visited {count(row.opened, 'time')}",
        f"id {row.id}",
    ]
    st.caption(" · ".join(part for part in said if part))


def _by(row: ShareRow) -> str:
    return "" if row.owner == visit().owner else f" by {md(row.owner, 60) or 'the command line'}"


def _extend(row: ShareRow) -> None:
    """Draw the choice of how long from now a link opens; at first one that makes it no shorter."""
    with st.popover("How long it opens", icon=":material/update:", key=f"share-long-{row.id}"):
        days = st.segmented_control(
            "From now, it opens for",
            list(PERIODS),
            format_func=PERIODS.__getitem__,
            default=_longer(row),
            required=True,
            key=f"share-days-{row.id}",
        )
        if st.button("Open it for so long", type="primary", key=f"share-extend-{row.id}"):
            _change(row, int(days or _longer(row)))


def _revoke(row: ShareRow) -> None:
    """Draw the button that ends a link, behind a question: it is for good."""
    with st.popover("Revoke", icon=":material/link_off:", key=f"share-ask-{row.id}"):
        st.markdown("The link then opens nothing any more, at once and for good.")
        if st.button("Revoke it", type="primary", key=f"share-revoke-{row.id}"):
            _change(row)


def _change(row: ShareRow, days: int = 0) -> None:
    """Open a link for so many days, or for none: revoke it. Say why where it is refused."""
    with guarded(f"link {row.id}"):
        lab().shares.extend(row.id, days) if days else lab().shares.revoke(row.id)
        st.rerun()


def _longer(row: ShareRow) -> int:
    """Return the shortest period, of a month or more, after which a link would have ended."""
    left = datetime.fromisoformat(row.expires) - datetime.now(UTC)
    fitting = (days for days in PERIODS if days >= USUAL and left < timedelta(days=days, hours=-1))
    return next(fitting, max(PERIODS))
