"""The words of a run's page, each in a sentence."""

from __future__ import annotations

import streamlit as st

WORDS = {
    "F1": "how well a class is found: 1 when every cell of it is called so and no other is, 0 when "
    "none is. F1-macro is the mean over classes, each weighing the same.",
    "fold": "a part of the cells that is held out once: models are trained on the others and asked "
    "about these, which they never saw.",
    "training": "one model, of one fold and one random start.",
    "repeat": "one more random exchange of a channel's pixels or cells with the same model.",
    "drop in F1": "how much F1 on the held-out cells falls when a channel is spoilt.",
    "decoy": "a made channel that knows nothing about its cell, ranked like the others: what zero "
    "looks like.",
    "95 % interval": "where the mean would lie in 95 of 100 such experiments; it comes from the "
    "spread over trainings, and few trainings make it wide.",
    "verdict": "informative: the whole interval lies above the decoys (without decoys above zero). "
    "Negligible: it lies below 0.01 F1, our choice of the smallest drop that matters. Undecided: "
    "neither, this run cannot tell.",
}
"""In the order of the page."""


def draw() -> None:
    """Draw the words, folded."""
    with st.expander("What the words mean", icon=":material/help:"):
        st.markdown("\n".join(f"- **{word}**: {said}" for word, said in WORDS.items()), width=980)
