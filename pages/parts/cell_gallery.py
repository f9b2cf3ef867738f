"""Cells of a data set: rows are classes, columns are channels; one cell in all its channels."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import channel_rows
from pages.parts.figures import Shown, show
from pages.parts.session import asked, lab
from pages.parts.text import md
from pxcore.plots.gallery import SMALLEST, WIDE, GalleryView, fitting, gallery, one_cell
from pxcore.plots.sprites import composite_legend
from pxcore.plots.text import one_line
from pxcore.types import CellImages, Dataset, Role

Limits = tuple[tuple[float, float], ...]
SEED = 0


def draw(dataset: Dataset, limits: Limits) -> None:
    """Draw the gallery with its settings, and the cell that the address names."""
    per_class, view, page = _settings(dataset)
    names, positions = _pick(dataset, page, per_class)
    if not positions:
        st.caption("No more cells here; go back a page.")
        return
    cells = lab().cells(dataset.id, positions)
    clicked = show(
        lambda theme: gallery(dataset.panel, cells, names, limits, view, theme),
        Shown(key=f"gallery-{page}-{per_class}", clickable=True, own_width=True),
    )
    legend = [one_line(dataset.panel.names[c], 40) for c in view.composite]
    colours = f" Composite: {md(composite_legend(legend), 300)}." if legend else ""
    st.caption(
        "One contrast for all cells of a channel; its limits stand under the name. Click a cell "
        f"to see it in all channels.{colours}"
    )
    if clicked is not None:
        st.query_params["cell"] = str(clicked[0])
    chosen = asked("cell")
    if chosen.isdecimal() and int(chosen) < dataset.n_cells:
        single(dataset, int(chosen), limits)


def _settings(dataset: Dataset) -> tuple[int, GalleryView, int]:
    """Draw the gallery's settings; return cells a class, what is shown, and the page."""
    stains = [c for c, one in enumerate(dataset.panel.channels) if one.role is Role.STAIN]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        per_class = st.selectbox(
            "Cells a class", [1, 2, 3, 5, 8], key="per-class", width=130, bind="query-params"
        )
        chosen = st.multiselect(
            "Composite of up to four channels",
            range(len(dataset.panel)),
            default=stains[:3] if len(stains) > 1 else [],
            format_func=lambda c: one_line(dataset.panel.names[c], 40),
            max_selections=4,
            key=f"composite-{dataset.id}",
            width=420,
        )
        outline = dataset.has_masks and st.toggle("Mask outline", key="outline")
        most = max((*dataset.class_counts, dataset.n_cells - dataset.n_labelled, 1))
        per = int(per_class or 1)
        page = st.pagination(min(-(-most // per), 500), max_visible_pages=5, key="page")
    channels = channel_rows.pick(dataset.panel, f"gallery-of-{dataset.id}")
    view = GalleryView(
        channels=channels,
        composite=tuple(chosen),
        outline=bool(outline),
        zoom=fitting(len(channels) + bool(chosen), dataset.image_shape[2]),
    )
    return per, view, int(page)


def _pick(dataset: Dataset, page: int, per_class: int) -> tuple[list[str], list[int]]:
    """Return the names of rows and the cells in them, class after class."""
    wanted: list[str | None] = list(dataset.classes)
    if dataset.n_cells > dataset.n_labelled:
        wanted.append(None)
    names: list[str] = []
    positions: list[int] = []
    for name in wanted:
        found = lab().pick_cells(dataset.id, name, page=page - 1, per_page=per_class, seed=SEED)
        names += [name if name is not None else "no label"] * len(found)
        positions += found
    return names, positions


def single(dataset: Dataset, position: int, limits: Limits, note: str = "") -> None:
    """Draw one cell in all its channels. ``note`` is Markdown, such as its prediction."""
    cells = lab().cells(dataset.id, [position])
    st.subheader(f"Cell {int(cells.object_numbers[0])}", anchor=False)
    st.markdown(" · ".join([*cell_facts(dataset, cells, 0), *([note] if note else [])]))
    outline = cells.masks is not None
    across = min(6, len(dataset.panel))
    zoom = WIDE / (across * (dataset.image_shape[2] + 2))
    zoom = float(min(6, int(zoom))) if zoom >= 2 else round(max(SMALLEST, zoom), 2)
    show(
        lambda theme: one_cell(dataset.panel, cells, limits, theme, outline=outline, zoom=zoom),
        Shown(key=f"cell-{position}", own_width=True),
    )


def cell_facts(dataset: Dataset, cells: CellImages, n: int) -> Sequence[str]:
    """Return class and donor of one of the cells as Markdown."""
    label, group = int(cells.labels[n]), int(cells.groups[n])
    facts = [f"class {md(dataset.classes[label])}" if label >= 0 else "no label"]
    if dataset.has_groups and group >= 0:
        facts.append(f"from {md(dataset.groups[group])}")
    return facts
