"""Cells as the encoder sees them and draws them again, and where the classifier looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go

from pxcore.plots.attribution import painted
from pxcore.plots.gallery import (
    Frame,
    GalleryView,
    Limits,
    channel_head,
    fitting,
    framed_sheet,
    gallery,
)
from pxcore.plots.numbers import count
from pxcore.plots.rows import MANY, MOST_SHOWN
from pxcore.plots.sprites import grey, outlined, shade
from pxcore.plots.style import Theme
from pxcore.plots.text import plain
from pxcore.plots.unlabelled_codes import unit_names
from pxcore.types import CellImages, Panel
from pxcore.types.unlabelled_views import ClusterMaps, ClusterResult, Redrawn

WIDE = 620
"""Pixels a sheet beside a curve may be wide."""
WASH = 0.55
"""How far the map covers the cell below it, where it is strongest."""


def redrawn_sheet(
    redrawn: Redrawn, planes: Sequence[int], names: Sequence[str], theme: Theme, most: int = 3
) -> go.Figure:
    """Return a few cells before and after their code, a column a channel.

    ``planes``: which of the encoder's planes are shown, with their names.
    """
    shown = list(planes)
    pairs = list(zip(redrawn.before[:most, shown], redrawn.after[:most, shown], strict=True))
    rows = [picture for pair in pairs for picture in pair]
    tiles = grey(np.clip(np.nan_to_num(np.stack(rows)), 0.0, 1.0))  # (2n, C, H, W, 3)
    zoom = round(min(3.0, max(0.6, WIDE / (len(shown) * (tiles.shape[3] + 2) + 40))), 2)
    longest = max(4, int(tiles.shape[3] * zoom / 7.5))
    alt = (
        f"{count(len(pairs), 'cell')} in {count(len(shown), 'channel')}, each as it is and drawn "
        f"again from its code after epoch {redrawn.epoch}."
    )
    frame = Frame(
        alt=alt,
        zoom=zoom,
        heads=tuple(plain(name, longest) for name in names),
        rows=("as it is", "drawn again") * len(pairs),
    )
    return framed_sheet(tiles, frame, theme)


def cluster_sheet(
    result: ClusterResult, cells: CellImages, limits: Limits, theme: Theme
) -> go.Figure:
    """Return cells in the channels that took part, a row a cell, named by cluster.

    ``limits``: of the data set's channels. Of a volume the middle slice is shown, of a large panel
    the first channels.
    """
    row_of = {int(cell): row for row, cell in enumerate(result.cells)}
    names = [f"cluster {int(result.cluster[row_of[one]]) + 1}" for one in cells.positions.tolist()]
    channels = _shown(result)
    zoom = fitting(len(channels), result.dataset.image_shape[2])
    view = GalleryView(channels=channels, zoom=zoom)
    return gallery(_panel(result), cells, names, limits, view, theme)


def nearest_sheet(
    result: ClusterResult, cells: CellImages, limits: Limits, theme: Theme, across: int
) -> go.Figure:
    """Return the first cells of some clusters, a row a cluster, ``across`` cells side by side.

    ``cells``: ``across`` of each cluster that has as many, cluster after cluster; as
    `cluster_sheet` has them where they would be too small.
    """
    channels, panel = _shown(result), _panel(result)
    zoom = fitting(across * len(channels), result.dataset.image_shape[2])
    counts = [min(across, size) for size in result.sizes]
    if zoom < 1:
        return cluster_sheet(result, cells, limits, theme)
    shades = [grey(shade(cells.images[:, c], limits[c])) for c in channels]
    each = np.stack(shades, axis=1)  # (n, C, H, W, 3)
    rows = []
    for start, n in zip(np.cumsum([0, *counts]).tolist(), counts, strict=False):
        row = np.zeros((across, *each.shape[1:]), dtype=np.uint8)
        if start < len(each):
            row[:n] = each[start : start + n]
            rows.append(row.reshape(-1, *each.shape[2:]))
    wide = result.dataset.image_shape[2] * zoom
    heads = tuple(channel_head(panel, c, limits[c], wide) for c in channels)
    alt = f"{count(len(each), 'cell')} of {count(len(rows), 'cluster')}, in {len(heads)} channels."
    names = tuple(f"cluster {k + 1}" for k in range(len(rows)))
    frame = Frame(alt=alt, zoom=zoom, heads=heads * across, rows=names)
    return framed_sheet(np.stack(rows), frame, theme)


def _shown(result: ClusterResult) -> tuple[int, ...]:
    """Return the planes in which cells are shown, as positions in the data set's panel."""
    units = range(len(result.planes.units))
    chosen = units[: MOST_SHOWN if len(units) > MANY else MANY]
    return tuple(middle_of(result, unit) for unit in chosen)


def _panel(result: ClusterResult) -> Panel:
    """Return the data set's panel in which the slice that stands for a volume has its name."""
    names = unit_names(result.panel, result.planes)
    channels = list(result.dataset.panel.channels)
    for unit, name in enumerate(names):
        plane = middle_of(result, unit)
        if name not in result.dataset.panel.names:  # another channel may be called so
            channels[plane] = replace(channels[plane], name=name)
    return Panel(tuple(channels))


def middle_of(result: ClusterResult, unit: int) -> int:
    """Return a channel's plane, of a volume its middle one, as position in the data set's panel."""
    planes = result.planes.units[unit]
    chosen = result.ask.channels or tuple(range(result.dataset.image_shape[0]))
    return chosen[planes[len(planes) // 2]]


def maps_sheet(
    maps: ClusterMaps, channel: int, limits: tuple[float, float], theme: Theme, zoom: float = 2.0
) -> go.Figure:
    """Return some cells side by side: one channel, the map over it, the mask's edge.

    ``channel``: a plane of ``maps.images``. Heads say which cluster the classifier calls.
    """
    cells = grey(shade(maps.images[:, channel], limits))  # (n, H, W, 3)
    tint = painted(maps.maps, 1.0, theme).astype(np.float32)
    wash = WASH * maps.maps[..., None]
    over = (cells * (1.0 - wash) + tint * wash + 0.5).astype(np.uint8)
    edged = outlined(cells, maps.masks.astype(np.uint8))
    tiles = np.stack([cells, over, edged])  # (3, n, H, W, 3)
    right = int((maps.called == maps.cluster).sum())
    alt = (
        f"{count(len(cells), 'cell')} with the classifier's Grad-CAM map and the edge of its mask; "
        f"it calls the right cluster for {right}."
    )
    frame = Frame(
        alt=alt,
        zoom=zoom,
        heads=tuple(f"called {k + 1}" for k in maps.called.tolist()),
        rows=("cell", "map over it", "mask's edge"),
    )
    return framed_sheet(tiles, frame, theme)
