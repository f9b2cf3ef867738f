"""The advised panel as chips on the drawn instrument: which channel shows what, and what is out."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from pxcore.plots.staged_instrument import drawn_instrument
from pxcore.plots.style import Theme
from pxcore.types import Channel, Panel, Role
from pxcore.types.panel import Members
from pxcore.types.staged_views import SheetSlot

MOST_DRAWN = 18
"""Channels beyond which a drawing would be a page of its own."""
STAIN_FREE = {Role.BRIGHTFIELD: "brightfield", Role.DARKFIELD: "darkfield"}


def panel_slots(panel: Panel, seen: Members) -> tuple[SheetSlot, ...]:
    """Return the channels of a data set that took part, numbered as in its images, from 1."""
    return tuple(_slot(panel.channels[c], c + 1) for c in seen)


def panel_instrument(
    panel: Panel, seen: Members, members: Members | None, theme: Theme
) -> go.Figure:
    """Return a box a channel; stains that are no ``members`` are drawn as left out.

    ``members``: of the advised panel; None where none is advised, and nothing is left out.
    """
    lit: Sequence[str] | None = None
    if members is not None:
        lit = [panel.names[c] for c in members]
    return drawn_instrument(panel_slots(panel, seen), theme, lit)


def _slot(channel: Channel, number: int) -> SheetSlot:
    kind = STAIN_FREE.get(channel.role, "stain")
    return SheetSlot(
        number=number,
        kind=kind,
        marker=channel.name,
        clone=channel.clone,
        fluorochrome=channel.fluorochrome,
    )
