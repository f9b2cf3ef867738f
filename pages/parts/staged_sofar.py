"""The plan so far, at the right of every step: what is settled, who did it, a way back."""

from __future__ import annotations

import streamlit as st

from pages.parts import staged_sight as sighted
from pages.parts.session import lab, visit
from pages.parts.text import md
from pages.parts.words import moment
from pxcore.plots.numbers import count
from pxcore.plots.staged_words import KINDS
from pxcore.types.staged import Override, PlanKind, StagedPlan, StagedRun

STYLE = """<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-staged-sofar) {position: sticky; top: 4.5rem;}
.st-key-staged-sofar {max-height: calc(100vh - 6rem); overflow-y: auto;}
@media (min-width: 900px) {
  .stHorizontalBlock:has(> .stColumn .st-key-staged-sofar) {flex-wrap: nowrap;}
  .stHorizontalBlock:has(> .stColumn .st-key-staged-sofar) > .stColumn {min-width: 0;}
  .stHorizontalBlock > .stColumn:has(.st-key-staged-sofar) {min-width: 205px;}
}
[class*="st-key-staged-both"] .stHorizontalBlock {flex-wrap: wrap;}
[class*="st-key-staged-both"] .stHorizontalBlock > .stColumn {min-width: 300px;}
@media (max-width: 1200px) {
  .stMainBlockContainer {padding-left: 2rem; padding-right: 2rem;}
}
</style>"""
"""The summary stays in sight; figures side by side come below one another on a narrow page."""
MANY = 5
"""Runs beyond which they are told in groups."""
MOST = 12
"""Markers that are named here; the rest is counted."""


def draw(plan: StagedPlan) -> None:
    """Draw the summary; it stays in sight while the page scrolls."""
    st.html(STYLE)
    with st.container(border=True, key="staged-sofar"):
        st.markdown("**The plan so far**")
        for line in lines(plan):
            st.markdown(line)
        _undo(plan)
        _trail(plan)


def lines(plan: StagedPlan) -> list[str]:
    """Return what is settled, a Markdown line each."""
    device = plan.instrument
    told = [f"{md(device.label, 60)}: {count(device.stain_slots, 'slot')} for stains"]
    if plan.candidates:
        told.append(_candidates(plan))
    if plan.kind is not None:
        top = f", top {plan.top} of each" if plan.kind is PlanKind.PUBLISHED else ""
        told.append(f"{KINDS[plan.kind]}: {count(len(plan.runs), 'run')} with the final one{top}")
    if plan.rehearsal:
        told.append(":material/theater_comedy: A rehearsal on one data set that has all markers")
    if plan.runs:
        told.append("  \n".join(_runs(plan)))
    for name, word in ((Override.TAKE, "Taken by hand"), (Override.LEAVE, "Left out by hand")):
        own = [marker for marker, what in plan.overrides if what is name]
        if own:
            told.append(f"{word}: {_names(own)}")
    return told


def _candidates(plan: StagedPlan) -> str:
    told = [count(len(plan.candidates), "candidate")]
    kinds = (
        ("always on", [c.marker for c in plan.candidates if c.always_on and not c.bridge]),
        ("bridge", [c.marker for c in plan.candidates if c.bridge]),
        ("must keep", [c.marker for c in plan.candidates if c.must_keep]),
    )
    told += [f"{word}: {_names(own)}" for word, own in kinds if own]
    return "; ".join(told)


def _runs(plan: StagedPlan) -> list[str]:
    """Return how far the runs are, a line each; of many those alike in one."""
    settled = plan.step > 4
    if len(plan.runs) <= MANY:
        return [_run(run, settled=settled) for run in plan.runs]
    dealt = [run for run in plan.runs if not run.final]
    groups = (
        (":blue[:material/check_circle:] ranked", [r for r in dealt if r.run_id]),
        (
            ":orange[:material/pending:] measured, not ranked",
            [r for r in dealt if r.dataset_id and not r.run_id],
        ),
        (":gray[:material/radio_button_unchecked:] open", [r for r in dealt if not r.dataset_id]),
    )
    lines = [
        f"{word}: run{'s' if len(runs) > 1 else ''} {', '.join(str(run.number) for run in runs)}"
        for word, runs in groups
        if runs
    ]
    return [*lines, *(_run(run, settled=settled) for run in plan.runs if run.final)]


def _run(run: StagedRun, *, settled: bool) -> str:
    """Return how far one run is."""
    name = "Final run" if run.final else f"Run {run.number}"
    if run.run_id:
        return f":blue[:material/check_circle:] {name}: ranked"
    if run.dataset_id:
        return f":orange[:material/pending:] {name}: measured, not ranked"
    if run.final and not settled:
        return f":gray[:material/radio_button_unchecked:] {name}: filled by the merge"
    return f":gray[:material/radio_button_unchecked:] {name}: {count(len(run.markers), 'marker')}"


def _names(markers: list[str]) -> str:
    shown = ", ".join(md(marker, 30) for marker in markers[:MOST])
    more = len(markers) - MOST
    return f"{shown} and {more} more" if more > 0 else shown


def _undo(plan: StagedPlan) -> None:
    """Draw the way back by one change."""
    last = next((v for v in lab().staged.history(plan.id) if v.version == plan.version), None)
    if (plan.as_of or plan.version) < 2 or last is None or plan.rehearsal:
        return  # nothing was changed yet; a rehearsal would go on at once, it is stopped instead
    st.button(
        "Undo the last change",
        icon=":material/undo:",
        key="staged-undo",
        on_click=_back,
        args=(plan,),
        width="stretch",
    )
    who = f"{md(last.who, 40)}, " if last.who else ""
    st.caption(f"{who}{moment(last.at)}: {md(last.what, 160)}")


def _back(plan: StagedPlan) -> None:
    if sighted.act(lambda: lab().staged.undo(plan, who=visit().owner), toast="Undone."):
        sighted.note(draft=None, edited=None, said="")
        st.query_params.pop("step", None)


def _trail(plan: StagedPlan) -> None:
    """Draw every change, and the way back to each."""
    fold = st.expander(
        "Every change", icon=":material/history:", key="staged-trail", on_change="rerun"
    )
    if not fold.open:
        return
    with fold:
        for one in lab().staged.history(plan.id):
            who = md(one.who or "somebody", 40)
            st.caption(f"**{one.version}** · {who}, {moment(one.at)}: {md(one.what, 300)}")
            if one.version != plan.version:
                st.button(
                    f"Back to version {one.version}",
                    type="tertiary",
                    icon=":material/restore:",
                    key=f"staged-version-{one.version}",
                    on_click=_back_to,
                    args=(plan, one.version),
                )


def _back_to(plan: StagedPlan, version: int) -> None:
    fine = sighted.act(lambda: lab().staged.back_to(plan, version, who=visit().owner))
    if fine:
        sighted.note(draft=None, edited=None, said="")
        st.query_params.pop("step", None)
