"""The answer of the panel page: the sentence, the advised panel as chips, a reason a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.figures import Shown, show
from pages.parts.header import Colour
from pages.parts.text import md
from pxcore.plots.numbers import count
from pxcore.plots.panel_instrument import MOST_DRAWN, panel_instrument
from pxcore.plots.panel_words import ADVISED, answer, facts, rivals_words
from pxcore.types.panel import Advised, PanelAdvice

if TYPE_CHECKING:
    from pxcore.api import PanelFindings

ADVISED_PANEL = "Advised panel"
MEASURED = "No panel is advised; measured were"
ICONS = {
    Advised.KEEP: ":blue[:material/check_circle:]",
    Advised.UNDECIDED: ":orange[:material/help:]",
    Advised.DROP: ":gray[:material/remove_circle:]",
}


def draw(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw the advice in words, and the advised panel."""
    panel = found.spec.panel
    st.markdown(f"#### {md(answer(advice, panel), 1500)}", anchors=False, width=980)
    st.caption(md(facts(advice, panel), 600), width=980)
    if len(advice.full.members) > MOST_DRAWN:
        _chips(found, advice)
    else:
        _instrument(found, advice)
    for line in rivals_words(advice, panel):
        st.markdown(md(line, 800), width=980)


def channels(advice: PanelAdvice) -> None:
    """Draw keep, undecided and drop, each with its reason."""
    st.subheader("Keep, drop or undecided", anchor="channels")
    for advised, word in ADVISED.items():
        own = [one for one in advice.channels if one.advised is advised]
        if own:
            st.markdown(f"{ICONS[advised]} **{word}**: {count(len(own), 'channel')}", width=980)
            st.markdown("\n".join(f"- {md(one.reason, 600)}" for one in own), width=980)


def _instrument(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw the advised panel on the instrument: what is left out stands faint in its place."""
    panel, seen = found.spec.panel, advice.full.members
    best = None if advice.recommended is None else advice.recommended.members
    st.markdown(f"**{ADVISED_PANEL if best is not None else MEASURED}**")
    show(
        lambda theme: panel_instrument(panel, seen, best, theme),
        Shown(key="panel-instrument", stem=found.spec.title),
    )


def _chips(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw the advised panel as chips, what is left out behind it in grey."""
    best = advice.recommended
    shown = (best or advice.full).members
    words = ADVISED_PANEL if best is not None else MEASURED
    with st.container(horizontal=True, gap="small", key="panel-chips"):
        st.markdown(f"**{words}**", width="content")
        for c in shown:
            _chip(found, c, inside=best is not None)
        out = [c for c in advice.full.members if c not in shown]
        if out:
            st.markdown("left out", width="content")
        for c in out:
            _chip(found, c, inside=False)


def _chip(found: PanelFindings, c: int, *, inside: bool) -> None:
    channel = found.spec.panel.channels[c]
    free = channel.role.stain_free
    kept: Colour = "orange" if free else "blue"
    colour: Colour = kept if inside else "gray"
    icon = ":material/light_mode:" if free else ":material/colorize:"
    tip = "stain-free" if free else "stain"
    st.badge(md(channel.name, 40), icon=icon, color=colour, help=tip)
