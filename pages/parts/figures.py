"""A figure on the page: the picture, the table behind it, CSV and SVG, and what was clicked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import FunctionType

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.parts.session import later, theme
from pages.parts.text import csv_bytes, file_name
from pxcore.plots import style

Build = Callable[[style.Theme], go.Figure]
KEPT = 200
"""Figures remembered for whoever looks next: most of a result's page is spent on making them."""


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What a figure is made of: equal recipes make equal figures.

    ``reads`` are the code of the function that draws and all it reads from around it, which are
    frozen values: equal where their kind says so, else the very same.
    """

    reads: tuple[object, ...]
    theme: style.Theme
    build: Build = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a figure stands on the page."""

    key: str
    """Stable in the page; names the files too."""
    stem: str = ""
    """First part of file names, such as the run's title."""
    clickable: bool = False
    lasso: bool = False
    """Marks are chosen by drawing a line around them: `show` returns the first id of each."""
    fresh: bool = False
    """Drawn each time and not remembered: what it reads is read anew for every page."""
    own_width: bool = False
    """A sheet of cells keeps its size, and is drawn each time: its pixels are not remembered.
    Other figures fill the page."""
    note: str = ""
    """Markdown below the table behind it: what its columns are."""


def show(build: Build, shown: Shown, table: pd.DataFrame | None = None) -> tuple[int, ...] | None:
    """Draw ``build(theme)`` with its table; return the ids of the mark that was clicked.

    With a lasso: the first id of every mark inside, None where none is.
    """
    once = shown.own_width or shown.fresh
    figure = build(theme()) if once else _figure(build, theme())
    state = st.plotly_chart(
        figure,
        theme=None,
        key=shown.key,
        alt=style.alt(figure),
        width="content" if shown.own_width else "stretch",
        on_select="rerun" if shown.clickable or shown.lasso else "ignore",
        selection_mode=("lasso", "points") if shown.lasso else "points",
        config={"displayModeBar": False, "displaylogo": False, "scrollZoom": False},
    )
    if table is not None:
        _files(build, shown, table)
    if shown.lasso:
        return lassoed(state)
    return clicked(state) if shown.clickable else None


def forget() -> None:
    """Forget every figure: the next page makes its own."""
    _made.cache_clear()


def _figure(build: Build, tones: style.Theme) -> go.Figure:
    """Return the figure, made once for everybody who asks for the same; nobody changes it."""
    if not isinstance(build, FunctionType):
        return build(tones)
    around = tuple(cell.cell_contents for cell in build.__closure__ or ())
    usual = (build.__defaults__ or (), tuple((build.__kwdefaults__ or {}).items()))
    recipe = _Recipe((build.__code__, *around, *usual), tones, build)
    try:
        hash(recipe)
    except TypeError:  # it reads a list or an array, which may change
        return build(tones)
    return _made(recipe)


@lru_cache(KEPT)
def _made(recipe: _Recipe) -> go.Figure:
    return recipe.build(recipe.theme)


def clicked(state: object) -> tuple[int, ...] | None:
    """Return the whole numbers in the custom data of the first selected mark, if any."""
    chosen = _chosen(state)
    return chosen[0] or None if chosen else None


def lassoed(state: object) -> tuple[int, ...] | None:
    """Return the first whole number in the custom data of every selected mark, if any."""
    return tuple(sorted({numbers[0] for numbers in _chosen(state) if numbers})) or None


def _chosen(state: object) -> list[tuple[int, ...]]:
    """Return the whole numbers in the custom data of every selected mark."""
    selection = state.get("selection", {}) if isinstance(state, dict) else {}
    points: Sequence[object] = selection.get("points", []) if isinstance(selection, dict) else []
    found = []
    for point in points:
        data = point.get("customdata") if isinstance(point, dict) else None
        values = data if isinstance(data, list) else [data]
        found.append(tuple(int(v) for v in values if isinstance(v, int | float)))
    return found


def _files(build: Build, shown: Shown, table: pd.DataFrame) -> None:
    """Draw the table behind a figure and its two files."""
    from pxcore.plots.svg import to_svg  # noqa: PLC0415 - matplotlib loads when it is needed

    with st.expander("Table and files", icon=":material/table_rows:", type="compact"):
        st.dataframe(table, hide_index=True, key=f"{shown.key}-table", width="stretch")
        if shown.note:
            st.caption(shown.note, width=980)
        with st.container(horizontal=True):
            st.download_button(
                "CSV",
                later(lambda: csv_bytes(table)),
                file_name=file_name(shown.stem, f"{shown.key}.csv"),
                mime="text/csv",
                key=f"{shown.key}-csv",
                icon=":material/download:",
                on_click="ignore",
            )
            st.download_button(
                "SVG",
                later(lambda: to_svg(build(style.LIGHT))),
                file_name=file_name(shown.stem, f"{shown.key}.svg"),
                mime="image/svg+xml",
                key=f"{shown.key}-svg",
                icon=":material/download:",
                on_click="ignore",
            )
