"""Where in a cell each method sees the reason for its class: pixel maps below the picture.

One colour scale holds for everything shown: white (the page's own tone) is 0, vermilion speaks
for the true class, blue against it, and full colour is 1. Units differ between methods, so each
method's values are divided by the 99.5th percentile of their size over all maps of that method
that are shown; single pixels beyond it are cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from pxcore.plots.numbers import count
from pxcore.plots.sprites import GAP, data_uri, grey, shade, sheet
from pxcore.plots.style import BLUE, SKY, VERMILION, Theme, dressed, mark
from pxcore.plots.text import plain, readable
from pxcore.types import Array, AttributionMaps, Channel

FULL = 99.5
"""Percentile of a method's sizes that gets the full colour."""
BETWEEN = 10
"""Pixels between two cells."""
HEAD = 46
FOOT = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class MapView:
    """How the maps are shown."""

    channels: tuple[Channel, ...]
    """Of the pictures, in their order."""
    limits: tuple[tuple[float, float], ...]
    """Lowest and highest shown value of each channel."""
    labels: Mapping[str, str]
    """Names of methods for people, in the order of rows."""
    scales: Mapping[str, float]
    """Size that gets the full colour, by method."""
    captions: tuple[str, ...]
    """One a cell, as typed."""
    zoom: float = 2.0


def scales_of(maps: AttributionMaps) -> dict[str, float]:
    """Return the 99.5th percentile of each method's sizes over all its maps, 1 where all are 0."""
    found = {
        name: float(np.percentile(np.abs(np.nan_to_num(values)), FULL))
        for name, values in maps.maps.items()
    }
    return {name: size if size > 0 else 1.0 for name, size in found.items()}


def painted(values: Array, scale: float, theme: Theme) -> Array:
    """Return maps (..., H, W) as coloured tiles (..., H, W, 3) uint8, 0 in the page's tone."""
    share = np.clip(np.nan_to_num(values.astype(np.float32)) / scale, -1.0, 1.0)[..., None]
    middle, below, above = (_rgb(tone) for tone in (theme.middle, BLUE, VERMILION))
    ends = np.where(share < 0, below, above)
    tiles: Array = (middle + np.abs(share) * (ends - middle) + 0.5).astype(np.uint8)
    return tiles


def attribution_sheet(
    maps: AttributionMaps, cells: Sequence[int], view: MapView, theme: Theme
) -> go.Figure:
    """Return some of the cells beside one another: channels, and below them each method's maps.

    ``cells``: positions in ``maps``. The pictures keep the gallery's contrast.
    """
    blocks = [_block(maps, n, view, theme) for n in cells]
    background = 24 if theme.id == "dark" else 255
    sheets = [sheet(block, background) for block in blocks]
    height = sheets[0].shape[0]
    spacer = np.full((height, BETWEEN, 3), background, dtype=np.uint8)
    page = np.concatenate([part for one in sheets for part in (one, spacer)][:-1], axis=1)
    figure = go.Figure()
    figure.add_image(source=data_uri(page), hoverinfo="skip")
    names = [plain(view.labels.get(name, name), 30) for name in maps.maps]
    rows = ["cell", *names]
    left = 24 + int(7.6 * max(len(readable(name)) for name in rows))
    alt = (
        f"{count(len(cells), 'cell')} in {count(len(view.channels), 'channel')}, below each the "
        f"pixel maps of {count(len(names), 'method')}."
    )
    size = int(height * view.zoom + HEAD + FOOT)
    dressed(figure, theme, alt=alt, height=size)
    step_y = maps.images.shape[2] + GAP
    figure.update_xaxes(
        **{"range": [-0.5, page.shape[1] - 0.5], "tickvals": [], "showgrid": False},
        **{"showline": False, "constrain": "domain"},
    )
    figure.update_yaxes(
        **{"range": [height - 0.5, -0.5], "showgrid": False, "showline": False},
        tickvals=[(r + 0.5) * step_y for r in range(len(rows))],
        ticktext=rows,
        constrain="domain",
    )
    for at, n in enumerate(cells):
        _heads(figure, maps, at, view.captions[n], view)
    _scale_words(figure, theme)
    width = max(int(page.shape[1] * view.zoom) + left, left + 430)
    right = width - left - int(page.shape[1] * view.zoom)
    figure.update_layout(width=width, margin={"l": left, "r": right, "t": HEAD, "b": FOOT})
    return figure


def _block(maps: AttributionMaps, n: int, view: MapView, theme: Theme) -> Array:
    """Return one cell's tiles (1 + methods, C, H, W, 3)."""
    image = np.stack(
        [grey(shade(maps.images[n, c], view.limits[c])) for c in range(len(view.channels))]
    )
    drawn = [painted(values[n], view.scales[name], theme) for name, values in maps.maps.items()]
    return np.stack([image, *drawn])


def _heads(figure: go.Figure, maps: AttributionMaps, at: int, caption: str, view: MapView) -> None:
    """Write a cell's caption and the names of its channels above it."""
    step = maps.images.shape[3] + GAP
    start = at * (step * len(view.channels) + BETWEEN)
    room = step * view.zoom
    figure.add_annotation(
        **{"x": start, "xanchor": "left", "y": 1, "yref": "paper", "yanchor": "bottom"},
        **{"yshift": 22, "showarrow": False, "align": "left", "font": {"size": 13}},
        text=f"<b>{plain(caption, max(8, int(room * len(view.channels) / 7)))}</b>",
    )
    for c, channel in enumerate(view.channels):
        name = plain(channel.name.removeprefix("decoy: "), max(3, int((room - 14) / 5.8)))
        figure.add_annotation(
            **{"x": start + c * step, "xanchor": "left", "y": 1, "yref": "paper"},
            **{"yanchor": "bottom", "yshift": 4, "showarrow": False, "font": {"size": 11}},
            text=f"{mark(channel.role).character} {name}",
        )


def _scale_words(figure: go.Figure, theme: Theme) -> None:
    """Write below the sheet what the colours mean."""
    against = SKY if theme.id == "dark" else BLUE
    words = (("■ speaks for the true class", VERMILION), ("■ speaks against it", against))
    for line, (text, tone) in enumerate(words):
        figure.add_annotation(
            **{"x": 0, "xanchor": "left", "y": 0, "yref": "paper", "yanchor": "top"},
            **{"yshift": -4 - 16 * line, "showarrow": False, "text": text},
            font={"size": 12, "color": tone},
        )


def _rgb(tone: str) -> Array:
    return np.array([int(tone[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float32)
