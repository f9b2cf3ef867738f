"""Benchmark: drawn images of known truth, what was published on them, and what runs here give."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts import benchmark_form, links
from pages.parts.choosing import choose
from pages.parts.figures import Shown, show
from pages.parts.header import Download, header
from pages.parts.session import asked, lab
from pages.parts.text import csv_bytes, md
from pxcore.plots import benchmark as plots
from pxcore.plots.numbers import count
from pxcore.types.benchmark import BenchmarkKind, BenchmarkRow, PublishedScore

KEY = "benchmark-kind"
STEM = "benchmark"
TOLD = ("size", "channels", "n_images", "background")
"""Settings in the name of a kind of images."""


def render() -> None:
    """Draw the page; ``?kind=`` names the images that the tables are of."""
    door = lab().benchmark
    kinds = {one.id: one for one in door.kinds()}
    labels = {one.id: one.label for one in door.entries()}
    published = door.published()
    chosen = kinds.get(asked("kind")) or next(iter(kinds.values()), None)
    rows = door.rows(chosen) if chosen is not None else ()
    header("Benchmark", downloads=_downloads(chosen, rows, published, labels))
    st.markdown(f"#### {md(plots.answer(chosen, rows), 1200)}", anchors=False, width=980)
    st.caption(
        "Images of circles in many channels: in a few of them the share of bright circles tells "
        "the class, in all others it does not. A ranking is right when it puts those few first.",
        width=980,
    )
    if len(kinds) > 1:
        _kind(kinds, chosen)
    _table(chosen, rows, published, labels)
    _curves(rows, published, labels)
    _why(chosen, rows)
    benchmark_form.draw(chosen)
    _tissue(labels)
    st.caption(f"Published numbers: {md(door.source(), 400)}.", width=980)


def _downloads(
    kind: BenchmarkKind | None,
    rows: Sequence[BenchmarkRow],
    published: Sequence[PublishedScore],
    labels: dict[str, str],
) -> list[Download]:
    """Return both tables as files."""

    def table() -> bytes:
        return csv_bytes(plots.frame(kind, rows, published, labels))

    def recall() -> bytes:
        return csv_bytes(plots.recall_table(rows, published))

    return [
        Download("Table, CSV", f"{STEM}.csv", "text/csv", table),
        Download("Recall at every K, CSV", f"{STEM}_recall.csv", "text/csv", recall),
    ]


def _kind(kinds: dict[str, BenchmarkKind], chosen: BenchmarkKind | None) -> None:
    """Draw the choice of images; it stands in the address."""
    labels = {name: kind_words(kind) for name, kind in kinds.items()}
    picked = choose("Images", labels, chosen.id if chosen else "", key=KEY, width=720)
    if chosen is not None and picked != chosen.id:
        links.stay(kind=picked)


def kind_words(kind: BenchmarkKind) -> str:
    """Return a kind of images in words."""
    known = kind.known
    size, channels, images, background = (known.get(name, "?") for name in TOLD)
    return (
        f"{size} × {size} pixels, {channels} channels, {images} images, background {background}, "
        f"{count(len(kind.seeds), 'data set')}"
    )


def _table(
    kind: BenchmarkKind | None,
    rows: Sequence[BenchmarkRow],
    published: Sequence[PublishedScore],
    labels: dict[str, str],
) -> None:
    """Draw our runs beside the published rows, with a way into the rankings of each."""
    st.subheader("How many of the known channels come first", anchor="table")
    shown = plots.frame(kind, rows, published, labels)
    runs = [row.runs[0] for row in rows] + [""] * (len(shown) - len(rows))
    shown.insert(3, "rankings", "")
    shown["rankings"] = [links.address("compare", items=run) if run else "" for run in runs]
    st.dataframe(
        shown,
        hide_index=True,
        key="benchmark-table",
        width="stretch",
        height="content",
        column_config={
            "rankings": st.column_config.LinkColumn("rankings", display_text="compare"),
            "sets": st.column_config.NumberColumn("sets", help="Data sets that were run on."),
        },
    )
    st.caption(
        "In percent; R@6: recall among the first 6. Ours: mean ± standard deviation over data sets "
        "that differ in nothing but their seed; recall is of each training's own ranking, averaged "
        "over the folds of a run. Published (publ.): 224 pixels, 30 channels, width 64; one "
        "training on one data set, so a single channel is 16.7 points and the order of rows is "
        "not to be relied on.",
        width=980,
    )


def _curves(
    rows: Sequence[BenchmarkRow],
    published: Sequence[PublishedScore],
    labels: dict[str, str],
) -> None:
    """Draw recall against K, by one choice of lines at a time."""
    st.subheader("Recall at every K", anchor="recall")
    options = ["each model by its own method", *dict.fromkeys(row.model for row in rows)]
    chosen = options[0]
    if rows:
        chosen = st.selectbox("Lines", options, key="benchmark-lines", width=420) or options[0]
    drawn = tuple(row for row in rows if row.model == chosen)
    if chosen == options[0]:
        firsts = {row.model: row for row in reversed(rows)}
        drawn = tuple(row for row in rows if firsts[row.model] is row)
    there = {row.entry for row in drawn}
    beside = tuple(one for one in published if one.entry in there) if drawn else tuple(published)
    names = tuple(labels.items())
    show(
        lambda theme: plots.recall_curves(drawn, beside, dict(names), theme),
        Shown(key="benchmark-recall", stem=STEM),
        plots.recall_table(drawn, beside),
    )


def _why(kind: BenchmarkKind | None, rows: Sequence[BenchmarkRow]) -> None:
    """Say why methods differ on these images, and lead to the rankings themselves."""
    st.subheader("Why methods differ here", anchor="why")
    found = plots.why_differ(kind, rows) if kind is not None else ""
    if found:
        st.markdown(f"**{md(found, 500)}**", width=980)
    st.markdown(
        "- **PXPermute** scatters a channel's pixels over the picture. That breaks where things "
        "lie and keeps how much there is: a protein whose *amount* tells the class can look "
        "unneeded.\n"
        "- **Permutation across cells** takes the channel of another image. That breaks both, so "
        "it finds what tells the class by amount or by place.\n"
        "- **PXPermute in the cell** exchanges pixels inside outlines only. Drawn images have no "
        "cells: what is bright in them, all circles together, is taken for the outline, so it "
        "breaks which circles are bright, and the amount stays here too.\n"
        "- **The gradient at the embedding** asks how strongly the class moves with the one number "
        "that the network makes of each channel. Nothing is spoilt; it tells what the network "
        "uses, not what accuracy would fall by.\n"
        "- Two channels of a class that say the same cover for each other: spoiling one costs "
        "little, and both may rank low by permutation.",
        width=980,
    )
    if rows:
        run = rows[0].runs[0]
        links.link(
            "Compare the rankings of one data set",
            "compare",
            icon=":material/compare_arrows:",
            items=run,
        )


def _tissue(labels: dict[str, str]) -> None:
    """Draw what was published on real tissue, folded."""
    with st.expander("Published on breast cancer tissue", icon=":material/biotech:"):
        made = [
            {
                "model": labels[one.entry],
                "accuracy, %": one.accuracy,
                "Spearman × 100": one.spearman,
            }
            for one in lab().benchmark.tissue()
        ]
        st.dataframe(pd.DataFrame(made), hide_index=True, key="benchmark-tissue", width="content")
        st.caption(
            "39 channels, three grades. Spearman: between a channel's importance and how far its "
            "mean over single cells differs between grades, which is no proof of what tells the "
            "grades apart. The published split follows the order of the files, not patients.",
            width=980,
        )
