"""Published results: the paper's numbers with our intervals, and what they do not carry."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import links
from pages.parts.choosing import choose
from pages.parts.figures import Shown, show
from pages.parts.header import header
from pages.parts.session import asked, lab, may_change
from pages.parts.text import md, sentence
from pxcore.plots.numbers import score, with_interval
from pxcore.plots.published import methods_map, published_dots, verdict_words
from pxcore.plots.ranking import rank_text
from pxcore.plots.rows import order_of
from pxcore.types.published import PublishedMethod, PublishedSet


def render() -> None:
    """Draw the page that the address asks for: ``?set=``, ``&method=``."""
    header("Published results")
    sets = {one.id: one for one in lab().published.sets()}
    shown = _chosen_set(sets)
    st.markdown(f"**{md(shown.sentence, 700)}**", width=720)
    st.caption(
        f"{shown.n_images:,} cells, {len(shown.panel)} channels, {shown.n_classes} classes. "
        "Five folds of PXPermute as recorded by its authors; intervals and ranges of ranks are "
        "ours."
    )
    _ranking(shown)
    _side_by_side(shown)
    _panels(shown)
    _findings(shown)
    _onward(shown)


def _chosen_set(sets: dict[str, PublishedSet]) -> PublishedSet:
    """Return the data set that was chosen; the choice stands in the address."""
    first = asked("set") if asked("set") in sets else next(iter(sets))
    chosen = st.segmented_control(
        "Data set",
        list(sets),
        default=first,
        format_func=lambda name: sets[name].title,
        key="published-set",
        required=True,
    )
    if chosen and chosen != first:
        links.stay(set=chosen)
    return sets[chosen or first]


def _chosen_method(shown: PublishedSet) -> PublishedMethod:
    """Return the method that was chosen; occlusion is offered and says what is missing."""
    names = {one.id: one.label for one in shown.methods}
    first = asked("method") if asked("method") in names else next(iter(names))
    chosen = choose("Method", names, first, key="published-method", width=320)
    if chosen != first:
        links.stay(set=shown.id, method=chosen)
    return shown.method(chosen)


def _ranking(shown: PublishedSet) -> None:
    """Draw one method's ranking with its table."""
    st.subheader("What the five folds say", anchor=False)
    method = _chosen_method(shown)
    if method.ranking is None:
        st.info(
            f"Of {md(method.label)} only the means of the paper's figure are left, without folds: "
            "no interval can be computed. See the methods side by side below.",
            icon=":material/info:",
        )
        return
    show(
        lambda theme: published_dots(shown, method, theme),
        Shown(key="published-ranking", stem=f"{shown.id}-{method.id}"),
        _ranking_table(shown, method),
    )
    if "F1" in method.unit:
        yardstick = (
            f"The band is what channels reach that hold nothing ({md(', '.join(shown.empty))}); a "
            "verdict asks for more than that."
            if shown.empty
            else "No channel of this panel is known to be empty, so zero is the only yardstick: "
            "the verdicts are weaker for it."
        )
        st.caption(yardstick)
    else:
        st.caption(
            "Signed medians of attributions: their unit means nothing by itself, and zero is no "
            "yardstick. No verdicts."
        )
    st.caption(f"{md(sentence(method.ranking.notes[0]), 300)}.")


def _ranking_table(shown: PublishedSet, method: PublishedMethod) -> pd.DataFrame:
    """Return the numbers behind the ranking."""
    ranking = method.ranking
    if ranking is None:
        return pd.DataFrame()
    order = order_of(ranking, "rank")
    table = {
        "channel": [shown.panel.names[c] for c in order],
        "role": [shown.panel.channels[c].role.value for c in order],
        "mean": [ranking.mean[c] for c in order],
        "low": [ranking.low[c] for c in order],
        "high": [ranking.high[c] for c in order],
        "rank": [rank_text(ranking, c).removeprefix("rank ") for c in order],
        "verdict": [verdict_words(shown, method, c) for c in order],
    }
    folds = {f"fold {j + 1}": [fold[c] for c in order] for j, fold in enumerate(ranking.folds)}
    return pd.DataFrame(table | folds)


def _side_by_side(shown: PublishedSet) -> None:
    """Draw all six methods scaled as in the paper's Figure 3."""
    st.subheader("Six methods side by side", anchor=False)
    names = [method.label for method in shown.methods]
    table = pd.DataFrame({"channel": shown.panel.names})
    for method in shown.methods:
        table[method.label] = list(method.scaled)
    show(
        lambda theme: methods_map(shown, theme),
        Shown(key="published-methods", stem=shown.id),
        table,
    )
    star = f"Expected by biology (*): {md(', '.join(shown.expected))}. "
    st.caption(
        f"{star}Printed means of the figure's own run, scaled to 0 to 1 over all folds and "
        "channels of a method. They have no intervals: differences of a few hundredths say "
        "nothing."
    )
    frame = pd.DataFrame(
        {
            "method": names,
            "F1 over remove-and-retrain": [score(one.removal) for one in shown.methods],
            "F1 of its first channels, clean folds": [
                f"{score(one.best)} (first {one.best_channels})" if one.best is not None else "–"
                for one in shown.methods
            ],
        }
    )
    st.dataframe(frame, hide_index=True, key="published-removal", width="content")
    st.caption(
        "Remove-and-retrain takes one channel after the other away, the least important by the "
        "ranking first, and trains anew each time: the higher the F1 stays, the better the "
        "ranking. Here it was tested partly on cells it trained on (see below), so its level is "
        "too high; the last column is clean, and for few channels only."
    )


def _panels(shown: PublishedSet) -> None:
    """Draw the panel comparison, where there is one."""
    margin = shown.margin
    if margin is None:
        return
    st.subheader("Fewer stains", anchor=False)
    within = "none we would set" if margin.within is None else f"{margin.within:g}"
    besides = "" if margin.beyond is None else f", not of {margin.beyond:g}"
    st.markdown(
        f"The minimal panel loses at most {-margin.bound:.4f} F1 against all channels (one-sided "
        f"95 %): within a margin of {within}{besides}.",
        width=720,
    )
    frame = pd.DataFrame(
        {
            "panel": [one.name for one in shown.panels],
            "channels": [", ".join(one.channels) for one in shown.panels],
            "F1-macro (95 % interval)": [with_interval(one.f1) for one in shown.panels],
        }
    )
    st.dataframe(frame, hide_index=True, key="published-panels", width="stretch")
    st.caption("Train and test share cells in these folds, so all three levels are too high.")


def _findings(shown: PublishedSet) -> None:
    """Draw what does not hold up, folded."""
    with st.expander("What does not hold up", icon=":material/rule:"):
        for finding in shown.findings:
            st.markdown(f"**{md(finding.title, 120)}.** {md(finding.text, 1200)}", width=760)


def _onward(shown: PublishedSet) -> None:
    """Draw sources, and the ways on to one's own cells."""
    source, doi = lab().published.source()
    st.subheader("Sources", anchor=False)
    st.markdown(
        f"Method and numbers: {md(source, 300)}, [doi {doi}](https://doi.org/{doi}). Cells: "
        f"{md(shown.citation, 400)}, [doi {shown.dataset_doi}](https://doi.org/"
        f"{shown.dataset_doi}). Numbers only were taken over.",
        width=760,
    )
    with st.container(horizontal=True):
        if st.button("Get these cells", icon=":material/cloud_download:"):
            links.go("datasets", add="public")
        if may_change() and st.button(
            "Rank your own cells", icon=":material/add_circle:", type="primary"
        ):
            links.go("new")
