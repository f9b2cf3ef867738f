"""Step 1: the candidate markers, the instrument, what is always on."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import staged_sight as sighted
from pages.parts import staged_steps as steps
from pages.parts.errors import banner
from pages.parts.session import lab, name_field, remember_owner, visit
from pages.parts.staged_picker import pick
from pages.parts.staged_table import editor
from pages.parts.staged_top import say
from pages.parts.text import md
from pxcore.errors import PanelError, PxError
from pxcore.plots.numbers import count, listed
from pxcore.plots.staged_words import added, candidates_said, dyes_said
from pxcore.plots.text import one_line
from pxcore.types.staged import Candidate, Instrument, StagedPlan

EXAMPLE = "CD3\nCD4, CD8\nmarker;clone;fluorochrome;cost"


def draw(plan: StagedPlan, top: DeltaGenerator) -> None:
    """Draw the candidates as the person has them; they are saved by one button."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.text_input(
            "Title of the plan",
            plan.title,
            max_chars=120,
            key=sighted.keyed(f"staged-title-{plan.id}"),
            width=360,
        )
        owner = name_field("Your name", "staged-who")
    instrument = pick(plan.instrument)
    st.subheader("Candidate markers", anchor=False)
    known = sighted.sight()
    base = known.draft if known.draft is not None else plan.candidates
    _ways_in(base)
    candidates = editor(base, sighted.keyed(f"staged-table-{plan.id}"))
    sighted.note(edited=candidates if candidates != plan.candidates else None)
    _unsaved(plan, _waiting(plan, candidates, instrument, title))
    if dyes := dyes_said(candidates):
        st.caption(f":material/info: {md(dyes, 600)}.")
    wrong = _said(candidates, instrument or plan.instrument, top)
    saved = st.button(
        "Save and plan the runs" if plan.kind is None else "Save the candidates",
        type="primary",
        icon=":material/save:",
        disabled=bool(wrong) or instrument is None or not candidates,
        key="staged-save",
    )
    if plan.kind is not None:
        st.caption(
            "Runs whose markers stay keep their data sets and rankings; the others are dealt "
            "anew, and what was attached to them is told as dropped."
        )
    if saved and instrument is not None:
        remember_owner(owner)
        _save(plan, candidates, instrument, title)


def _save(
    plan: StagedPlan, candidates: tuple[Candidate, ...], instrument: Instrument, title: str
) -> None:
    """Save what is in the table, and go on to the plan."""
    fine = sighted.act(
        lambda: lab().staged.set_candidates(
            plan, candidates, instrument, title.strip() or plan.title, who=visit().owner
        ),
        step=steps.PLAN,
    )
    if fine:
        sighted.note(draft=None, edited=None, said="")
    st.rerun()


def _said(candidates: tuple[Candidate, ...], instrument: Instrument, top: DeltaGenerator) -> str:
    """Say on top what the candidates need; return what is wrong with them, if anything."""
    try:
        say(top, f"{candidates_said(candidates, instrument)}.")
    except PanelError as error:
        say(top, "These candidates cannot be planned yet.")
        banner(error)
        return str(error)
    return ""


def _ways_in(base: tuple[Candidate, ...]) -> None:
    """Draw typing, pasting and taking from a data set; all end in the table below."""
    with st.container(horizontal=True):
        with st.popover("Paste or type markers", icon=":material/content_paste:"):
            _pasted(base)
        with st.popover("From a data set", icon=":material/biotech:"):
            _from_dataset(base)
        st.button(
            "Empty the table",
            icon=":material/backspace:",
            type="tertiary",
            key="staged-empty",
            on_click=_put,
            args=((), "The table was emptied; nothing is saved yet."),
            disabled=not base and not sighted.sight().edited,
        )
    if said := sighted.sight().said:
        st.caption(f":material/info: {md(said, 600)}")


def _pasted(base: tuple[Candidate, ...]) -> None:
    st.caption(
        "A marker a line, or parted by commas; or a table whose first line names its columns "
        "(marker, clone, fluorochrome, cost, must_keep, always_on, bridge); or a panel sheet."
    )
    text = st.text_area("Markers", key="staged-paste", height=220, placeholder=EXAMPLE, width=420)
    if st.button("Put into the table", key="staged-paste-add", disabled=not text.strip()):
        try:
            more = lab().staged.pasted(text)
        except PanelError as error:
            banner(error)
            return
        _add(base, more)
        st.rerun()


def _from_dataset(base: tuple[Candidate, ...]) -> None:
    sets = {one.id: one for one in lab().datasets()}
    if not sets:
        st.caption("No data set is registered here yet.")
        return
    chosen = st.selectbox(
        "Stains of this data set's panel sheet",
        list(sets),
        format_func=lambda key: (
            f"{one_line(sets[key].title, 60)} · {count(len(sets[key].panel), 'channel')}"
        ),
        key="staged-from",
        width=420,
    )
    if st.button("Put into the table", key="staged-from-add"):
        try:
            more = lab().staged.from_dataset(str(chosen))
        except PxError as error:
            banner(error)
            return
        _add(base, more)
        st.rerun()


def _add(base: tuple[Candidate, ...], more: tuple[Candidate, ...]) -> None:
    """Put markers below those that stand in the table now."""
    edited = sighted.sight().edited
    made, told = added(base if edited is None else edited, more)
    _put(made, told)


def _put(candidates: tuple[Candidate, ...], told: str) -> None:
    """Let the table begin anew from these."""
    sighted.note(draft=candidates, edited=candidates, said=told)


def _waiting(
    plan: StagedPlan, candidates: tuple[Candidate, ...], instrument: Instrument | None, title: str
) -> list[str]:
    """Return what differs from what is saved, in words."""
    told = []
    if candidates != plan.candidates:
        told.append(count(len(candidates), "candidate"))
    if instrument != plan.instrument:
        told.append("the instrument")
    if (title.strip() or plan.title) != plan.title:
        told.append("the title")
    return told


def _unsaved(plan: StagedPlan, waiting: list[str]) -> None:
    """Say what is not saved, and lead back to what is."""
    if not waiting:
        return
    there = count(len(plan.candidates), "candidate") if plan.candidates else "no candidates"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f":material/edit: Not saved yet: {listed(waiting)}; lost when this page is closed or "
            f"loaded again. Saved so far: {there}."
        )
        st.button(
            "Back to what is saved",
            type="tertiary",
            icon=":material/undo:",
            key="staged-saved",
            on_click=sighted.afresh,
        )
