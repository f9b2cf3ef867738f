"""Compare: rankings of several methods, runs and data sets side by side (``?items=``)."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import compare_pictures, compare_rankings, compare_tables, compare_truth, links
from pages.parts.compare_address import asked_all, joined, one_of, parse, put
from pages.parts.compare_rankings import class_options
from pages.parts.header import header
from pages.parts.session import asked, lab, may_change
from pages.parts.text import md, sentence
from pages.parts.words import moment
from pxcore.plots.compare_words import answer, full_names
from pxcore.plots.numbers import count, with_interval
from pxcore.plots.tell_apart import Told, told_apart
from pxcore.plots.text import one_line
from pxcore.types.comparison import MOST_ITEMS, Comparison, Item, ItemRow

KEY = "compare-items"
RUN = "compare-run"


def render() -> None:
    """Draw the page."""
    rows = lab().comparing.items()
    if not rows:
        _empty()
        return
    chosen = parse(asked("items"), rows)
    comparison = _compared(chosen.items) if chosen.items else None
    shown = comparison if comparison is not None and comparison.columns else None
    header(
        "Compare",
        downloads=compare_tables.downloads(comparison) if comparison else (),
        share=("comparison", shown.subject) if shown else None,
    )
    _choose(rows, chosen.items)
    for complaint in chosen.complaints:
        st.warning(complaint)
    if comparison is None:
        _nothing_chosen(rows)
        return
    _refused(comparison)
    if not comparison.columns:
        return
    st.markdown(f"#### {md(answer(comparison), 1500)}", anchors=False, width=980)
    _facts(comparison)
    views = {"rankings": "Rankings", "pictures": "Attribution pictures"}
    if one_of("view", "View", views) == "pictures":
        compare_pictures.draw(comparison)
    else:
        compare_rankings.draw(comparison)
        compare_truth.draw(comparison)


def _empty() -> None:
    """Draw what the page is for, and the one way to begin."""
    header("Compare")
    st.markdown(
        "Here the rankings of several methods or runs stand side by side: where they agree, "
        "where they surely do not, and why that can be. No run has finished yet.",
        width=720,
    )
    if may_change() and st.button("Start a run", type="primary", icon=":material/add_circle:"):
        links.go("new")


def _nothing_chosen(rows: Sequence[ItemRow]) -> None:
    """Say what to choose, and offer the newest run with several methods."""
    st.markdown(
        "Choose two or more rankings above: of one run, of several, also of different data sets "
        "that share markers. The address then holds your choice and can be sent on.",
        width=720,
    )
    runs: dict[str, list[ItemRow]] = {}
    for row in rows:
        runs.setdefault(row.item.run_id, []).append(row)
    newest = next((found for found in runs.values() if len(found) > 1), None)
    if newest is not None:
        title = md(newest[0].run.title or newest[0].run.dataset_title, 60)
        if st.button(
            f"Compare the {len(newest)} methods of {title}",
            type="primary",
            icon=":material/compare_arrows:",
        ):
            links.stay(items=newest[0].item.run_id)


def _compared(items: Sequence[Item]) -> Comparison:
    """Return the comparison that the address asks for; a class that nobody has is left out."""
    tops = [text for text in asked_all("top") if text.isascii() and text.isdecimal()]
    top = min(max(1, int(tops[0][:3])), 100) if tops else 3
    wanted = asked("of")
    found = lab().comparing.compare(items, class_name=wanted, top=top)
    if wanted and wanted not in class_options(found):
        st.warning(f"No chosen run has a class {md(wanted, 60)}: all classes are shown.")
        found = lab().comparing.compare(items, top=top)
    return found


def _choose(rows: Sequence[ItemRow], items: Sequence[Item]) -> None:
    """Draw the choice of rankings, and the way to add a whole run."""
    labels = {str(row.item): _label(row) for row in rows}
    runs = {row.item.run_id: row for row in rows}
    st.session_state[KEY] = [str(item) for item in items]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.multiselect(
            f"Rankings to compare (at most {MOST_ITEMS})",
            list(labels),
            format_func=lambda key: labels[key],
            key=KEY,
            max_selections=MOST_ITEMS,
            placeholder="method · run",
            on_change=_take,
            width=880,
        )
        with st.popover("All methods of a run", icon=":material/playlist_add:"):
            st.selectbox(
                "Run",
                list(runs),
                index=None,
                format_func=lambda run_id: _run_label(runs[run_id]),
                key=RUN,
                placeholder="choose a run",
                width=420,
                on_change=_add_run,
            )


def _label(row: ItemRow) -> str:
    return f"{one_line(row.label, 40)} · {_run_label(row)}"


def _run_label(row: ItemRow) -> str:
    title = one_line(row.run.title or row.run.dataset_title, 40)
    return f"{title} · {moment(row.run.finished or row.run.created)} · {row.run.id[:5]}"


def _take() -> None:
    """Write the chosen rankings into the address."""
    chosen = [str(key) for key in st.session_state[KEY]]
    put("items", [joined(chosen)] if chosen else [])


def _add_run() -> None:
    """Add every method of a run to the address; once, the choice is then empty again."""
    run_id = st.session_state[RUN]
    if run_id:
        put("items", [joined([*(part for part in [asked("items")] if part), str(run_id)])])
        st.session_state[RUN] = None


def _refused(comparison: Comparison) -> None:
    """Tell what could not be opened; the others stay."""
    for item, why in comparison.missing:
        st.error(
            f"{md(str(item), 60)} could not be opened: {md(sentence(why), 600)}",
            icon=":material/error:",
        )


def _facts(comparison: Comparison) -> None:
    """Tell what the rankings rest on, and whose models know nothing."""
    runs = {column.run.id: column for column in comparison.columns}
    told = [
        f"{md(column.run.title or column.run.dataset_title, 50)} "
        f"F1 {with_interval(column.f1)} over {count(column.n_classes, 'class', 'classes')}, "
        f"{count(len(column.ranking.folds), 'training')}, {md(column.model, 80)}"
        for column in runs.values()
    ]
    st.caption(" · ".join(told), width=980)
    names = full_names(comparison, marked=False)
    for case, why in (
        (Told.HARDLY, "The models behind these hardly tell the classes apart"),
        (Told.TOO_FEW, "Too few trainings stand behind these to be sure that they beat guessing"),
    ):
        silent = [
            md(names[n], 80)
            for n, column in enumerate(comparison.columns)
            if told_apart(column.f1, column.n_classes) is case
        ]
        if silent:
            st.warning(
                f"{why}, so their rankings say nothing about channels: "
                f"{'; '.join(dict.fromkeys(silent))}."
            )
