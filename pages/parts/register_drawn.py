"""Cells that need no file: drawn ones, whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import streamlit as st

from pages.parts.session import visit
from pxcore.types import ImportRequest

Start = Callable[[ImportRequest], None]
FORMS = {
    "pictures": "pictures, six channels, four kinds",
    "volumes": "volumes, three channels, three kinds",
    "paired": "pictures and a volume, three kinds",
}


def draw(start: Start) -> None:
    """Draw the ways to drawn cells; ``start`` queues an import and goes to its progress."""
    st.markdown(
        "Synthetic cells with planted truth: a stain that matters by its place, one that matters "
        "by its amount and its copy, a bright stain that means nothing, an empty channel, and a "
        "pair that works only together.",
        width=720,
    )
    if st.button("Make the demo cells", icon=":material/science:", key="add-demo"):
        title, owner = "Demo cells", visit().owner
        start(ImportRequest(path="demo", format="demo", title=title, owner=owner))
    st.divider()
    _multiplexed(start)
    st.divider()
    _hidden_kinds(start)


def _multiplexed(start: Start) -> None:
    """Draw the form of the multiplexed images: many channels, of which a few known ones count."""
    st.markdown(
        "**Many channels.** Drawn images as of highly multiplexed tissue: circles in 30 channels, "
        "of which two for each of three classes tell it. A sound ranking puts these six first. "
        "At 48 pixels a small network learns them in minutes without a GPU; the published "
        "benchmark has 224.",
        width=720,
    )
    with st.form("add-multiplex", border=False):
        given = _numbers("add-multiplex", _MULTIPLEXED)
        if not st.form_submit_button("Make the multiplexed images", icon=":material/blur_on:"):
            return
    title = f"Multiplexed circles, {given['channels']} channels, {given['size']} px"
    start(
        ImportRequest(
            path="multiplex_circles",
            format="multiplex_circles",
            title=f"{title}, seed {given['seed']}",
            options=tuple((name, str(value)) for name, value in given.items()),
            owner=visit().owner,
        )
    )


def _hidden_kinds(start: Start) -> None:
    """Draw the form of cells without labels: hidden kinds for the page *Unlabelled*."""
    st.markdown(
        "**No labels.** Drawn cells of hidden kinds, to be found on the page *Unlabelled*: texture "
        "and place tell the kinds, while position and size change far more pixels and tell "
        "nothing. The kinds may stand as classes, which then only judge what was found.",
        width=720,
    )
    with st.form("add-hidden", border=False):
        form = st.selectbox("Cells as", list(FORMS), format_func=FORMS.__getitem__, width=420)
        given = _numbers("add-hidden", _HIDDEN)
        known = st.toggle("Show the kinds as classes, to judge clusters by", value=True)
        if not st.form_submit_button("Make the unlabelled cells", icon=":material/bubble_chart:"):
            return
    options = {"form": form or "pictures", "labels": "known" if known else "hidden"} | given
    start(
        ImportRequest(
            path="unlabelled_cells",
            format="unlabelled_cells",
            title=f"Cells of hidden kinds, {options['form']}, seed {given['seed']}",
            options=tuple((name, str(value)) for name, value in options.items()),
            owner=visit().owner,
        )
    )


def _numbers(
    key: str, fields: MappingProxyType[str, tuple[str, int, int, int, int]]
) -> dict[str, int]:
    """Draw number fields side by side; return what they hold."""
    columns = st.columns(4)
    return {
        name: int(column.number_input(label, least, most, first, step, key=f"{key}-{name}"))
        for column, (name, (label, least, most, first, step)) in zip(
            columns, fields.items(), strict=False
        )
    }


_MULTIPLEXED = MappingProxyType(
    {
        "channels": ("Channels", 6, 256, 30, 1),
        "size": ("Side, pixels", 16, 224, 48, 16),
        "n_images": ("Images", 30, 10_000, 600, 100),
        "seed": ("Seed", 0, 1_000_000, 0, 1),
    }
)
"""Of each setting of the generator: label, least, most, first, step."""
_HIDDEN = MappingProxyType(
    {
        "n_cells": ("Cells", 40, 20_000, 800, 100),
        "size": ("Side, pixels", 16, 128, 32, 16),
        "seed": ("Seed", 0, 1_000_000, 0, 1),
    }
)
"""The same of cells of hidden kinds."""
