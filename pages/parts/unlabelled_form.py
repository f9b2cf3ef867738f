"""The form of a clustering: which cells, how many clusters, what beside them; what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.parts import links, unlabelled_expert
from pages.parts.choosing import choose
from pages.parts.errors import banner
from pages.parts.session import asked, lab, logged_in, name_field, remember_owner, visit
from pages.parts.text import told
from pxcore.errors import PxError
from pxcore.plots.numbers import about, count
from pxcore.plots.text import one_line
from pxcore.plots.unlabelled_words import number_label
from pxcore.types import Dataset
from pxcore.types.unlabelled import planes_of
from pxcore.types.unlabelled_ask import ClusterAsk

BY_ITSELF, GIVEN = "as many as the codes suggest", "a number I give"


def draw(datasets: Sequence[Dataset]) -> None:
    """Draw the form and its Start button."""
    dataset = _dataset(datasets)
    try:
        ask = lab().unlabelled.draft(dataset.id)
    except PxError as error:
        banner(error)
        return
    ask = _clusters(ask, dataset.n_cells)
    ask = _beside(dataset, ask)
    ask = unlabelled_expert.draw(dataset, ask)
    _start(ask)


def _dataset(datasets: Sequence[Dataset]) -> Dataset:
    """Draw the choice of cells, unlabelled ones first, and keep it in the address."""
    st.subheader("1 · Cells", anchor=False)
    known = {one.id: one for one in sorted(datasets, key=lambda one: bool(one.classes))}
    wanted = asked("dataset")

    def label(one: Dataset) -> str:
        classes = "labels are only held against the clusters" if one.classes else "no labels"
        return f"{one_line(one.title, 60)} · {count(one.n_cells, 'cell')}, {classes}"

    labels = {id: label(one) for id, one in known.items()}
    here = wanted if wanted in known else next(iter(known))
    picked = choose("Data set", labels, here, key="unlabelled-dataset", width=720)
    if picked != wanted:
        st.query_params["dataset"] = picked
    return known[picked]


def _clusters(ask: ClusterAsk, n_cells: int) -> ClusterAsk:
    """Draw how many clusters are looked for."""
    st.subheader("2 · How many clusters", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        way = st.segmented_control(
            "Clusters",
            (BY_ITSELF, GIVEN),
            default=GIVEN if ask.clusters else BY_ITSELF,
            required=True,
            key=f"clusters-way-{ask.dataset_id}",
        )
        if way == GIVEN:
            number = st.number_input(
                number_label(n_cells),
                value=ask.clusters or 4,
                key=f"clusters-{ask.dataset_id}",
                width=150,
            )
            return replace(ask, clusters=int(number))
    st.caption(
        "By the Bayesian information criterion (BIC). It tends to take more clusters than there "
        "are kinds: look at its curve and at the cells, and give two clusters one name.",
        width=760,
    )
    return replace(ask, clusters=None)


def _beside(dataset: Dataset, ask: ClusterAsk) -> ClusterAsk:
    """Draw what is found out beside the clusters."""
    st.subheader("3 · What to ask", anchor=False)
    key = ask.dataset_id
    rank = st.toggle(
        "Which stains do the clusters rest on?",
        value=True,
        key=f"rank-{key}",
        help="Each channel is spoilt, the cells are encoded and asked for their cluster again.",
    )
    maps = st.toggle(
        "Where in a cell does it show?",
        value=planes_of(dataset).pictures > 0,
        key=f"maps-{key}",
        help="Trains a small classifier on the encoder; its Grad-CAM maps are drawn over cells.",
    )
    check = maps and st.toggle(
        "Do these places alone tell the clusters apart? (slow)",
        value=ask.check_masks,
        key=f"check-{key}",
        help="Cross-validation on the masks of the maps, once more with clusters dealt at random.",
    )
    return replace(ask, rank=rank, maps=maps, check_masks=bool(check))


def _start(ask: ClusterAsk) -> None:
    """Draw what it costs, and the button that starts it."""
    st.subheader("4 · Start", anchor=False)
    try:
        lab().unlabelled.check(ask)
        estimate = lab().unlabelled.estimate(ask)
    except PxError as error:
        banner(error)
        st.button("Start", disabled=True, icon=":material/play_arrow:", key="start")
        return
    if estimate.cached == estimate.tasks:
        st.markdown(f"All {count(estimate.tasks, 'step')} are already there: it comes at once.")
    else:
        there = f"{estimate.cached} of " if estimate.cached else ""
        reused = " are already there and are reused" if estimate.cached else ""
        st.markdown(
            f"{there}{count(estimate.tasks, 'step')}{reused}. It takes "
            f"**{about(estimate.seconds)}** on this host."
        )
    for note in estimate.notes:
        st.caption(f":material/info: {told(note)}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.text_input(
            "Title", ask.title, max_chars=120, width=420, key=f"title-{ask.dataset_id}"
        )
        owner = name_field("Your name", "unlabelled-owner")
    private = logged_in() and st.toggle(
        "Private", key="unlabelled-private", help="Only you and administrators see this run."
    )
    if st.button("Start", type="primary", icon=":material/play_arrow:", key="start"):
        remember_owner(owner)
        named = replace(ask, title=title.strip() or ask.title, owner=visit().owner)
        links.go("unlabelled", run=lab().unlabelled.submit(named, private=private))
