"""The map of codes with a lasso, and a gallery of the cells that were chosen in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.parts import channel_rows
from pages.parts.cell_gallery import SMALLEST, WIDE, Limits
from pages.parts.figures import Shown, show
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.plots import unlabelled_codes as codes
from pxcore.plots.gallery import GalleryView, gallery
from pxcore.plots.numbers import count
from pxcore.plots.rows import MANY
from pxcore.plots.text import one_line
from pxcore.plots.unlabelled_words import gathered_words
from pxcore.types.unlabelled_views import ClusterResult

PER_PAGE = 6
MOST_PAGES = 500


def draw(result: ClusterResult, limits: Limits) -> None:
    """Draw the map, and the cells that a lasso holds."""
    st.subheader("The map of codes", anchor="map")
    by = st.selectbox(
        "Coloured by",
        codes.colourings(result),
        format_func=lambda name: one_line(name, 60),
        key="map-by",
        width=320,
    )
    found = show(
        lambda theme: codes.codes_map(result, by or codes.CLUSTER, theme),
        Shown(key="codes", stem=result.run.title, lasso=True, fresh=True),
        codes.codes_table(result).iloc[result.place_rows],
    )
    placed, n = len(result.place_rows), len(result.cells)
    part = f" {placed:,} of {n:,} cells are drawn." if placed < n else ""
    st.caption(
        "Draw a line around dots to see these cells; double-click to let them go. Dots that lie "
        "close have similar codes; distances between far groups, and the axes, mean nothing "
        f"(t-SNE).{part}",
        width=980,
    )
    if found:
        _chosen(result, found, limits)


def _chosen(result: ClusterResult, positions: Sequence[int], limits: Limits) -> None:
    """Draw the cells of a lasso, page by page."""
    known = [position for position in positions if position < result.dataset.n_cells]
    st.markdown(f"**{md(gathered_words(result, known), 600)}**", width=980)
    pages = min(-(-len(known) // PER_PAGE), MOST_PAGES)
    page = int(st.pagination(pages, max_visible_pages=5, key="lasso-page")) if pages > 1 else 1
    sheet(result, known[(page - 1) * PER_PAGE : page * PER_PAGE], limits, key="lasso-cells")


def sheet(result: ClusterResult, positions: Sequence[int], limits: Limits, key: str) -> None:
    """Draw cells in the channels that took part, a row a cell, named by cluster."""
    row_of = {int(cell): row for row, cell in enumerate(result.cells)}
    shown = [position for position in positions if position in row_of]
    if not shown:
        st.caption("These cells took no part.")
        return
    names = [f"cluster {int(result.cluster[row_of[one]]) + 1}" for one in shown]
    cells = lab().cells(result.dataset.id, shown)
    view = _view(result)
    show(
        lambda theme: gallery(result.dataset.panel, cells, names, limits, view, theme),
        Shown(key=key, own_width=True),
    )


def numbers(result: ClusterResult, unit: int) -> tuple[int, ...]:
    """Return the planes of one channel as positions in the data set's panel."""
    chosen = result.ask.channels or tuple(range(result.dataset.image_shape[0]))
    return tuple(chosen[plane] for plane in result.planes.units[unit])


def _view(result: ClusterResult) -> GalleryView:
    """Return which channels are shown and how large; of a volume its middle slice."""
    units = range(len(result.planes.units))
    most = channel_rows.MOST_SHOWN if len(units) > MANY else MANY
    channels = [numbers(result, unit) for unit in units][:most]
    shown = tuple(planes[len(planes) // 2] for planes in channels)
    zoom = min(3.0, max(SMALLEST, WIDE / (len(shown) * (result.dataset.image_shape[2] + 2))))
    return GalleryView(channels=shown, zoom=round(zoom, 2) if zoom < 2 else float(int(zoom)))


def said(result: ClusterResult, cluster: int) -> str:
    """Return how many cells a cluster has and how likely theirs it is, in words."""
    inside = result.cluster == cluster
    n = int(np.count_nonzero(inside))
    return f"{count(n, 'cell')} ({n / max(len(result.cells), 1):.0%})"
