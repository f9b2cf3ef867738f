"""The map of codes: every cell a dot, near where its code is near, coloured by what one asks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pxcore.evaluation.cluster_words import units_panel
from pxcore.plots.numbers import count
from pxcore.plots.style import Theme, dressed, tinted
from pxcore.plots.text import one_line, plain
from pxcore.types import Array, Panel
from pxcore.types.unlabelled import Planes
from pxcore.types.unlabelled_views import ClusterResult

CLUSTER, KNOWN, DONOR = "cluster", "known class", "donor"
UNKNOWN = "unknown"
FIFTHS = ("darkest fifth", "second", "middle", "fourth", "brightest fifth")
LEVELS = {
    "light": ("#C3CED9", "#93B4D1", "#5F99C6", "#2A78B3", "#0A3F66"),
    "dark": ("#465260", "#4A6A86", "#4C86B0", "#58A6DA", "#B5E0FC"),
}
"""Tones of the five fifths of cells by brightness, by the page's theme."""
SYMBOLS = ("circle", "square", "triangle-up", "diamond", "x", "star")
MOST_NAMED = 48
"""Kinds that can be told apart by tone and shape; further ones share them."""


def names_of(result: ClusterResult) -> tuple[str, ...]:
    """Return what clusters are called until somebody names them.

    >>> from types import SimpleNamespace as Some
    >>> names_of(Some(sizes=(5, 3)))
    ('cluster 1', 'cluster 2')
    """
    return tuple(f"cluster {k + 1}" for k in range(len(result.sizes)))


def colourings(result: ClusterResult) -> tuple[str, ...]:
    """Return what the map may be coloured by: clusters, then what is known, then channels."""
    found = [CLUSTER]
    if (result.labels >= 0).any():
        found.append(KNOWN)
    if result.dataset.has_groups:
        found.append(DONOR)
    return (*found, *unit_names(result.panel, result.planes))


def unit_names(panel: Panel, planes: Planes) -> tuple[str, ...]:
    """Return the name of each picture, and of each volume without its slice."""
    return units_panel(panel, planes).names


def middle_planes(result: ClusterResult) -> tuple[int, ...]:
    """Return one plane of each channel, in ``result.panel``: of a volume its middle slice."""
    return tuple(planes[len(planes) // 2] for planes in result.planes.units)


def codes_map(result: ClusterResult, by: str, theme: Theme) -> go.Figure:
    """Return the t-SNE of the codes. A lasso brings ``customdata = [position in the data set]``.

    ``by``: one of :func:`colourings`.
    """
    kinds = _kinds(result, by, theme)
    rows = result.place_rows
    figure = go.Figure()
    size = 7 if len(rows) <= 1500 else 5 if len(rows) <= 5000 else 4
    for kind in kinds:
        chosen = kind.chosen[rows]
        if not chosen.any():
            continue
        figure.add_scatter(
            x=result.places[chosen, 0].tolist(),
            y=result.places[chosen, 1].tolist(),
            customdata=[[int(cell)] for cell in result.cells[rows[chosen]]],
            mode="markers",
            marker={"size": size, "color": kind.tone, "symbol": kind.symbol, "opacity": 0.8},
            name=plain(kind.name, 28),
            hovertemplate="cell %{customdata[0]}<extra></extra>",
            unselected={"marker": {"opacity": 0.18}},
        )
    alt = (
        f"t-SNE map of the codes of {count(len(rows), 'cell')} in {len(result.sizes)} clusters, "
        f"coloured by {one_line(by)}."
    )
    dressed(figure, theme, alt=alt, height=560)
    if by == CLUSTER:
        _number(figure, result, theme)
    figure.update_xaxes(showticklabels=False, showgrid=False, showline=False, title_text="t-SNE 1")
    figure.update_yaxes(showticklabels=False, showgrid=False, showline=False, title_text="t-SNE 2")
    figure.update_layout(
        dragmode="lasso",
        margin={"l": 34, "r": 8, "t": 8, "b": 34},
        legend={"orientation": "v", "x": 1.01, "y": 1, "yanchor": "top", "itemsizing": "constant"},
    )
    return figure


def codes_table(result: ClusterResult) -> pd.DataFrame:
    """Return a row a cell: its cluster, how likely that is, what is known, its place on the map."""
    places = np.full((len(result.cells), 2), np.nan)
    places[result.place_rows] = result.places
    frame = pd.DataFrame(
        {
            "cell": result.cells,
            CLUSTER: result.cluster + 1,
            "probability": result.posterior.round(4),
        }
    )
    if (result.labels >= 0).any():
        frame[KNOWN] = _named(result.labels, result.dataset.classes)
    if result.dataset.groups:
        frame[DONOR] = _named(result.groups, result.dataset.groups)
    return frame.assign(**{"t-SNE 1": places[:, 0].round(3), "t-SNE 2": places[:, 1].round(3)})


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """Dots that look alike."""

    name: str
    chosen: Array
    """(N,) bool: rows of the result's cells."""
    tone: str
    symbol: str = "circle"


def _kinds(result: ClusterResult, by: str, theme: Theme) -> list[_Kind]:
    """Return the dots that look alike under a colouring."""
    if by == CLUSTER:
        sizes = zip(names_of(result), result.sizes, strict=True)
        names = [f"{name} ({n:,})" for name, n in sizes]
        return _by_number(result.cluster, names, theme)
    if by == KNOWN:
        return _by_number(result.labels, result.dataset.classes, theme)
    if by == DONOR:
        return _by_number(result.groups, result.dataset.groups, theme)
    unit = colourings(result).index(by) - len(colourings(result)) + len(result.planes.units)
    values = result.brightness[:, list(result.planes.units[unit])].mean(axis=1)
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    fifth = order * len(FIFTHS) // max(len(values), 1)
    tones = LEVELS[theme.id]
    return [_Kind(name, fifth == k, tones[k]) for k, name in enumerate(FIFTHS)]


def _by_number(numbers: Array, names: Sequence[str], theme: Theme) -> list[_Kind]:
    """Return a kind a number, those without one in a quiet tone below all others."""
    tones = theme.series
    found = [
        _Kind(name, numbers == k, tones[k % len(tones)], SYMBOLS[k // len(tones) % len(SYMBOLS)])
        for k, name in enumerate(names)
    ]
    rest = numbers < 0
    return [_Kind(UNKNOWN, rest, theme.muted), *found] if rest.any() else found


def _number(figure: go.Figure, result: ClusterResult, theme: Theme) -> None:
    """Write every cluster's number at the middle of its dots."""
    of_placed = result.cluster[result.place_rows]
    for k in range(len(result.sizes)):
        dots = result.places[of_placed == k]
        if not len(dots):
            continue
        x, y = (float(value) for value in np.median(dots, axis=0))
        if not math.isfinite(x + y):
            continue
        figure.add_annotation(
            **{"x": x, "y": y, "text": f"<b>{k + 1}</b>", "showarrow": False},
            font={"size": 15, "color": theme.ink},
            bgcolor=tinted(theme.paper, 0.75),
        )


def _named(numbers: Array, names: Sequence[str]) -> list[str]:
    return [names[k] if k >= 0 else "" for k in numbers.tolist()]
