"""Where in a cell its cluster shows: Grad-CAM maps over cells, masks, and what the masks prove."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts.cell_gallery import Limits
from pages.parts.figures import Shown, show
from pages.parts.session import lab
from pages.parts.text import md
from pages.parts.unlabelled_ranking import more
from pxcore.plots import unlabelled_figures as figures
from pxcore.plots import unlabelled_notes as notes
from pxcore.plots.text import one_line
from pxcore.plots.unlabelled_codes import unit_names
from pxcore.plots.unlabelled_pictures import maps_sheet, middle_of
from pxcore.plots.unlabelled_words import mask_said
from pxcore.types.unlabelled_views import ClusterResult

CELLS = 8
WIDE = 1000
LAYERS = {
    "": "the last one, as published",
    "conv3": "the one before: finer",
    "conv2": "an early one: finest",
}
"""Of the encoder, whose maps are drawn, and their words."""


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
    if result.calls is not None:
        st.markdown(md(result.calls.said, 900), width=980)
    _maps(result, limits)
    _check(result)


def _maps(result: ClusterResult, limits: Limits) -> None:
    """Draw cells of a cluster with their maps and masks in one channel."""
    names = unit_names(result.panel, result.planes)
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
            range(len(names)),
            format_func=lambda u: one_line(names[u], 40),
            key="maps-channel",
            width=260,
        )
        layer = st.selectbox(
            "Layer", list(LAYERS), format_func=LAYERS.__getitem__, key="maps-layer", width=260
        )
    positions = result.galleries[int(chosen or 0)][:CELLS]
    with st.spinner("Drawing maps…"):
        maps = lab().unlabelled.maps(result.run.id, positions, _layer(result, layer or ""))
    planes = result.planes.units[int(unit or 0)]
    plane = planes[len(planes) // 2]
    around = limits[middle_of(result, int(unit or 0))]
    width = maps.images.shape[-1] + 2
    zoom = round(min(4.0, max(0.6, WIDE / (len(positions) * width))), 2)
    show(
        lambda theme: maps_sheet(maps, plane, around, theme, zoom),
        Shown(key="cluster-maps", own_width=True),
    )
    st.caption(notes.MAPS, width=980)


def _layer(result: ClusterResult, layer: str) -> str:
    """Return the name of a layer in this run's encoder; empty for the last."""
    inside = "encoder.pictures" if result.planes.volumes else "encoder"
    return f"{inside}.{layer}" if layer else ""


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
    st.markdown(md(" ".join(mask_said(result)), 900), width=980)
    table = figures.mask_table(result.mask_folds, result.mask_control)
    with st.expander("Every fold", icon=":material/table_rows:", type="compact"):
        st.dataframe(table, hide_index=True, key="mask-folds")
