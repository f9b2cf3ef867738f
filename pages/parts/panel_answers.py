"""Answers about panels that are there already: of one run as a list, of all as a mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import links
from pages.parts.panel_address import carried
from pages.parts.session import lab
from pages.parts.text import md
from pages.parts.words import moment
from pxcore.plots.numbers import count
from pxcore.plots.panel_marks import named
from pxcore.types import Panel, Progress, RunState
from pxcore.types.panel import PanelQuestion

if TYPE_CHECKING:
    from pxcore.api import PanelAnswer

MOST = 8
"""Answers that are listed."""


def answered() -> frozenset[str]:
    """Return the runs that answer a question about panels, and those that one was put to."""
    found: set[str] = set()
    for one in lab().panels.answers():
        if one.run.state is RunState.FINISHED:
            found.update((one.run.id, *one.asked_of))
    return frozenset(found)


def draw(progress: Progress) -> None:
    """List what was asked of a run before, above the form that asks anew."""
    own = [one for one in lab().panels.answers() if progress.run.id in one.asked_of]
    if not own:
        return
    st.subheader("Asked of this run before", anchor=False)
    for one in own[:MOST]:
        _line(progress.spec.panel, one)
    if len(own) > MOST:
        links.link(f"{len(own) - MOST} older ones, among all runs", "runs")
    st.caption(
        "An answer can be asked more on its own page; what it has trained is never trained twice."
    )


def _line(panel: Panel, one: PanelAnswer) -> None:
    """Draw one answer as a link: title, what was asked, age."""
    finished = one.run.state is RunState.FINISHED
    state = moment(one.run.finished or one.run.created) if finished else "under way"
    title = md(one.run.title or one.run.dataset_title, 60)
    label = f"**{title}** · {md(asked_words(panel, one.question), 300)} · {state}"
    icon = ":material/task_alt:" if finished else ":material/autorenew:"
    links.link(label, "panel", icon=icon, run=one.run.id, **carried())


def asked_words(panel: Panel, question: PanelQuestion) -> str:
    """Return in a few words what a run was asked about panels; names as typed."""
    told = ["search"] if question.search else []
    rankings = {one.label for one in question.orders if one.direction != "random"}
    if question.orders:
        told.append(f"removal curves of {count(len(rankings), 'ranking')}")
    if question.compare:
        tops = sorted({m for _, m in question.compare})
        told.append(f"first {', '.join(map(str, tops))} compared")
    if question.ticked:
        first = named(panel, question.ticked[0], 16)
        more = f" and {len(question.ticked) - 1} more" if len(question.ticked) > 1 else ""
        told.append(f"panel {first}{more}")
    if question.most_stains is not None:
        told.append(f"at most {count(question.most_stains, 'stain')}")
    if question.must_keep:
        told.append(f"with {named(panel, question.must_keep, 16)}")
    if question.exclude:
        told.append(f"without {named(panel, question.exclude, 16)}")
    return "; ".join(told) or "stain-free channels alone"
