"""The choice of ranking methods, by how they work, with what each costs and needs."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts.methods import WAYS
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.plots.numbers import count
from pxcore.types import Choice, MethodSpec, RunSpec
from pxcore.types.runs import Option

SPLIT = (3, 7)
"""Widths of a choice and of what is said about it."""
PLACE_AND_AMOUNT = ("permute_cells", "pxpermute_mask")


def methods(spec: RunSpec) -> tuple[MethodSpec, ...]:
    """Draw one tick a method, grouped by how it works; return the ticked ones in table order."""
    wanted = {one.id: one for one in spec.methods}
    choices = lab().choices("method")
    chosen: dict[str, MethodSpec] = {}
    for way in dict.fromkeys([*WAYS, *(choice.way for choice in choices)]):
        group = [choice for choice in choices if choice.way == way]
        if not group:
            continue
        st.markdown(f"**{WAYS.get(way, 'Methods')}** :gray[{md(cost(way, spec), 300)}]")
        for choice in group:
            ticked = _one(choice, spec.preset, wanted.get(choice.id))
            if ticked is not None:
                chosen[choice.id] = ticked
    if not set(PLACE_AND_AMOUNT) <= set(chosen):
        labels = {choice.id: choice.label for choice in choices}
        both = " and ".join(md(labels.get(name, name)) for name in PLACE_AND_AMOUNT)
        st.caption(f"Tick {both} to learn which stains need imaging (where or how much).")
    own = next((choice.label for choice in choices if choice.id == spec.model.id), "")
    if own and spec.model.id not in chosen:  # a network with a ranking of its own
        st.caption(f"Tick {md(own)} too: the chosen network is made to be ranked by it.")
    return tuple(chosen[choice.id] for choice in choices if choice.id in chosen)


def cost(way: str, spec: RunSpec) -> str:
    """Return what methods that work this way cost, in words with the run's own numbers."""
    channels = len(spec.channels or spec.panel.channels) + len(spec.decoys)
    models = spec.n_folds * spec.seeds
    if way == "perturbation":
        most = spec.max_repeats if spec.repeats is None else spec.repeats
        return (
            f"predicts the held-out cells again, once for each of {count(channels, 'channel')} and "
            f"{'up to ' if spec.repeats is None else ''}{count(most, 'repeat')}"
        )
    if way == "attribution":
        return "cheap: a few passes over the held-out cells, no repeats; not every model fits"
    if way == "subsets":
        return (
            f"trains {count(models, 'extra model')} with channels missing at random, then predicts "
            "many sets of channels"
        )
    if way == "retraining":
        return f"the honest, dear reference: {count(channels * models, 'extra training')}"
    return ""


def _one(choice: Choice, preset: str, drafted: MethodSpec | None) -> MethodSpec | None:
    """Draw the tick of a method and, once ticked, its settings; return it where it is ticked."""
    key = f"method-{preset}-{choice.id}"
    left, right = st.columns(SPLIT, gap="small", vertical_alignment="center")
    with left:
        ticked = st.checkbox(md(choice.label), value=drafted is not None, key=key)
    with right:
        st.caption(md(choice.summary, 400))
    if not ticked:
        return None
    before = drafted or MethodSpec(id=choice.id)
    with st.columns(SPLIT, gap="small")[1]:  # a line of its own: the tick stays beside its words
        return replace(before, options=_options(choice, dict(before.options), key))


def _options(
    choice: Choice, drafted: dict[str, str | int | float | bool], key: str
) -> tuple[Option, ...]:
    """Draw the settings of a method; return those that differ from their defaults."""
    picked: list[Option] = []
    for name, values in choice.options:
        begun = str(drafted.get(name, values[0]))
        value = st.segmented_control(
            md(name.replace("_", " ")),
            values,
            default=begun if begun in values else values[0],
            required=True,
            format_func=lambda one: md(one.replace("_", " ")),
            key=f"{key}-{name}",
        )
        if value and value != values[0]:
            picked.append((name, str(value)))
    return tuple(picked)
