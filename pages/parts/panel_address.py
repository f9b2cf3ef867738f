"""The panel page's address: what is wanted of a panel, and which channels are ticked.

A parameter that is there and empty (``keep=``) says "none"; one that is not there leaves what the
run was asked with. Channels are repeated parameters, as names may hold any character.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.parts.compare_address import asked_all, put
from pages.parts.session import asked
from pages.parts.text import md
from pxcore.plots.panel_marks import n_stains
from pxcore.types import Panel
from pxcore.types.panel import Constraints, Members

MARGIN, FLOOR = "margin", "floor"
STAINS, KEEP, WITHOUT, TICK = "stains", "keep", "without", "tick"
ANY = "any"
WITHIN = (0.0, 0.5)
"""A margin lies strictly inside."""
CARRIED = (MARGIN, FLOOR)
"""What goes on to the run that answers, whose question does not hold it."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the address wants of a panel, and what of it could not be read (Markdown)."""

    constraints: Constraints
    complaints: tuple[str, ...] = ()


def wishes(panel: Panel, offered: Members, usual: Constraints) -> Wishes:
    """Return the constraints of the address.

    Parameters
    ----------
    offered
        Channels that may be named.
    usual
        What holds where the address says nothing.
    """
    complaints: list[str] = []
    margin = _number(MARGIN, usual.margin, WITHIN, complaints)
    floor = _number(FLOOR, usual.class_floor, (-1e-9, 1.0 + 1e-9), complaints)
    return Wishes(
        Constraints(
            must_keep=named(KEEP, panel, offered, usual.must_keep, complaints),
            exclude=named(WITHOUT, panel, offered, usual.exclude, complaints),
            max_stains=_stains(panel, offered, usual.max_stains, complaints),
            margin=margin,
            class_floor=floor,
        ),
        tuple(complaints),
    )


def margin(usual: float) -> tuple[float, tuple[str, ...]]:
    """Return the margin of the address, and what of it could not be read (Markdown)."""
    complaints: list[str] = []
    return _number(MARGIN, usual, WITHIN, complaints), tuple(complaints)


def named(
    name: str, panel: Panel, offered: Members, usual: Members, complaints: list[str]
) -> Members:
    """Return the channels that one parameter names; unknown ones become complaints."""
    if name not in st.query_params:
        return tuple(c for c in usual if c in offered)
    place = {panel.names[c]: c for c in offered}
    values = [value for value in asked_all(name) if value]
    strange = [value for value in values if value not in place]
    if strange:
        listed = ", ".join(md(value, 40) for value in strange[:4])
        complaints.append(f"No channel here is called {listed}: that part is left out.")
    return tuple(sorted({place[value] for value in values if value in place}))


def put_names(name: str, panel: Panel, members: Sequence[int]) -> None:
    """Write channels into the address; none stands there as none."""
    put(name, [panel.names[c] for c in sorted(members)] or [""])


def carried() -> dict[str, str]:
    """Return what of the address goes on to another page."""
    return {name: asked(name) for name in CARRIED if asked(name)}


def _number(name: str, usual: float, within: tuple[float, float], complaints: list[str]) -> float:
    """Return a number strictly inside ``within``; anything else is told and left out."""
    text = asked(name).strip()
    if not text:
        return usual
    low, high = within
    try:
        value = float(text[:20])
    except ValueError:
        value = math.nan
    if low < value < high:
        return value
    complaints.append(
        f"The {name} of the address is {md(text, 20)}; expected a number between {low:.0f} and "
        f"{high:g}: {usual:g} is used."
    )
    return usual


def _stains(panel: Panel, offered: Members, usual: int | None, complaints: list[str]) -> int | None:
    """Return the largest number of stains, None for any."""
    text = asked(STAINS).strip()
    if not text:
        return usual
    most = n_stains(panel, offered)
    if text == ANY:
        return None
    if text.isascii() and text.isdecimal() and int(text[:6]) <= most:
        return int(text)
    complaints.append(
        f"The number of stains in the address is {md(text, 20)}; expected 0 to {most} or {ANY}: "
        "it is left out."
    )
    return usual
