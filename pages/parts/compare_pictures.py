"""Attribution pictures: what each method looks at in single held-out cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.parts.compare_address import asked_all, one_of, put
from pages.parts.figures import Shown, show
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.plots.attribution import MapView, attribution_sheet, scales_of
from pxcore.plots.numbers import count, listed
from pxcore.plots.text import one_line
from pxcore.types import Array, AttributionMaps, FoldPredictions
from pxcore.types.comparison import Column, Comparison

A_PAGE = 4
WIDE = 1100
"""Pixels that the cells of one line may take."""
TILE = 64
"""Pixels that one picture takes at least."""
NAMED = 130
"""Pixels that one picture takes at most so that its channel's name fits above it."""
EVERY = "every class"


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which cells of which run."""

    columns: tuple[Column, ...]
    """The attribution methods of the run that are compared."""
    fold: int
    positions: tuple[int, ...]


def draw(comparison: Comparison) -> None:
    """Draw the pixel maps of some cells, or say why there are none."""
    runs: dict[str, list[Column]] = {}
    for column in comparison.columns:
        if column.kind == "attribution":
            runs.setdefault(column.run.id, []).append(column)
    others = [column.label for column in comparison.columns if column.kind != "attribution"]
    if others:
        without = listed([md(name, 60) for name in dict.fromkeys(others)])
        st.caption(
            f"No pixel map: {without}. Methods that change a channel or train again say how much a "
            "whole channel matters, not which pixels of it.",
            width=980,
        )
    if not runs:
        st.markdown(
            "None of the chosen rankings comes from an attribution method. Add one, such as "
            "integrated gradients, to the run or to the choice above.",
            width=720,
        )
        return
    chosen = _choose(runs)
    if chosen is None:
        return
    run_id = chosen.columns[0].run.id
    names = [column.item.method for column in chosen.columns]
    with st.spinner("Explaining these cells"):
        maps = lab().comparing.maps(run_id, chosen.fold, chosen.positions, names)
    _sheets(maps, chosen)


def _choose(runs: dict[str, list[Column]]) -> _Choice | None:
    """Draw the choice of run, fold, class and page; return the cells."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        titles = {
            key: one_line(found[0].run.title or found[0].run.dataset_title, 40)
            for key, found in runs.items()
        }
        run_id = one_of("cells_run", "Run", titles, menu=True)
        column = runs[run_id][0]
        tested = lab().test_predictions(run_id)
        folds = {str(one.fold + 1): f"fold {one.fold + 1}" for one in tested if not one.seed_index}
        fold = int(one_of("fold", "Held-out cells of", folds, menu=True)) - 1
        classes = {EVERY: EVERY} | {name: one_line(name, 40) for name in column.classes}
        wanted = one_of("cells", "True class", classes, menu=True)
        part = next(one for one in tested if one.fold == fold and not one.seed_index)
        found = _cells(part, None if wanted == EVERY else column.classes.index(wanted))
        if not len(found):
            st.caption("No held-out cell of this fold has that class. Choose another one.")
            return None
        page = _page(-(-len(found) // A_PAGE))
    positions = found[(page - 1) * A_PAGE : page * A_PAGE]
    return _Choice(tuple(runs[run_id]), fold, tuple(int(p) for p in positions))


def _page(pages: int) -> int:
    """Draw the choice of a page, in the address."""
    asked_for = [text for text in asked_all("cells_page") if text.isascii() and text.isdecimal()]
    wanted = min(max(1, int(asked_for[0][:6])), pages) if asked_for else 1
    key = f"compare-cells-page-{wanted}"  # another address, another default
    page = int(st.pagination(pages, default=wanted, max_visible_pages=5, key=key))
    if page != wanted:
        put("cells_page", [str(page)] if page > 1 else [])
    return page


def _cells(part: FoldPredictions, class_number: int | None) -> Array:
    """Return positions of held-out cells; of every class, one of each in turn."""
    positions = part.positions
    if class_number is not None:
        own: Array = positions[part.true == class_number]
        return own
    turn = np.zeros(len(part.true), dtype=np.int64)
    for k in np.unique(part.true):
        members = part.true == k
        turn[members] = np.arange(members.sum())
    in_turn: Array = positions[np.lexsort((part.true, turn))]
    return in_turn


def _sheets(maps: AttributionMaps, chosen: _Choice) -> None:
    """Draw the cells, as many beside one another as fit."""
    column = chosen.columns[0]
    channels = column.panel.channels[: maps.images.shape[1]]
    width = len(channels) * (maps.images.shape[3] + 2)
    longest = max(len(channel.name.removeprefix("decoy: ")) for channel in channels)
    tile = max(TILE, min(NAMED, 16 + 6 * longest))
    zoom = float(max(1, -(-tile // (maps.images.shape[3] + 2))))
    a_line = max(1, int(WIDE / (width * zoom + 20)))
    labels = {one.item.method: one.label for one in chosen.columns}
    view = MapView(
        channels=channels,
        limits=tuple(_limits(maps, c) for c in range(len(channels))),
        labels=labels,
        scales=scales_of(maps),
        captions=tuple(_caption(maps, n, column.classes) for n in range(len(maps.positions))),
        zoom=zoom,
    )
    for start in range(0, len(maps.positions), a_line):
        cells = range(start, min(start + a_line, len(maps.positions)))
        show(
            lambda theme, cells=cells: attribution_sheet(maps, cells, view, theme),  # type: ignore[misc]
            Shown(key=f"compare-maps-{start}", stem="attribution", own_width=True),
        )
    scales = ", ".join(
        f"{md(labels.get(name, name), 60)} {value:.3g}" for name, value in view.scales.items()
    )
    st.caption(
        f"{count(len(maps.positions), 'held-out cell')} of fold {chosen.fold + 1}, explained by "
        "the model that never saw them, with its true and its predicted class above. "
        "One colour scale for all maps: no colour is 0, full "
        "colour is each method's own 99.5th percentile of the size of its values over these "
        f"cells ({scales}), so that methods of different units can be seen side by side; compare "
        "patterns between methods, not strengths.",
        width=980,
    )


def _limits(maps: AttributionMaps, c: int) -> tuple[float, float]:
    """Return the contrast of a channel over these cells."""
    low, high = np.percentile(maps.images[:, c], (0.5, 99.8))
    return float(low), float(high)


def _caption(maps: AttributionMaps, n: int, classes: Sequence[str]) -> str:
    """Return true and predicted class of a cell."""
    true, called = int(maps.true[n]), int(maps.predicted[n])
    return f"{classes[true]}, predicted {classes[called]}"
