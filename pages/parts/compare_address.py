"""The compare page's address: it holds the whole selection, widgets only follow it.

``items`` names the rankings, ``run:method,run:method``; a run alone stands for all its methods.
Every other choice has a parameter of its own, left out where it is the default; names of channels
are repeated parameters, as they may hold any character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.parts.text import md
from pxcore.types.comparison import MOST_ITEMS, Item, ItemRow

MOST_PARTS = 100
"""Parts of an address that are looked at."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address asks for, as far as it is there."""

    items: tuple[Item, ...]
    complaints: tuple[str, ...] = ()
    """Markdown: what of the address is not shown, and why."""


def parse(text: str, rows: Sequence[ItemRow]) -> Chosen:
    """Return the rankings that ``items`` of an address names, in its order.

    What is not there is told and left out; of too many the first stay.
    """
    known = {str(row.item): row.item for row in rows}
    runs: dict[str, list[Item]] = {}
    for row in rows:
        runs.setdefault(row.item.run_id, []).append(row.item)
    found: dict[Item, None] = {}
    strange: dict[str, None] = {}
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts[:MOST_PARTS]:
        if part in known:
            found[known[part]] = None
        elif part in runs:
            found.update(dict.fromkeys(runs[part]))
        else:
            strange[part] = None
    complaints = []
    if strange:
        names = ", ".join(md(one, 40) for one in list(strange)[:4])
        more = f" and {len(strange) - 4} more" if len(strange) > 4 else ""
        complaints.append(
            f"Not shown: {names}{more}. No finished run here has such a ranking: it may have been "
            "deleted, not have finished, or the address was cut. The others stay."
        )
    if len(found) > MOST_ITEMS or len(parts) > MOST_PARTS:
        complaints.append(
            f"The address names {max(len(found), len(parts))} rankings; at most {MOST_ITEMS} can "
            f"be told apart, so the first {MOST_ITEMS} are shown."
        )
    return Chosen(tuple(found)[:MOST_ITEMS], tuple(complaints))


def joined(items: Sequence[str]) -> str:
    """Return rankings (``run:method``) as the address has them."""
    return ",".join(items)


def asked_all(name: str) -> list[str]:
    """Return every value of one parameter of the address."""
    return [str(value) for value in st.query_params.get_all(name)]


def put(name: str, values: Sequence[str]) -> None:
    """Write one parameter of the address; none takes it away."""
    if values:
        st.query_params[name] = list(values) if len(values) > 1 else values[0]
    elif name in st.query_params:
        del st.query_params[name]


def follow(name: str, key: str, allowed: Sequence[str], default: str | None = None) -> None:
    """Let the widget ``key`` show what the address says, as far as it is allowed.

    ``default``: of a widget with one value; None for one with many.
    """
    kept = [value for value in asked_all(name) if value in allowed]
    if default is None:
        st.session_state[key] = kept
    else:
        st.session_state[key] = kept[0] if kept else default


def keep(name: str, key: str, default: str | None = None) -> None:
    """Write what the widget ``key`` was changed to into the address (its ``on_change``)."""
    value = st.session_state.get(key)
    if isinstance(value, list):
        put(name, [str(one) for one in value])
    else:
        put(name, [] if value is None or value == default else [str(value)])


def one_of(name: str, label: str, options: dict[str, str], *, menu: bool = False) -> str:
    """Draw a switch between options (address word -> Markdown label); the first is the default.

    ``menu``: a list to open instead, for many options; its labels are plain text.
    """
    key, default = f"compare-{name}", next(iter(options))
    follow(name, key, list(options), default)
    words, shown, told = list(options), options.__getitem__, (name, key, default)
    chosen = (
        st.selectbox(label, words, format_func=shown, key=key, width=200, on_change=keep, args=told)
        if menu
        else st.segmented_control(
            label, words, format_func=shown, required=True, key=key, on_change=keep, args=told
        )
    )
    return str(chosen) if chosen in options else default


def some_of(name: str, label: str, options: Sequence[str], placeholder: str) -> list[str]:
    """Draw a choice of several names; none chosen means all."""
    key = f"compare-{name}"
    follow(name, key, options)
    return st.multiselect(
        label,
        list(options),
        key=key,
        placeholder=placeholder,
        width=320,
        on_change=keep,
        args=(name, key),
    )
