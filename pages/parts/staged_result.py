"""Step 6: the panel on the instrument, why each candidate is in or out, how it came about."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import links, panel_wishes, staged_live
from pages.parts import panel_address as address
from pages.parts.errors import banner
from pages.parts.figures import Shown, show
from pages.parts.session import lab, later
from pages.parts.staged_answer import compared
from pages.parts.staged_files import outcome_files, printable
from pages.parts.staged_one_run import table
from pages.parts.staged_top import say
from pages.parts.text import csv_bytes, file_name, md
from pxcore.errors import PxError
from pxcore.plots.numbers import count, minute, with_interval
from pxcore.plots.staged_instrument import drawn_instrument, slots_of
from pxcore.types.panel import Constraints
from pxcore.types.staged import Decision, StagedPlan
from pxcore.types.staged_views import Outcome

MARGIN = Constraints().margin
MANY = 12
"""Lines of a trail beyond which it scrolls."""


def draw(plan: StagedPlan, top: DeltaGenerator) -> None:
    """Draw what the plan ends with."""
    if plan.rehearsal:
        staged_live.draw(plan)
    margin = panel_wishes.margin(MARGIN)
    try:
        outcome = lab().staged.outcome(plan, margin)
    except PxError as error:
        say(top, "There is no result yet.")
        banner(error)
        return
    say(top, outcome.said)
    _panel(plan, outcome)
    _advice(outcome, margin)
    _reasons(plan, outcome)
    if outcome.all_markers is not None:
        compared(plan, outcome.all_markers, margin)
    _trail(plan, outcome)


def _panel(plan: StagedPlan, outcome: Outcome) -> None:
    """Draw the panel as chips on the instrument."""
    slots = slots_of(plan.instrument, outcome.measured, plan.candidates)
    show(
        lambda theme: drawn_instrument(slots, theme, outcome.markers),
        Shown(key="staged-panel", stem=plan.title),
        table([slot for slot in slots if slot.kind != "stain" or slot.marker in outcome.markers]),
    )
    facts = [count(len(outcome.markers), "stain")]
    if outcome.f1 is not None:
        facts.insert(0, f"F1 {with_interval(outcome.f1)} on held-out cells")
    if outcome.cost or outcome.saved:
        facts.append(f"{outcome.cost:,.2f} a test, {outcome.saved:,.2f} saved to all candidates")
    st.caption(md("; ".join(facts), 400))
    for one in outcome.notes:
        st.caption(f":material/info: {md(one, 500)}")
    with st.container(horizontal=True):
        printable(plan)
        outcome_files(plan, outcome)


def _advice(outcome: Outcome, margin: float) -> None:
    """Lead to the advice as the plan wants it, or to asking for it."""
    if outcome.advice is None and outcome.advice_reason:
        st.info(md(outcome.advice_reason, 600), icon=":material/colorize:")
    said = "The advice" if outcome.advice is not None else "Ask which of these are enough"
    with st.container(horizontal=True):
        links.link(said, "panel", icon=":material/colorize:", **_bounds(outcome, margin))
        links.link("The final run", "run", icon=":material/insights:", run=outcome.run_id)


def _bounds(outcome: Outcome, margin: float) -> dict[str, str | list[str]]:
    """Return the panel page's address at which it advises the same."""
    bounds: dict[str, str | list[str]] = {"run": outcome.run_id, address.MARGIN: f"{margin:g}"}
    if outcome.advice is not None:
        names = lab().progress(outcome.run_id).spec.panel.names
        full, wanted = outcome.advice.full.members, outcome.advice.constraints
        for name, members in ((address.KEEP, wanted.must_keep), (address.WITHOUT, wanted.exclude)):
            bounds[name] = [names[c] for c in members if c in full] or [""]
    return bounds


def _reasons(plan: StagedPlan, outcome: Outcome) -> None:
    """Draw what is in and what is left, each with its reason."""
    st.subheader("Every candidate, and why", anchor=False)
    known = _kept(plan, outcome)
    inside = [(marker, known.get(marker, "")) for marker in outcome.markers]
    for head, rows in (
        (":blue[:material/check_circle:] **In the panel**", inside),
        (":gray[:material/remove_circle:] **Left out**", list(outcome.left)),
    ):
        if rows:
            lines = [
                f"- **{md(marker, 40)}**{': ' * bool(why)}{md(why, 500)}" for marker, why in rows
            ]
            st.markdown("\n".join([f"{head}\n", *lines]), width=980)


def _kept(plan: StagedPlan, outcome: Outcome) -> dict[str, str]:
    """Return why markers are in the panel: by the advice, else by the merge."""
    if outcome.advice is not None:
        names = outcome.panel.names
        return {names[one.channel]: one.reason for one in outcome.advice.channels}
    try:
        return {one.marker: one.reason for one in lab().staged.merged(plan).candidates}
    except PxError:  # a ranking has left the store; the trail below still tells
        return {}


def _trail(plan: StagedPlan, outcome: Outcome) -> None:
    """Draw every decision in its order, as a table and a file."""
    st.subheader("How this came about", anchor=False)
    frame = trail_table(outcome.trail or plan.trail)
    lines = [
        f"- :gray[{minute(one.at)}, {md(one.who or 'nobody named', 40)} · {md(one.step, 20)}] "
        f"{md(one.what, 600)}"
        for one in outcome.trail or plan.trail
    ]
    with st.container(height=420 if len(lines) > MANY else "content", border=False):
        st.markdown("\n".join(lines))
    st.download_button(
        "Trail, CSV",
        later(lambda: csv_bytes(frame)),
        file_name=file_name(plan.title, "trail.csv"),
        mime="text/csv",
        icon=":material/download:",
        key="staged-trail-csv",
        on_click="ignore",
    )


def trail_table(trail: tuple[Decision, ...]) -> pd.DataFrame:
    """Return who decided what, when; a row each."""
    return pd.DataFrame(
        {
            "when (UTC)": [minute(one.at) for one in trail],
            "who": [one.who or "nobody named" for one in trail],
            "step": [one.step for one in trail],
            "what": [one.what for one in trail],
        }
    )
