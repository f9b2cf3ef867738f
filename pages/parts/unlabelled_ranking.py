"""Which channels the clusters rest on, without a classifier; and the way to have it measured."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts import links
from pages.parts.errors import banner
from pages.parts.figures import Shown, show
from pages.parts.session import lab, may_change, visit
from pages.parts.text import md, sentence
from pxcore.errors import PxError
from pxcore.plots import unlabelled_figures as figures
from pxcore.plots import unlabelled_notes as notes
from pxcore.plots.numbers import about, count
from pxcore.plots.unlabelled_codes import names_of
from pxcore.plots.unlabelled_words import ranking_words
from pxcore.types.unlabelled_ask import ClusterAsk
from pxcore.types.unlabelled_views import ClusterRanking, ClusterResult


def draw(result: ClusterResult) -> None:
    """Draw the rankings, or offer them."""
    st.subheader("Which stains the clusters rest on", anchor="ranking")
    if len(result.sizes) < 2:
        st.caption("With one cluster there is nothing to tell apart.")
        return
    if not result.rankings:
        st.caption("This was not asked for.")
        more(result, replace(result.ask, rank=True), "Rank the channels", "more-rank")
        return
    ranking = _picked(result)
    doubtful = result.trust.verdict != "stable"
    st.markdown(f"**{md(ranking_words(ranking, doubtful=doubtful), 900)}**", width=980)
    if ranking.warning:
        warning = sentence(f"{ranking.warning.rstrip('. ')}.")
        st.warning(md(warning, 800), icon=":material/warning:")
    show(
        lambda theme: figures.ranking_dots(result, ranking, theme),
        Shown(key=f"ranking-{ranking.method}", stem=result.run.title, fresh=True),
        figures.ranking_table(ranking, names_of(result)),
    )
    st.caption(
        f"{notes.spoilt(ranking)} Clusters saved as classes can be ranked by every method, with "
        "folds.",
        width=980,
    )


def _picked(result: ClusterResult) -> ClusterRanking:
    """Draw the choice between the rankings there are."""
    if len(result.rankings) == 1:
        return result.rankings[0]
    number = st.segmented_control(
        "How channels are spoilt",
        range(len(result.rankings)),
        default=0,
        required=True,
        format_func=lambda n: result.rankings[n].label,
        key="ranking-way",
    )
    return result.rankings[int(number or 0)]


def more(result: ClusterResult, ask: ClusterAsk, label: str, key: str) -> None:
    """Offer the same clustering with more beside it; what is there already is reused."""
    if not may_change():
        return
    wanted = replace(ask, owner=visit().owner)
    try:
        estimate = lab().unlabelled.estimate(wanted)
    except PxError as error:
        st.caption(f"It cannot be had: {md(sentence(str(error)), 400)}")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(label, icon=":material/add_task:", key=key):
            try:
                made = lab().unlabelled.submit(wanted, private=result.run.private)
            except PxError as error:
                banner(error)
                return
            links.go("unlabelled", run=made)
        st.caption(
            f"{estimate.cached} of {count(estimate.tasks, 'step')} are already there; the rest "
            f"takes {about(estimate.seconds)}."
        )
