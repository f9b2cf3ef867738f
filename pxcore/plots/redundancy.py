"""Channels that say the same: association, joint against single drops, interactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go

from pxcore.plots.dots import DotPlot, Row, dot_plot, interval_row
from pxcore.plots.matrix import add_tiles, name_axes
from pxcore.plots.numbers import MINUS, listed, score, shortened, with_interval
from pxcore.plots.rows import MANY, part_words
from pxcore.plots.style import PURPLE, Theme, badged, dressed, mark, tone
from pxcore.plots.text import one_line, plain
from pxcore.types import ChannelGroup, ChannelPair, Panel, Redundancy

ALL_NUMBERS = 6
"""Channels up to which every tile has its number; beyond, those of at least ``WRITTEN``."""
WRITTEN = 0.3
MOST_PAIRS = 8
"""Interactions drawn; the table holds all."""
MOST_GROUPS = 8
"""Groups drawn and told; the table holds all."""
MOST_NAMES = 8
MOST_TILES = 30
"""Channels of a matrix of a large panel, unless all are asked for."""
Matrix = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
TOGETHER = "stand in for one another"
ONLY_TOGETHER = "work only together"
OVERLAP = "losses overlap: says little"
ADDITIVE = "no interaction shown"
CLAIMS = (TOGETHER, ONLY_TOGETHER)
"""What an interaction can show; the other words claim nothing."""


def matrix_channels(redundancy: Redundancy, rows: Sequence[int]) -> tuple[int, ...]:
    """Return the channels of a matrix, panel order: all of a small panel, else rows and groups.

    ``rows``: what the ranking draws. Members of groups stand beside them, up to ``MOST_TILES``.
    """
    every = range(len(redundancy.features))
    if len(every) <= MANY or len(rows) == len(every):
        return tuple(every)
    grouped = [c for group in redundancy.groups for c in group.channels if c not in rows]
    return tuple(sorted([*rows, *grouped[: max(0, MOST_TILES - len(rows))]]))


def association(
    panel: Panel, redundancy: Redundancy, theme: Theme, channels: Sequence[int] = ()
) -> go.Figure:
    """Return how much channels go together, 0 to 1; framed where they are grouped.

    ``channels``: those to draw, none for all.
    """
    z, shown = _part(redundancy.features, channels)
    colours = {"colorscale": theme.sequential, "zmin": 0.0, "zmax": 1.0}
    part = part_words(len(shown), len(panel))
    alt = (
        f"Association between {len(shown)} channels; channels at or above "
        f"{redundancy.threshold:.2f} are grouped. {part}"
    ).strip()
    figure = _square(
        panel, shown, z, ("what the two channels show goes together by", "association", colours)
    )
    dressed(figure, theme, alt=alt, height=_tile(len(z)) * len(z) + 120)
    for row, column in np.argwhere(np.nan_to_num(z, nan=-1.0) >= redundancy.threshold).tolist():
        figure.add_shape(
            **{"type": "rect", "x0": column - 0.46, "x1": column + 0.46},
            **{"y0": row - 0.46, "y1": row + 0.46},
            fillcolor="rgba(0,0,0,0)",
            line={"color": theme.ink, "width": 2 if len(z) <= MANY else 1},
        )
    names = [badged(panel.channels[c], 22) for c in shown]
    name_axes(figure, names, names)
    said = f"framed: {redundancy.threshold:.2f} and more, grouped"
    figure.update_xaxes(title={"text": f"{said} · {part}" if part else said})
    return figure


def drops_together(
    panel: Panel, redundancy: Redundancy, theme: Theme, channels: Sequence[int] = ()
) -> go.Figure:
    """Return how far the same cells lose when either channel is spoilt, -1 to 1.

    ``channels``: those to draw, none for all.
    """
    z, shown = _part(redundancy.drops, channels)
    colours = {"colorscale": theme.diverging, "zmin": -1.0, "zmax": 1.0}
    figure = _square(panel, shown, z, ("the same cells lose: correlation", "correlation", colours))
    part = part_words(len(shown), len(panel))
    alt = f"Correlation between the losses of single cells, {len(z)} channels. {part}".strip()
    dressed(figure, theme, alt=alt, height=_tile(len(z)) * len(z) + 120)
    names = [badged(panel.channels[c], 22) for c in shown]
    name_axes(figure, names, names)
    said = "1: spoiling either costs the same cells"
    figure.update_xaxes(title={"text": f"{said} · {part}" if part else said})
    return figure


def joint_drops(panel: Panel, groups: Sequence[ChannelGroup], theme: Theme) -> go.Figure:
    """Return, group by group, the drop of all together above the drop of each alone."""
    rows: list[Row] = []
    for group in groups[:MOST_GROUPS]:
        together = " + ".join(one_line(panel.names[c], 14) for c in group.channels)
        value = with_interval(group.joint)
        hidden = f"{score(group.extra.mean, signed=True)} beyond the sum of single drops"
        line = interval_row(group.channels[0], together, group.joint, PURPLE)
        right, hover = f"<b>{value}</b><br>{hidden}", f"{plain(together, 120)}<br>{value}"
        rows.append(
            replace(line, right=right, hover=hover, symbol="diamond", legend="spoilt together")
        )
        for c, alone in zip(group.channels, group.alone, strict=True):
            channel, value = panel.channels[c], with_interval(alone)
            line = interval_row(c, badged(channel), alone, tone(channel.role, theme))
            shape, hover = mark(channel.role).symbol, f"{plain(channel.name)} alone<br>{value}"
            right = f"alone {value}"
            rows.append(replace(line, right=right, hover=hover, symbol=shape, legend="alone"))
    groups_said = listed([names_of(panel, group.channels) for group in groups[:MOST_GROUPS]])
    alt = f"Drop in F1 with channels spoilt together and alone: {groups_said}."
    title = "drop in F1 with another cell's images in the channels"
    return dot_plot(rows, DotPlot(x_title=title, alt=alt, zero=True, right_margin=260), theme)


def interactions(panel: Panel, pairs: Sequence[ChannelPair], theme: Theme) -> go.Figure:
    """Return the strongest interactions: above 0 two channels stand in for one another."""
    rows = []
    for number, pair in enumerate(pairs[:MOST_PAIRS]):
        value, word = pair.interaction, interaction_word(pair)
        clear = word in CLAIMS
        name = f"{one_line(panel.names[pair.first], 14)} × {one_line(panel.names[pair.second], 14)}"
        right = f"{f'<b>{word}</b>' if clear else word}<br>{with_interval(value)}"
        hover = f"{plain(name, 120)}<br>{with_interval(value)}"
        line = interval_row(number, name, value, theme.accent)
        rows.append(replace(line, faded=not clear, right=right, hover=hover))
    alt = f"The {len(rows)} strongest interactions between two channels, in F1."
    title = "joint drop − sum of single drops, F1"
    return dot_plot(rows, DotPlot(x_title=title, alt=alt, zero=True, right_margin=280), theme)


def interaction_word(pair: ChannelPair) -> str:
    """Return what an interaction allows to say.

    Below 0 it says little by itself: F1 cannot fall twice, so channels whose losses have nothing
    to do with each other lie there too. ``pair.only_together`` asks for more.
    """
    if pair.only_together:
        return ONLY_TOGETHER
    if pair.interaction.low > 0:
        return TOGETHER
    return OVERLAP if pair.interaction.high < 0 else ADDITIVE


def names_of(panel: Panel, channels: Sequence[int]) -> str:
    """Return the names of some channels in words; of many the last ones are counted."""
    return shortened([one_line(panel.names[c], 40) for c in channels], MOST_NAMES)


def group_sentence(panel: Panel, group: ChannelGroup) -> str:
    """Return what a group of channels allows to do, with its numbers."""
    names = names_of(panel, group.channels)
    joint = f"all together cost {with_interval(group.joint)} F1"
    if not group.interchangeable:
        return f"{names} go together, but that one may stand for all is not shown: {joint}."
    ordered = [one_line(panel.names[c]) for c in group.keep_order]
    cost = panel.channels[group.keep_order[0]].cost
    why = f" (cost {cost:g})" if cost else ""
    return (
        f"{names} are interchangeable: keep one, {ordered[0]}{why} first"
        f"{_then(ordered[1:])}; {joint}."
    )


def _then(rest: Sequence[str]) -> str:
    return f", else {listed(rest, 'or')}" if rest else ""


def _part(values: Matrix, channels: Sequence[int]) -> tuple[Matrix, tuple[int, ...]]:
    """Return the rows and columns of a matrix that are drawn, its diagonal empty."""
    shown = tuple(channels) or tuple(range(len(values)))
    z = np.array(values, dtype=np.float64)[np.ix_(shown, shown)]
    np.fill_diagonal(z, np.nan)
    return z, shown


def _tile(n: int) -> int:
    """Return the height of a tile in pixels: of many, what their names need."""
    return 36 if n <= MANY else 20


def _square(
    panel: Panel, channels: Sequence[int], z: Matrix, told: tuple[str, str, dict[str, object]]
) -> go.Figure:
    """Return a channel x channel matrix with numbers where they fit and names in the hovers.

    ``told``: what a value says, the name of the scale, and its colours.
    """
    said, scale, colours = told
    n = len(z)
    least = 0.0 if n <= ALL_NUMBERS else WRITTEN
    text = [
        [_number(v) if n <= MANY and np.isfinite(v) and abs(v) >= least else "" for v in row]
        for row in z
    ]
    names = [plain(panel.names[c]) for c in channels]
    hover = [
        [
            f"{names[r]}, {names[c]}<br>{said} {z[r, c]:.2f}" if r != c else names[r]
            for c in range(n)
        ]
        for r in range(n)
    ]
    figure = go.Figure()
    add_tiles(figure, z, [[r, c] for r in channels for c in channels], text, hover)
    bar = {"title": {"text": scale, "side": "right"}, "thickness": 12, "outlinewidth": 0}
    figure.update_traces(selector={"type": "heatmap"}, colorbar=bar, **colours)
    return figure


def _number(value: float) -> str:
    """Return a number that fits a narrow tile.

    >>> _number(0.982), _number(-0.4), _number(-0.001), _number(1.0)
    ('.98', '−.40', '.00', '1.00')
    """
    text = f"{abs(value):.2f}".removeprefix("0")
    return f"{MINUS}{text}" if value < 0 and text != ".00" else text
