"""Where in a cell its cluster shows: Grad-CAM maps over cells, masks, and what the masks prove."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts import unlabelled_map
from pages.parts.cell_gallery import Limits
from pages.parts.figures import Shown, show
from pages.parts.session import lab
from pages.parts.text import md
from pages.parts.unlabelled_ranking import more
from pxcore.plots import unlabelled_figures as figures
from pxcore.plots.text import one_line
from pxcore.plots.unlabelled_codes import unit_name
from pxcore.plots.unlabelled_pictures import maps_sheet
from pxcore.plots.unlabelled_words import mask_words
from pxcore.types.unlabelled_views import ClusterResult

CELLS = 8
WIDE = 1000


def draw(result: ClusterResult, limits: Limits) -> None:
    """Draw the maps of one cluster's cells, or offer them."""
    if len(result.sizes) < 2:
        return
    st.subheader("Where in a cell its cluster shows", anchor="where")
    if not result.has_maps:
        if not result.planes.pictures:
            st.caption("Volumes have no map of rows and columns; add pictures to have maps.")
            return
        st.caption("Maps were not asked for.")
        more(result, replace(result.ask, maps=True), "Draw the maps", "more-maps")
        return
    _maps(result, limits)
    _check(result)


def _maps(result: ClusterResult, limits: Limits) -> None:
    """Draw cells of a cluster with their maps and masks in one channel."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.segmented_control(
            "Cluster",
            range(len(result.sizes)),
            default=0,
            required=True,
            format_func=lambda k: f"{k + 1}",
            key="maps-cluster",
        )
        unit = st.selectbox(
            "Channel behind the map",
            range(len(result.planes.units)),
            format_func=lambda u: one_line(unit_name(result, u), 40),
            key="maps-channel",
            width=260,
        )
    positions = result.galleries[int(chosen or 0)][:CELLS]
    with st.spinner("Drawing maps…"):
        maps = lab().unlabelled.maps(result.run.id, positions)
    planes = result.planes.units[int(unit or 0)]
    plane = planes[len(planes) // 2]
    around = limits[unlabelled_map.numbers(result, int(unit or 0))[len(planes) // 2]]
    width = maps.images.shape[-1] + 2
    zoom = round(min(4.0, max(0.6, WIDE / (len(positions) * width))), 2)
    show(
        lambda theme: maps_sheet(maps, plane, around, theme, zoom),
        Shown(key="cluster-maps", own_width=True),
    )
    st.caption(
        "Grad-CAM of a classifier of the clusters on the frozen encoder, for the cluster it calls: "
        "vermilion is where it looked. The edge is that of at least 15 % of the map's maximum. "
        "Maps are coarse (the last layer has a few pixels), and one map stands for all channels.",
        width=980,
    )


def _check(result: ClusterResult) -> None:
    """Draw whether masks alone tell the clusters apart."""
    if not result.mask_folds:
        more(
            result,
            replace(result.ask, check_masks=True),
            "Check whether these places alone tell the clusters apart",
            "more-check",
        )
        return
    st.markdown(md(mask_words(result.mask_folds, result.mask_control), 600), width=980)
    table = figures.mask_table(result.mask_folds, result.mask_control)
    with st.expander("Every fold", icon=":material/table_rows:", type="compact"):
        st.dataframe(table, hide_index=True, key="mask-folds")
