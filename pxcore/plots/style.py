"""Colours, marks and the common layout of every figure.

Okabe and Ito's palette, which stays apart for colour-blind readers; a channel's role is told by
shape as well as tone; signed quantities lie on blue-neutral-vermilion centred at 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from pxcore.plots.text import one_line
from pxcore.types import Channel, Role

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
VERMILION, SKY, BLACK = "#D55E00", "#56B4E9", "#000000"


@dataclass(frozen=True, slots=True)
class Theme:
    """The tones of a light or dark page. Figures are transparent: the page shows through."""

    id: str
    ink: str
    """Text and axes."""
    muted: str
    """Second text, greyed marks."""
    faint: str
    """Grid lines and bands."""
    paper: str
    """What lies behind the figure."""
    accent: str
    """The one colour for "this"."""
    stain_free: str
    middle: str
    """Zero on the diverging scale."""

    @property
    def diverging(self) -> list[list[float | str]]:
        """Plotly colour scale for signed values: below zero blue, above zero vermilion."""
        return [[0.0, BLUE], [0.5, self.middle], [1.0, VERMILION]]

    @property
    def sequential(self) -> list[list[float | str]]:
        """Plotly colour scale for shares, from the page's own tone to blue."""
        return [[0.0, self.middle], [1.0, BLUE]]

    @property
    def series(self) -> tuple[str, ...]:
        """Line colours for up to eight series; beyond, the dash pattern changes."""
        first = SKY if self.id == "dark" else BLUE
        last = "#CFCBC5" if self.id == "dark" else BLACK
        return (first, VERMILION, GREEN, ORANGE, PURPLE, "#7A6FF0", "#8C6D46", last)


LIGHT = Theme("light", "#22262B", "#6A7079", "#DDE1E6", "#FFFFFF", BLUE, "#B06F00", "#F4F5F6")
DARK = Theme("dark", "#E8EAED", "#9AA1AB", "#3A4048", "#14171B", SKY, "#F0B43C", "#23282E")
DASHES = ("solid", "dash", "dot")


@dataclass(frozen=True, slots=True)
class Mark:
    """How channels of one role are drawn: plotly symbol, character for text, legend word."""

    symbol: str
    character: str
    word: str


_MARKS = {
    Role.STAIN: Mark("circle", "●", "stain"),
    Role.VIABILITY: Mark("triangle-up", "▲", "viability dye"),
    Role.BRIGHTFIELD: Mark("square", "■", "stain-free"),
    Role.DARKFIELD: Mark("square", "■", "stain-free"),
    Role.DECOY: Mark("x", "✕", "decoy"),
}


def mark(role: Role) -> Mark:
    """Return the mark of a role."""
    return _MARKS[role]


def badged(channel: Channel, longest: int = 28) -> str:
    """Return a channel's name, with a badge where the labels came from its gate.

    >>> badged(Channel(name="CD3", gate_defining=True))
    'CD3 · gate'
    """
    if not channel.gate_defining:
        return one_line(channel.name, longest)
    return f"{one_line(channel.name, longest - 7)} · gate"


def tone(role: Role, theme: Theme) -> str:
    """Return the colour of a role."""
    if role is Role.DECOY:
        return theme.muted
    if role.stain_free:
        return theme.stain_free
    return PURPLE if role is Role.VIABILITY else theme.accent


def dressed(figure: go.Figure, theme: Theme, *, alt: str, height: int) -> go.Figure:
    """Return ``figure`` in the common layout. ``alt`` says in words what it shows."""
    axis = {
        "gridcolor": theme.faint,
        "linecolor": theme.faint,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"color": theme.ink},
        "title": {"font": {"color": theme.muted, "size": 13}},
        "fixedrange": True,
    }
    figure.update_layout(
        template=None,
        height=height,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "Source Sans, Source Sans Pro, sans-serif", "size": 14, "color": theme.ink},
        hoverlabel={"bgcolor": theme.paper, "font": {"color": theme.ink}, "align": "left"},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
        },
        dragmode=False,
        meta={"alt": alt, "theme": theme.id},
    )
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return figure


def alt(figure: go.Figure) -> str:
    """Return what the figure shows in words."""
    return str(figure.layout.meta["alt"])


def tinted(colour: str, opacity: float) -> str:
    """Return ``#rrggbb`` as ``rgba(...)`` with an opacity.

    >>> tinted("#0072B2", 0.5)
    'rgba(0,114,178,0.5)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
