"""What a run may tell beside its rankings: decoys, redundancy, sanity checks, donor leakage."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts.run_form_methods import SPLIT
from pages.parts.session import lab
from pxcore.plots.numbers import count, listed
from pxcore.types import Dataset, RunSpec, TrainingParams


def extras(dataset: Dataset, spec: RunSpec, key: str) -> RunSpec:
    """Draw one switch a question, each with what it costs; return the spec they make."""
    models = spec.n_folds * spec.seeds
    st.markdown("**What else to tell**")
    spec = replace(spec, decoys=_decoys(spec, key))
    redundancy = _switch(
        "Redundancy: who says the same",
        spec.redundancy,
        f"redundancy-{key}",
        "Exchanges the pictures of channels two at a time: about as long as ranking by them, "
        "times half the number of channels.",
    )
    gates = _switch(
        "Sanity checks of the methods",
        spec.gates,
        f"gates-{key}",
        "Asks each method what a sound one must do, on every trained model: about as long as "
        "ranking twice more. They can also be asked for later.",
    )
    leakage = False
    if dataset.has_groups and spec.split == "donor":
        leakage = _switch(
            "What a random split would claim",
            spec.leakage,
            f"leakage-{key}",
            f"Trains {count(models, 'more model')} on folds dealt cell by cell, to show how much "
            "donors leak.",
        )
    return replace(spec, redundancy=redundancy, gates=gates, leakage=leakage)


def zero_pixels(training: TrainingParams, key: str) -> TrainingParams:
    """Draw the expert's switch for channels that are mostly 0; return the training with it."""
    on = st.toggle(
        "Scale by the pixels that are not 0",
        value=training.zero_pixels == "skip",
        key=f"zeros-{key}",
        help="Each channel is scaled by two percentiles of its training pixels. In imaging mass "
        "cytometry most pixels of a rare marker are 0, and so would be its upper percentile: "
        "then take that one over the other pixels only.",
    )
    return replace(training, zero_pixels="skip" if on else "count")


def _decoys(spec: RunSpec, key: str) -> tuple[str, ...]:
    """Draw the switch of the decoys; return their ids where it is on."""
    known = lab().choices("decoy")
    names = listed([one.label.lower() for one in known])
    on = _switch(
        "Decoys: what zero looks like",
        bool(spec.decoys),
        f"decoys-{key}",
        f"Made channels that know nothing ({names}) are added before training and ranked like the "
        f"others; a stain is informative only above them. {count(len(known), 'channel')} "
        "more to train on and to rank.",
    )
    return (spec.decoys or tuple(one.id for one in known)) if on else ()


def _switch(label: str, value: bool, key: str, explained: str) -> bool:  # noqa: FBT001 - a widget
    """Draw a switch with its explanation."""
    left, right = st.columns(SPLIT, gap="small", vertical_alignment="center")
    with left:
        on = st.toggle(label, value=value, key=key)
    with right:
        st.caption(explained)
    return on
