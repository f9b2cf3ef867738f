"""Cells as cytometrists know them: a row a cell, a column a channel, one contrast a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from pxcore.plots.sprites import GAP, composite, data_uri, grey, limits_text, outlined, shade, sheet
from pxcore.plots.style import Theme, dressed, mark
from pxcore.plots.text import plain, readable
from pxcore.types import Array, CellImages, Panel, PermutedExample

TOP = 52
WIDE = 1150
"""Pixels a sheet may be wide before its zoom shrinks."""
SMALLEST = 0.4
"""Screen pixels a pixel that a cell keeps at least."""
Limits = Sequence[tuple[float, float]]
"""Lowest and highest shown value of each channel, in panel order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryView:
    """What of the cells is shown, and how large."""

    channels: tuple[int, ...]
    composite: tuple[int, ...] = ()
    """Up to four channels added up in colour beside the grey ones; empty for none."""
    outline: bool = False
    """Draw the mask's edge where masks are known."""
    zoom: float = 2.0
    """Screen pixels a pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Names around a sheet (plain already; empty for none), its zoom, and what it shows."""

    alt: str
    zoom: float
    heads: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


def fitting(columns: int, width: int, most: float = 3.0) -> float:
    """Return the zoom, at most ``most``, at which so many columns of cells (W pixels) fit a page.

    >>> fitting(3, 40), fitting(12, 80), fitting(100, 224)
    (3.0, 1.17, 0.4)
    """
    zoom = min(most, max(SMALLEST, WIDE / (columns * (width + GAP))))
    return round(zoom, 2) if zoom < 2 else float(int(zoom))


def gallery(
    panel: Panel,
    cells: CellImages,
    row_names: Sequence[str],
    limits: Limits,
    view: GalleryView,
    theme: Theme,
) -> go.Figure:
    """Return the cells on one sheet, rows named. A click brings ``customdata = [position]``."""
    columns = [_channel_tiles(cells, c, limits[c], outline=view.outline) for c in view.channels]
    tile = cells.images.shape[-1] * view.zoom
    heads = [channel_head(panel, c, limits[c], tile) for c in view.channels]
    if view.composite:
        chosen = list(view.composite)
        shares = [shade(cells.images[:, c], limits[c]) for c in chosen]
        columns.append(composite(np.stack(shares, axis=1)))
        heads.append("composite")
    tiles = np.stack(columns, axis=1)  # (n, columns, H, W, 3)
    hover = [
        f"<b>{plain(name)}</b><br>cell {number}<br>click for all channels"
        for name, number in zip(row_names, cells.object_numbers.tolist(), strict=True)
    ]
    figure = _tiles(tiles)
    _clickable(figure, tiles, cells.positions.tolist(), hover, view.zoom)
    alt = f"{len(row_names)} cells in {len(view.channels)} channels."
    rows = tuple(plain(name, 20) for name in row_names)
    frame = Frame(alt=alt, zoom=view.zoom, heads=tuple(heads), rows=rows)
    return _framed(figure, tiles, frame, theme)


def one_cell(
    panel: Panel, cells: CellImages, limits: Limits, theme: Theme, *, outline: bool, zoom: float
) -> go.Figure:
    """Return the first of the cells in all its channels, at most six a line."""
    channels = list(range(len(panel)))
    grid = [_channel_tiles(cells, c, limits[c], outline=outline)[0] for c in channels]
    width = min(6, len(channels))
    blank = np.full_like(grid[0], _background(theme))
    rows = -(-len(channels) // width)
    padded = grid + [blank] * (rows * width - len(channels))
    tiles = np.stack(padded).reshape(rows, width, *grid[0].shape)
    figure = _tiles(tiles)
    step_y, step_x = tiles.shape[2] + GAP, tiles.shape[3] + GAP
    for c in channels:
        title = plain(panel.names[c], max(6, int(tiles.shape[3] * zoom / 7.5)))
        figure.add_annotation(
            x=(c % width) * step_x,
            y=(c // width) * step_y,
            text=f"<b>{title}</b> {limits_text(limits[c])}",
            showarrow=False,
            xanchor="left",
            yanchor="top",
            font={"size": 12, "color": "#FFFFFF"},
            bgcolor="rgba(0,0,0,0.55)",
        )
    alt = f"One cell in {len(channels)} channels{', mask outlined' if outline else ''}."
    return _framed(figure, tiles, Frame(alt=alt, zoom=zoom), theme)


def before_after(
    examples: Sequence[PermutedExample],
    row_names: Sequence[str],
    limits: tuple[float, float],
    theme: Theme,
    zoom: float = 3.0,
) -> go.Figure:
    """Return one channel of some cells before and after a method's perturbation."""
    pictures = np.stack([np.stack([e.before, e.after]) for e in examples])  # (n, 2, H, W)
    tiles = grey(shade(pictures, limits))
    figure = _tiles(tiles)
    names = tuple(plain(name, 20) for name in row_names)
    alt = f"One channel of {len(names)} cells before and after the perturbation."
    frame = Frame(alt=alt, zoom=zoom, heads=("before", "after"), rows=names)
    return _framed(figure, tiles, frame, theme)


def framed_sheet(tiles: Array, frame: Frame, theme: Theme) -> go.Figure:
    """Return tiles (rows, columns, H, W, 3) uint8 on one sheet, named as ``frame`` says."""
    return _framed(_tiles(tiles), tiles, frame, theme)


def channel_head(panel: Panel, c: int, limits: tuple[float, float], wide: float) -> str:
    """Return what stands above a column of cells ``wide`` screen pixels wide."""
    name = plain(panel.names[c], max(6, int(wide / 7.5)))
    return f"{mark(panel.channels[c].role).character} {name}<br>{limits_text(limits)}"


def _channel_tiles(
    cells: CellImages, c: int, limits: tuple[float, float], *, outline: bool
) -> Array:
    """Return one channel of all cells as grey tiles (n, H, W, 3)."""
    tiles = grey(shade(cells.images[:, c], limits))
    if outline and cells.masks is not None:
        which = c if cells.masks.shape[1] > 1 else 0
        tiles = outlined(tiles, cells.masks[:, which])
    return tiles


def _background(theme: Theme) -> int:
    """Return the grey of a tile without a cell."""
    return 24 if theme.id == "dark" else 255


def _tiles(tiles: Array) -> go.Figure:
    """Return a figure of the sheet alone; between its tiles the page shows through."""
    figure = go.Figure()
    opaque = sheet(np.full_like(tiles, 255), 0)[..., :1]
    page = np.concatenate([sheet(tiles, 0), opaque], axis=-1)
    figure.add_image(source=data_uri(page), hoverinfo="skip")
    return figure


def _clickable(
    figure: go.Figure, tiles: Array, ids: Sequence[int], hover: Sequence[str], zoom: float
) -> None:
    """Put an invisible marker over every tile."""
    rows, columns, height, width, _ = tiles.shape
    centre = [
        (c * (width + GAP) + width / 2 - 0.5, r * (height + GAP) + height / 2 - 0.5, r)
        for r in range(rows)
        for c in range(columns)
    ]
    hidden = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=[x for x, _, _ in centre],
        y=[y for _, y, _ in centre],
        mode="markers",
        marker={"symbol": "square", "size": min(height, width) * zoom, "opacity": 0},
        customdata=[[ids[r], hover[r]] for _, _, r in centre],
        hovertemplate="%{customdata[1]}<extra></extra>",
        selected=hidden,
        unselected=hidden,
        showlegend=False,
    )


def _framed(figure: go.Figure, tiles: Array, frame: Frame, theme: Theme) -> go.Figure:
    """Return the sheet with names on top and at the left, at its own fixed size."""
    n_rows, n_columns, height, width, _ = tiles.shape
    left = max((24 + int(8.2 * len(readable(name))) for name in frame.rows), default=0)
    top = TOP if frame.heads else 0
    across, down = n_columns * (width + GAP), n_rows * (height + GAP)
    dressed(figure, theme, alt=frame.alt, height=int(down * frame.zoom + top))
    centres_x = [c * (width + GAP) + width / 2 for c in range(n_columns)]
    centres_y = [r * (height + GAP) + height / 2 for r in range(n_rows)]
    figure.update_xaxes(
        **{"side": "top", "showgrid": False, "showline": False, "constrain": "domain"},
        range=[-0.5, across - 0.5],
        tickvals=centres_x if frame.heads else [],
        ticktext=list(frame.heads),
        tickangle=0,
        tickfont={"size": 12},
    )
    figure.update_yaxes(
        **{"showgrid": False, "showline": False, "constrain": "domain"},
        range=[down - 0.5, -0.5],
        tickvals=centres_y if frame.rows else [],
        ticktext=list(frame.rows),
        tickfont={"size": 13},
    )
    figure.update_layout(
        width=int(across * frame.zoom + left), margin={"l": left, "r": 0, "t": top, "b": 0}
    )
    return figure
