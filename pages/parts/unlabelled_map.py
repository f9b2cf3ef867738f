"""The map of codes with a lasso, and a gallery of the cells that were chosen in it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.cell_gallery import Limits
from pages.parts.figures import Shown, show
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.plots import unlabelled_codes as codes
from pxcore.plots import unlabelled_notes as notes
from pxcore.plots.text import one_line
from pxcore.plots.unlabelled_pictures import cluster_sheet
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
    st.caption(
        "Draw a line around dots to see these cells; double-click to let them go. "
        f"{notes.DISTANCES} {notes.placed(result)}",
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
    clustered = set(result.cells.tolist())
    shown = [position for position in positions if position in clustered]
    if not shown:
        st.caption("These cells took no part.")
        return
    cells = lab().cells(result.dataset.id, shown)
    show(
        lambda theme: cluster_sheet(result, cells, limits, theme),
        Shown(key=key, own_width=True),
    )
