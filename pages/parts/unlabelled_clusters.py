"""The cells of each cluster, and names for them: saved as a labelled data set of the same cells."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts import links, unlabelled_map
from pages.parts.cell_gallery import Limits
from pages.parts.errors import banner
from pages.parts.figures import Shown, show
from pages.parts.session import lab, may_change
from pages.parts.text import md
from pxcore.errors import PxError
from pxcore.plots import unlabelled_notes as notes
from pxcore.plots.counts import class_counts
from pxcore.plots.numbers import count
from pxcore.plots.unlabelled_codes import names_of
from pxcore.types.unlabelled_views import ClusterResult

ROWS = (3, 5, 8, 12, 24)
LONGEST = 80
"""Letters of a cluster's name."""


def draw(result: ClusterResult, limits: Limits) -> None:
    """Draw the galleries, then the names."""
    st.subheader("The cells of each cluster", anchor="cells")
    names = names_of(result)
    table = np.array(result.sizes, dtype=np.int64)[:, None]
    show(
        lambda theme: class_counts(names, table, ("cells",), theme),
        Shown(key="sizes", stem=result.run.title, fresh=True),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.segmented_control(
            "Cluster",
            range(len(names)),
            default=0,
            required=True,
            format_func=lambda k: f"{k + 1}",
            key="cluster",
        )
        rows = st.selectbox("Cells shown", ROWS, key="cluster-rows", width=130)
    k = int(chosen or 0)
    size = result.sizes[k]
    share = f"{count(size, 'cell')} ({size / max(len(result.cells), 1):.0%})"
    st.caption(f"Cluster {k + 1}: {share}; {_again(result, k)}{notes.nearest(result)}")
    cells = result.galleries[k][: int(rows or ROWS[0])]
    unlabelled_map.sheet(result, cells, limits, key=f"cluster-{k}")
    _names(result)


def _again(result: ClusterResult, k: int) -> str:
    """Return how well seeds find a cluster again."""
    values = result.trust.per_cluster
    return f"other seeds find it again by {values[k]:.2f} of 1. " if k < len(values) else ""


def _names(result: ClusterResult) -> None:
    """Draw the fields for names, and the data sets that were saved before."""
    st.subheader("Name them, and rank stains on them", anchor="names")
    saved = lab().unlabelled.named(result.run.id)
    for one in saved:
        with st.container(horizontal=True, vertical_alignment="center"):
            classes = count(len(one.classes), "class", "classes")
            links.link(md(one.title, 60), "datasets", icon=":material/label:", dataset=one.id)
            st.caption(f"{classes}, {count(one.n_labelled, 'cell')}", width="content")
            links.link("Rank its channels", "new", icon=":material/insights:", dataset=one.id)
    if not may_change():
        st.caption("Whoever may start runs finds fields for names here.")
        return
    if len(result.sizes) < 2:
        st.caption("One cluster makes no classes: a classifier needs two at least.")
        return
    if result.trust.verdict != "stable":
        st.warning(
            "These clusters are not to be relied on (see the top of this page). Names make classes "
            "of them, and a classifier learns whatever tells these apart.",
            icon=":material/warning:",
        )
    _form(result)


def _form(result: ClusterResult) -> None:
    """Draw one field a cluster and the button that saves them."""
    st.markdown(
        "Two clusters with one name become one class; a cluster without a name is left out. The "
        "cells stay as they are: a new data set with these classes is made.",
        width=760,
    )
    with st.form("names", border=False):
        across = st.columns(min(4, len(result.sizes)))
        given = {
            k: across[k % len(across)].text_input(
                f"Cluster {k + 1} ({size:,} cells)",
                f"cluster {k + 1}",
                max_chars=LONGEST,
                key=f"name-{result.run.id}-{k}",
                placeholder="left out",
            )
            for k, size in enumerate(result.sizes)
        }
        title = st.text_input(
            "Title of the new data set",
            f"{result.dataset.title[:80]}, named clusters",
            max_chars=120,
            width=560,
            key=f"named-title-{result.run.id}",
        )
        if not st.form_submit_button("Save as a labelled data set", icon=":material/label:"):
            return
    names = {k: name.strip() or None for k, name in given.items()}
    try:
        made = lab().unlabelled.name(result.run.id, names, title)
    except PxError as error:
        banner(error)
        return
    st.toast(f"Saved: {md(made.title, 60)}.")
    st.rerun()
