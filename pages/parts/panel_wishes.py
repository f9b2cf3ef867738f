"""What is wanted of a panel: margin, floor, number of stains, channels to keep or leave out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import panel_address as address
from pages.parts.compare_address import put
from pxcore.plots.panel_marks import n_stains
from pxcore.plots.text import one_line
from pxcore.types import Panel
from pxcore.types.panel import Constraints, Members

MARGIN_HELP = (
    "F1-macro that a smaller panel may lose. A panel is good enough when the one-sided 95 % lower "
    "bound of its difference to the full panel lies above minus this."
)
FLOOR_HELP = "No single class may lose more F1 than this, on average over the folds."
WIDTH = 140
MARGINS = (0.001, 0.499)
"""That the field takes."""


def draw(panel: Panel, offered: Members, usual: Constraints) -> Constraints:
    """Draw the settings as the address has them; return what they say."""
    found = address.wishes(panel, offered, usual)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _number(address.MARGIN, "Margin (F1)", found.constraints.margin, MARGINS)
        _number(address.FLOOR, "Floor of a class (F1)", found.constraints.class_floor, (0.0, 1.0))
        _stains(panel, offered, found.constraints.max_stains)
        _channels(address.KEEP, "Must keep", (panel, offered), found.constraints.must_keep)
        _channels(address.WITHOUT, "Leave out", (panel, offered), found.constraints.exclude)
    _told(found.complaints)
    return found.constraints


def margin(usual: float) -> float:
    """Draw the margin alone, as the address has it; return it."""
    value, complaints = address.margin(usual)
    _number(address.MARGIN, "Margin (F1)", value, MARGINS)
    _told(complaints)
    return value


def _told(complaints: Sequence[str]) -> None:
    for complaint in complaints:
        st.warning(complaint)


def _number(name: str, label: str, value: float, within: tuple[float, float]) -> None:
    low, high = within
    key = f"panel-{name}"
    st.session_state[key] = min(max(value, low), high)
    st.number_input(
        label,
        min_value=low,
        max_value=high,
        step=0.005,
        format="%.3f",
        key=key,
        width=WIDTH,
        help=MARGIN_HELP if name == address.MARGIN else FLOOR_HELP,
        on_change=_keep_number,
        args=(name, key),
    )


def _keep_number(name: str, key: str) -> None:
    """Write a changed number into the address."""
    put(name, [f"{float(st.session_state[key]):g}"])


def _stains(panel: Panel, offered: Members, value: int | None) -> None:
    key = "panel-stains"
    most = n_stains(panel, offered)
    options = [address.ANY, *(str(n) for n in range(most + 1))]
    st.session_state[key] = address.ANY if value is None or value > most else str(value)
    st.selectbox(
        "Stains at most",
        options,
        format_func=lambda word: "any number" if word == address.ANY else word,
        key=key,
        width=WIDTH,
        on_change=_keep_stains,
        args=(key,),
    )


def _keep_stains(key: str) -> None:
    """Write a changed number of stains into the address."""
    put(address.STAINS, [str(st.session_state[key])])


def _channels(name: str, label: str, among: tuple[Panel, Members], value: Members) -> None:
    panel, offered = among
    key = f"panel-{name}"
    st.session_state[key] = list(value)
    st.multiselect(
        label,
        list(offered),
        format_func=lambda c: one_line(panel.names[c], 40),
        key=key,
        placeholder="none",
        width=230,
        on_change=_keep_channels,
        args=(name, key, panel),
    )


def _keep_channels(name: str, key: str, panel: Panel) -> None:
    """Write changed channels into the address."""
    address.put_names(name, panel, st.session_state[key])
