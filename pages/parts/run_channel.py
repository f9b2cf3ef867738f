"""One channel opened: what the method does to its cells, its drop per class, its stability."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import links
from pages.parts.errors import guarded
from pages.parts.figures import Shown, show
from pages.parts.methods import method_way
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.plots.channel_sentence import channel_sentence
from pxcore.plots.gallery import before_after
from pxcore.plots.method_words import in_f1
from pxcore.plots.numbers import bounds, score, with_interval
from pxcore.plots.ranking import channel_classes, rank_text, verdict_word
from pxcore.plots.text import one_line
from pxcore.plots.verdicts import MEANING
from pxcore.types import MethodResult, Role, RunResult, Verdict

EXAMPLES = 6
"""Classes of which one cell is shown before and after."""
NOTHING = "no channel"


def draw(result: RunResult, method: MethodResult, clicked: int | None) -> Callable[[], None] | None:
    """Draw the channel that was clicked or that the address names.

    Its examples take a few seconds when they are made for the first time, so they come back as
    a function that the page calls when all the rest stands.
    """
    names = list(result.panel.names)
    if clicked is not None and st.session_state.get("clicked-channel") != clicked:
        st.session_state["clicked-channel"] = clicked
        st.session_state["channel"] = clicked
    chosen = st.selectbox(
        "Open a channel",
        list(range(len(names))),
        index=None,
        format_func=lambda c: one_line(names[c], 60),
        placeholder="Click a dot above, or choose a channel here",
        key="channel",
        bind="query-params",
        width=420,
    )
    if not isinstance(chosen, int):
        return None
    with st.container(border=True):
        place = _opened(result, method, chosen)

    def later() -> None:
        with place, guarded(f"example of channel {chosen}"):
            _examples(result, method, chosen)

    return later


def _opened(result: RunResult, method: MethodResult, c: int) -> DeltaGenerator:
    """Draw everything about one channel but its examples; return the place for these."""
    ranking, name = method.ranking, result.panel.names[c]
    st.subheader(md(name, 60), anchor=False)
    st.markdown(
        f"{score(ranking.mean[c])} {bounds(ranking.low[c], ranking.high[c])} "
        f"{md(method.importance.unit)}, {rank_text(ranking, c)}, "
        f"**{verdict_word(method, result.panel, c)}**. {_meaning(result, method, c)}"
    )
    drop = f"Chance of {_chance(method, c)}."
    if ranking.probability:
        value = with_interval(ranking.probability[c])
        drop = f"Drop in the probability of the true class: {value}. {drop}"
    st.caption(drop)
    channel = result.panel.channels[c]
    if channel.gate_defining:
        st.badge("defines the gate", icon=":material/warning:", color="orange")
        st.caption(
            "The labels came from this marker's gate, so its importance is circular: ask what "
            "could replace it."
        )
    if channel.role is not Role.DECOY:
        st.code(channel_sentence(result, method, c), language=None, wrap_lines=True)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown("**What the method does to it**")
        place = st.container()
    with right:
        st.markdown("**What each class loses**")
        per_class = ranking.per_class[c]
        frame = pd.DataFrame(
            {
                "class": list(result.spec.classes),
                method.importance.unit: [value.mean for value in per_class],
                "low": [value.low for value in per_class],
                "high": [value.high for value in per_class],
            }
        )
        frame["in the mean"] = [k not in ranking.small_classes for k in range(len(frame))]
        show(
            lambda theme: channel_classes(result.panel, result.spec.classes, method, c, theme),
            Shown(key=f"channel-{method.method}-{c}", stem=f"{result.run.title} {name}"),
            frame,
        )
    return place


def _meaning(result: RunResult, method: MethodResult, c: int) -> str:
    """Return what a channel's verdict means in a sentence."""
    ranking = method.ranking
    if result.panel.channels[c].role is Role.DECOY:
        return "It was made to carry nothing: what it scores is what zero looks like."
    if ranking.decoy_bound is not None and ranking.verdict[c] is Verdict.INFORMATIVE:
        return "The whole interval lies above what every decoy reaches."
    if not in_f1(method):
        return "Attributions tell where the models look; only decoys could say what is zero."
    return MEANING[ranking.verdict[c]]


def _chance(method: MethodResult, c: int) -> str:
    """Return how likely the channel is among the first half of the panel."""
    ranking = method.ranking
    half = max(1, len(ranking.mean) // 2)
    place = "being the first" if half == 1 else f"being among the first {half}"
    return f"{place}: {ranking.top[c][half - 1]:.0%}"


def _no_example(result: RunResult, method: MethodResult, c: int) -> str:
    """Return why no cell can be shown before and after; empty where it can."""
    if c >= len(result.source_channels):
        return (
            "A made channel: it was added to the cells before training and is not part of the "
            "data set, so there is no cell to show."
        )
    way = method_way(method.method)
    if way == "attribution":
        return "Nothing is changed: the method follows the model's gradients back to the pixels."
    if way == "subsets":
        return "No cell is changed: a model trained for it sees the cells without some channels."
    if way == "retraining":
        return "No cell is changed: models are trained without the channel instead."
    return ""


def _examples(result: RunResult, method: MethodResult, c: int) -> None:
    """Draw cells before and after the perturbation, so that anyone sees what it does."""
    dataset, source = result.dataset, result.source_channels
    reason = _no_example(result, method, c)
    if reason:
        st.caption(reason)
        if method_way(method.method) == "attribution" and c < len(source):
            item = f"{result.run.id}:{method.method}"
            links.link("Where they lead, cell by cell", "compare", items=item, view="pictures")
        return
    channel = source[c]
    names: list[str] = []
    positions: list[int] = []
    for name in result.spec.classes[:EXAMPLES]:
        found = lab().pick_cells(dataset.id, name, page=0, per_page=1, seed=1)
        names += [name] * len(found)
        positions += found
    with st.spinner("Perturbing a cell of each class"):
        examples = [
            lab().permuted_example(dataset.id, position, channel, method.method)
            for position in positions
        ]
    if not examples:
        return
    overview = lab().overview(dataset.id)
    limits = (float(overview.low[channel]), float(overview.high[channel]))
    zoom = max(1.5, min(3.0, 260 / (2 * (dataset.image_shape[2] + 2))))
    show(
        lambda theme: before_after(examples, names, limits, theme, zoom),
        Shown(key=f"before-after-{method.method}-{c}", own_width=True),
    )
    for note in dict.fromkeys(example.note for example in examples if example.note):
        st.caption(md(note, 300))
