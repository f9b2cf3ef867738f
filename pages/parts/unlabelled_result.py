"""A finished clustering: whether to trust it first, then the cells, the evidence, the machinery."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import (
    unlabelled_clusters,
    unlabelled_live,
    unlabelled_map,
    unlabelled_ranking,
    unlabelled_where,
)
from pages.parts.cell_gallery import Limits
from pages.parts.errors import guarded
from pages.parts.figures import Shown, show
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.plots import unlabelled_figures as figures
from pxcore.plots import unlabelled_notes as notes
from pxcore.plots import unlabelled_words as words
from pxcore.plots.unlabelled_codes import names_of
from pxcore.types.unlabelled_views import ClusterResult


def draw(result: ClusterResult) -> None:
    """Draw everything, the verdict first."""
    _verdict(result)
    overview = lab().overview(result.dataset.id)
    limits: Limits = tuple(zip(overview.low.tolist(), overview.high.tolist(), strict=True))
    unlabelled_map.draw(result, limits)
    unlabelled_clusters.draw(result, limits)
    _known(result)
    unlabelled_ranking.draw(result)
    with guarded(f"maps of clustering {result.run.id}"):
        unlabelled_where.draw(result, limits)
    _how_many(result)
    _training(result)
    _details(result)


def _verdict(result: ClusterResult) -> None:
    """Draw the answer and its reasons."""
    st.markdown(f"#### {md(words.answer(result), 1200)}", anchors=False, width=980)
    said = (*words.reasons(result), words.centred_words(result))
    st.markdown("\n".join(f"- {md(one, 600)}" for one in said), width=980)
    if result.counterpart:
        pairs = [
            f"{k + 1} → {other + 1 if other >= 0 else 'none'}"
            for k, other in enumerate(result.counterpart)
        ]
        st.caption(
            "Each cluster, and the one of the encoder's own run that most of its cells would be "
            f"in: {', '.join(pairs)}.",
            width=980,
        )


def _known(result: ClusterResult) -> None:
    """Draw clusters beside the known classes, where there are any."""
    match = result.against
    if match is None:
        return
    st.subheader("Against the known classes", anchor="classes")
    st.markdown(md(words.match_words(match), 600), width=980)
    names = names_of(result)
    show(
        lambda theme: figures.against_classes(match, names, theme),
        Shown(key="against", stem=result.run.title, fresh=True),
        figures.class_table(match, names),
    )
    st.caption(notes.KNOWN, width=980)


def _how_many(result: ClusterResult) -> None:
    """Draw BIC against the number of clusters."""
    st.subheader("How many clusters?", anchor="bic")
    if not result.bic:
        st.caption(notes.given(result))
        return
    taken = len(result.sizes)
    show(
        lambda theme: figures.bic_curve(result.bic, taken, theme),
        Shown(key="bic", stem=result.run.title, fresh=True),
        figures.bic_table(result.bic),
    )
    st.caption(
        f"{notes.BIC} Give clusters that look alike one name, or start again with a number of your "
        "own.",
        width=980,
    )


def _training(result: ClusterResult) -> None:
    """Draw how the encoder learnt, folded."""
    with st.expander("How the network learnt", icon=":material/model_training:"):
        left, right = st.columns(2, gap="large")
        with left:
            show(
                lambda theme: figures.loss_curve(result.live, theme),
                Shown(key="loss", stem=result.run.title, fresh=True),
                figures.loss_table(result.live),
            )
        with right:
            unlabelled_live.pictures(result.live, result.ask, result.dataset)


def _details(result: ClusterResult) -> None:
    """Draw what exactly ran, folded."""
    with st.expander("Details", icon=":material/info:"):
        table = pd.DataFrame(words.ran(result), columns=["what", "value"])
        st.dataframe(table, hide_index=True, key="details")
