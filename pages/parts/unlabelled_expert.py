"""Expert settings of a clustering, folded: the encoder, its training, how codes are clustered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import streamlit as st

from pages.parts.choosing import choose
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.plots.text import one_line
from pxcore.plots.unlabelled_codes import unit_names
from pxcore.types import Choice, Dataset, RunState
from pxcore.types.unlabelled import planes_of
from pxcore.types.unlabelled_ask import ClusterAsk, Covariance, Option

COVARIANCES: dict[str, str] = {
    "tied": "one shape for all",
    "diag": "each its own, along the axes",
    "full": "each its own",
}
NEW = ""
"""Stands for an encoder that is trained anew."""


def draw(dataset: Dataset, ask: ClusterAsk) -> ClusterAsk:
    """Draw the settings that the draft begins with; return what they make of it."""
    with st.expander("Expert settings", icon=":material/tune:"):
        st.caption("What is suggested is right for most cells and suits this host.")
        left, right = st.columns(2, gap="large")
        with left:
            ask = _encoder(ask)
        with right:
            ask = _clustering(dataset, ask)
    return ask


def _encoder(ask: ClusterAsk) -> ClusterAsk:
    """Draw which encoder, and how it is trained."""
    key = ask.dataset_id
    runs = {run.id: run for run in lab().unlabelled.runs() if run.state is RunState.FINISHED}
    trained = {one: f"of {one_line(run.title, 50)}" for one, run in runs.items()}
    other = choose(
        "Encoder",
        {NEW: "train a new one"} | trained,
        NEW,
        key=f"encoder-{key}",
        hint="A trained encoder can be used on other cells of the same channels and size: only "
        "the clusters are then found anew.",
    )
    if other:
        return replace(ask, encoder_of=other)
    models = {one.id: one for one in lab().unlabelled.models()}
    labels = {one: choice.label for one, choice in models.items()}
    model = choose("Network", labels, ask.model, key=f"autoencoder-{key}")
    if model in models:
        st.caption(md(models[model].summary, 300))
        ask = replace(ask, model=model, options=_options(models[model], ask))
    with st.container(horizontal=True):
        epochs = _number("Epochs", ask.epochs, key)
        batch = _number("Cells in a batch", ask.batch_size, key)
    rate = st.number_input(
        "Learning rate", value=ask.learning_rate, format="%g", key=f"rate-{key}", width=200
    )
    refine = st.toggle(
        "Gather codes around the clusters (joint refinement)",
        value=ask.refine,
        key=f"refine-{key}",
        help="A second training, after IDEC. It sharpens what is there, also clusters by place.",
    )
    return replace(ask, epochs=epochs, batch_size=batch, learning_rate=float(rate), refine=refine)


def _options(model: Choice, ask: ClusterAsk) -> tuple[Option, ...]:
    """Draw the settings of a network; return those that differ from its own."""
    given: Mapping[str, object] = dict(ask.options) if model.id == ask.model else {}
    made: list[Option] = []
    with st.container(horizontal=True):
        for name, values in model.options:
            usual = values[0]
            if not usual.isdecimal():
                continue
            first = int(str(given.get(name, usual)))
            label = name.replace("_", " ").capitalize()
            number = _number(label, first, f"{ask.dataset_id}-{model.id}")
            if number != int(usual):
                made.append((name, number))
    return tuple(made)


def _clustering(dataset: Dataset, ask: ClusterAsk) -> ClusterAsk:
    """Draw how codes become clusters, and the channels that take part."""
    key = ask.dataset_id
    variants = {one.id: one for one in lab().unlabelled.variants()}
    labels = {one: choice.label for one, choice in variants.items()}
    variant = choose("From codes to clusters", labels, ask.variant, key=f"variant-{key}")
    if variant in variants:
        st.caption(md(variants[variant].summary, 300))
    shape = choose("Shape of clusters", COVARIANCES, ask.covariance, key=f"covariance-{key}")
    with st.container(horizontal=True):
        components = _number("Main directions kept", ask.components, key)
        most = _number("Clusters tried at most", ask.max_clusters, key)
        seed = _number("Seed", ask.seed, key)
    centre = dataset.has_masks and st.toggle(
        "Move each cell to the middle of its frame by its outline",
        value=ask.centre,
        key=f"centre-{key}",
        help="Otherwise clusters easily follow where cells lie.",
    )
    return replace(
        ask,
        variant=variant,
        covariance=cast("Covariance", shape),
        components=components,
        max_clusters=most,
        seed=seed,
        centre=bool(centre),
        channels=_channels(dataset, key),
    )


def _channels(dataset: Dataset, key: str) -> tuple[int, ...]:
    """Draw the channels that take part; return their planes, none standing for all."""
    planes = planes_of(dataset)
    units, names = planes.units, unit_names(dataset.panel, planes)
    chosen = st.multiselect(
        "Channels that take part",
        range(len(units)),
        default=range(len(units)),
        format_func=lambda unit: _name(names[unit], len(units[unit])),
        key=f"channels-{key}",
        placeholder="all channels",
    )
    taken = tuple(plane for unit in sorted(chosen) for plane in units[unit])
    return () if len(taken) == planes.count else taken


def _name(name: str, n_planes: int) -> str:
    """Return the name of a picture, or of a volume with its slices counted."""
    return one_line(name, 40) if n_planes == 1 else f"{one_line(name, 40)} ({n_planes} slices)"


def _number(label: str, value: int, key: str) -> int:
    return int(
        st.number_input(label, value=value, step=1, key=f"{label}-{key}".replace(" ", "-").lower())
    )
