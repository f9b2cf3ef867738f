"""The advice on panels: the answer, the evidence, the machinery."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import links, panel_form, panel_tables, panel_what_if, panel_wishes
from pages.parts.errors import banner
from pages.parts.figures import Shown, show
from pages.parts.header import Colour, Download
from pages.parts.panel_address import wishes
from pages.parts.session import lab
from pages.parts.text import csv_bytes, file_name, md
from pxcore.errors import PanelError
from pxcore.plots.numbers import count
from pxcore.plots.panel_front import cost_front
from pxcore.plots.panel_marks import named
from pxcore.plots.panel_removal import removal_curves
from pxcore.plots.panel_steps import stain_steps
from pxcore.plots.panel_words import ADVISED, answer, error_words, facts, rivals_words
from pxcore.types.panel import Advised, Constraints, PanelAdvice, PanelQuestion

if TYPE_CHECKING:
    import pandas as pd

    from pxcore.api import PanelFindings

ICONS = {
    Advised.KEEP: ":blue[:material/check_circle:]",
    Advised.UNDECIDED: ":orange[:material/help:]",
    Advised.DROP: ":gray[:material/remove_circle:]",
}


def draw(run_id: str) -> None:
    """Draw what was found out about the panels of a run."""
    found = lab().panels.findings(run_id)
    top = st.container()
    constraints = panel_wishes.draw(found.spec.panel, found.evidence.full.members, _usual(found))
    _frame(found, found.spec.question or PanelQuestion())
    try:
        advice = found.advice(constraints)
    except PanelError as error:
        with top:
            banner(error)
        return
    with top:
        st.markdown(f"#### {md(answer(advice, found.spec.panel), 1500)}", anchors=False, width=980)
        st.caption(md(facts(advice, found.spec.panel), 600), width=980)
        _chips(found, advice)
    _channels(advice)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _steps(found, advice)
    with right:
        panel_what_if.draw(found, advice)
    _curves(found, advice)
    _front(found, advice)
    _trials(found, advice)
    _more(found, constraints)
    _machinery(found, advice)


def downloads(run_id: str) -> list[Download]:
    """Return the tables of the advice that the address asks for, and all of it as JSON.

    Raises RunError and PanelError where there is no such advice.
    """
    found = lab().panels.findings(run_id)
    panel, stem = found.spec.panel, found.spec.title
    wanted = wishes(panel, found.evidence.full.members, _usual(found)).constraints
    advice = found.advice(wanted)
    tables: dict[str, tuple[str, Callable[[], pd.DataFrame]]] = {
        "advice": ("Advice on every channel", lambda: panel_tables.channels(panel, advice)),
        "panels": ("Retrained panels", lambda: panel_tables.trials(found, advice)),
        "stains": ("What each stain buys", lambda: panel_tables.steps(panel, advice)),
    }
    if found.curves:
        tables["curves"] = ("Removal curves", lambda: panel_tables.removal(panel, found))

    def csv_of(make: Callable[[], pd.DataFrame]) -> Callable[[], bytes]:
        return lambda: csv_bytes(make())

    def as_json() -> bytes:
        content = lab().panels.advice_json(run_id, wanted)
        text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)
        return text.encode("utf-8")

    files = [
        Download(f"{label}, CSV", file_name(stem, f"{name}.csv"), "text/csv", csv_of(make))
        for name, (label, make) in tables.items()
    ]
    whole = Download("Advice, JSON", file_name(stem, "advice.json"), "application/json", as_json)
    return [*files, whole]


def _usual(found: PanelFindings) -> Constraints:
    """Return what holds where the address says nothing: what the run was asked with."""
    asked = found.spec.question or PanelQuestion()
    return Constraints(
        must_keep=asked.must_keep, exclude=asked.exclude, max_stains=asked.most_stains
    )


def _frame(found: PanelFindings, question: PanelQuestion) -> None:
    """Tell within what the run searched: what lies outside cannot be advised here."""
    panel, told = found.spec.panel, []
    if question.most_stains is not None:
        told.append(f"panels of at most {count(question.most_stains, 'stain')} were searched")
    if question.must_keep:
        told.append(f"{named(panel, question.must_keep)} stayed in every panel")
    if question.exclude:
        told.append(
            f"{named(panel, question.exclude)} was left out of every panel but the full one"
        )
    asked = f" When this was asked, {md('; '.join(told), 500)}." if told else ""
    st.caption(
        "Changes here give new advice at once, from the trainings that are there; the address "
        f"holds them.{asked}",
        width=980,
    )


def _chips(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw the advised panel as chips, what is left out behind it in grey."""
    panel = found.spec.panel
    best = advice.recommended
    shown = (best or advice.full).members
    words = "Advised panel" if best is not None else "No panel is advised; measured were"
    with st.container(horizontal=True, gap="small", key="panel-chips"):
        st.markdown(f"**{words}**", width="content")
        for c in shown:
            _chip(found, c, inside=best is not None)
        out = [c for c in advice.full.members if c not in shown]
        if out:
            st.markdown("left out", width="content")
        for c in out:
            _chip(found, c, inside=False)
    for line in rivals_words(advice, panel):
        st.markdown(md(line, 800), width=980)


def _chip(found: PanelFindings, c: int, *, inside: bool) -> None:
    channel = found.spec.panel.channels[c]
    free = channel.role.stain_free
    kept: Colour = "orange" if free else "blue"
    colour: Colour = kept if inside else "gray"
    icon = ":material/light_mode:" if free else ":material/colorize:"
    tip = "stain-free" if free else "stain"
    st.badge(md(channel.name, 40), icon=icon, color=colour, help=tip)


def _channels(advice: PanelAdvice) -> None:
    """Draw keep, undecided and drop, each with its reason."""
    st.subheader("Keep, drop or undecided", anchor="channels")
    for advised, word in ADVISED.items():
        own = [one for one in advice.channels if one.advised is advised]
        if own:
            st.markdown(f"{ICONS[advised]} **{word}**: {count(len(own), 'channel')}", width=980)
            st.markdown("\n".join(f"- {md(one.reason, 600)}" for one in own), width=980)


def _steps(found: PanelFindings, advice: PanelAdvice) -> None:
    st.subheader("What each further stain buys", anchor="steps")
    panel = found.spec.panel
    if not advice.additions:
        st.markdown("No panel within these wishes was retrained.")
        return
    show(
        lambda theme: stain_steps(panel, advice, theme),
        Shown(key="panel-steps", stem=found.spec.title),
        panel_tables.steps(panel, advice),
    )
    st.caption(
        "Of each number of stains the panel that was put first on other cells than those that "
        "judge it. Bars: 95 % intervals of F1 itself; what is good enough is decided by paired "
        "differences, most often narrower."
    )


def _curves(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw removal curves and the table of averages."""
    if not found.curves:
        return
    st.subheader("Removal curves", anchor="curves")
    panel, margin = found.spec.panel, advice.constraints.margin
    show(
        lambda theme: removal_curves(panel, found.curves, advice.full, margin, theme),
        Shown(key="panel-removal", stem=found.spec.title),
        panel_tables.removal(panel, found),
    )
    st.caption(
        "A good ranking stays high where the least important channel goes first, and falls at "
        "once where the most important one does. Grey: orders that know nothing. Stain-free "
        "channels are never removed.",
        width=980,
    )
    st.markdown("**Mean F1 over the steps**")
    st.dataframe(
        panel_tables.shown(panel_tables.mean_curves(found)),
        hide_index=True,
        key="panel-averages",
        width="stretch",
    )


def _front(found: PanelFindings, advice: PanelAdvice) -> None:
    if not found.evidence.trials:
        return
    st.subheader("F1 against cost", anchor="front")
    panel, trials = found.spec.panel, found.evidence.trials
    show(
        lambda theme: cost_front(panel, advice, trials, theme),
        Shown(key="panel-front", stem=found.spec.title),
        panel_tables.trials(found, advice),
    )
    st.caption(
        "The front goes through means: neighbours on it need not be told apart, which their "
        "intervals show.",
        width=980,
    )


def _trials(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw every retrained panel, folded."""
    number = count(len(found.evidence.trials), "retrained panel")
    with st.expander(f"All {number}", icon=":material/table_rows:", key="panel-trials"):
        st.dataframe(
            panel_tables.shown(panel_tables.trials(found, advice)).round(3),
            hide_index=True,
            key="panel-trials-table",
        )


def _more(found: PanelFindings, constraints: Constraints) -> None:
    """Draw a further question, folded; its cost is asked for only when it is opened."""
    fold = st.expander(
        "Ask more of this run", icon=":material/add_task:", key="panel-more", on_change="rerun"
    )
    if fold.open:
        with fold:
            panel_form.more(lab().progress(found.run_id), constraints)


def _machinery(found: PanelFindings, advice: PanelAdvice) -> None:
    """Draw what the advice rests on: notes, trainings, the screen's error; folded."""
    with st.expander("How this was found", icon=":material/tune:", key="panel-machinery"):
        for note in advice.notes:
            st.markdown(f"- {md(note, 800)}", width=980)
        new = found.trained - found.reused
        st.markdown(
            f"- {count(found.trained, 'training')}: {new} new, {found.reused} reused. Panels that "
            "orders, searches and other runs share are trained once.",
            width=980,
        )
        if found.screen is not None:
            looked = count(len(found.screen.sets), "panel")
            part = "all there are" if found.screen.complete else "a search chose which"
            error = f" {md(error_words(found.screen_error), 300)}"
            st.markdown(f"- Screened without training: {looked} ({part}).{error}", width=980)
        links.link("The run's steps and logs", "run", icon=":material/list:", run=found.run_id)
