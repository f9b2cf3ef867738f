"""Which channels a page's figures draw: order, the first ones, a search; kept in the address."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.text import md
from pxcore.plots.numbers import count
from pxcore.plots.rows import FIRST, MANY, MOST_SHOWN, PRINTED, Order, Rows, rows_of
from pxcore.plots.text import one_line
from pxcore.types import Panel, Ranking

ORDERS: dict[str, Order] = {"by rank": "rank", "panel order": "panel"}
BY_ROLE: dict[str, Order] = {"by role": "role"}
FIRSTS = {f"first {FIRST}": FIRST, f"first {PRINTED}": PRINTED, "all": 0}


def draw(panel: Panel) -> Rows:
    """Draw the switches: the order, and of a large panel how many and a search."""
    many = len(panel) > MANY
    roles = {channel.role for channel in panel.channels}
    orders = ORDERS | BY_ROLE if many and len(roles) > 1 else ORDERS
    order = st.segmented_control(
        "Shown",
        list(orders),
        default="by rank",
        required=True,
        key="order",
        bind="query-params",
    )
    kept = orders.get(str(order), "rank")
    if not many:
        return Rows(order=kept)
    first = st.segmented_control(
        "How many",
        list(FIRSTS),
        default=next(iter(FIRSTS)),
        required=True,
        key="first",
        bind="query-params",
        help=f"Of {len(panel)} channels, by the ranking. Tables and files always hold all.",
    )
    find = st.text_input(
        "Find channels",
        key="find",
        placeholder="CD3, Ki-67",
        max_chars=200,
        width=220,
        bind="query-params",
        help="Parts of names, separated by commas: these are then shown, however they rank.",
    )
    return Rows(order=kept, first=FIRSTS.get(str(first), FIRST), find=find or "")


def drawn(panel: Panel, ranking: Ranking, rows: Rows) -> tuple[int, ...]:
    """Return the channels to draw; where none carries a word that is looked for, say so."""
    found = rows_of(panel, ranking, rows)
    if not found:
        st.info(
            f"No channel is called {md(rows.find, 80)}: figures show the ranking's first ones.",
            icon=":material/search_off:",
        )
    elif rows.find.strip() and len(panel) > MANY:
        said = f"{count(len(found), 'channel')} of {len(panel)} carr{'y' if found[1:] else 'ies'}"
        st.caption(f"{said} {md(rows.find, 80)} in the name or marker; figures show these.")
    return found


def pick(panel: Panel, key: str) -> tuple[int, ...]:
    """Return the channels whose cells are shown: all, of a large panel those that are chosen."""
    every = range(len(panel))
    if len(panel) <= MANY:
        return tuple(every)
    chosen: Sequence[int] = st.multiselect(
        f"Channels shown, of {len(panel)}",
        list(every),
        default=list(every[:MOST_SHOWN]),
        format_func=lambda c: one_line(panel.names[c], 40),
        key=key,
        placeholder="type a name",
        width=560,
    )
    return tuple(sorted(chosen)) or tuple(every[:MOST_SHOWN])
