"""One data set: what it holds, how its cells look, its panel sheet, what was read and skipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.parts import cell_gallery, channel_rows, deleting, links, panel_editor
from pages.parts.errors import guarded
from pages.parts.figures import Shown, show
from pages.parts.header import Crumb, Download, header
from pages.parts.importing import skipped_line
from pages.parts.session import lab, may_change
from pages.parts.text import file_name, md
from pages.parts.words import moment
from pxcore.plots.counts import Histogram, class_counts, intensities
from pxcore.plots.numbers import count, duration, listed
from pxcore.plots.ranking import FEW
from pxcore.plots.text import one_line
from pxcore.types import Dataset, ImportReport, Panel

if TYPE_CHECKING:
    from pxcore.api import Overview

VIEWS = ("Cells", "Counts", "Intensities", "Panel sheet", "Labels", "Import")


def render(dataset_id: str) -> None:
    """Draw the page of one data set; one that cannot be shown can be deleted all the same."""
    with guarded(f"data set {dataset_id}"):
        _draw(dataset_id)
    deleting.offer("dataset", dataset_id)


def _draw(dataset_id: str) -> None:
    """Draw what it holds."""
    dataset = lab().dataset(dataset_id)
    overview = lab().overview(dataset_id)
    sheet = Download(
        "Panel sheet, CSV",
        file_name(dataset.title, "panel.csv"),
        "text/csv",
        lambda: lab().panel_sheet(dataset_id).encode("utf-8"),
    )
    header(dataset.title, [Crumb("Data sets", "datasets")], downloads=[sheet])
    st.markdown(f"##### {md(summary(dataset), 600)}", anchors=False)
    _warnings(dataset, overview)
    if may_change():
        _go_on(dataset)
    view = st.segmented_control(
        "View",
        VIEWS,
        default=VIEWS[0],
        required=True,
        key="view",
        label_visibility="collapsed",
        bind="query-params",
    )
    if view == "Counts":
        _counts(dataset, overview)
    elif view == "Intensities":
        _intensities(dataset, overview)
    elif view == "Panel sheet":
        panel_editor.panel(dataset)
    elif view == "Labels":
        panel_editor.labels(dataset)
    elif view == "Import":
        _report(dataset)
    else:
        cell_gallery.draw(dataset, limits_of(overview))


def summary(dataset: Dataset) -> str:
    """Return what the data set holds in one sentence."""
    _, height, width = dataset.image_shape
    text = (
        f"{count(dataset.n_cells, 'cell')} in {count(len(dataset.panel), 'channel')}, "
        f"{height} × {width} pixels"
    )
    if not dataset.classes:
        return text + "; no labels yet: add them under Labels, or find clusters first."
    text += f", {count(len(dataset.classes), 'class', 'classes')}"
    if dataset.has_groups:
        text += f" from {count(len(dataset.groups), 'donor or sample', 'donors or samples')}"
    unlabelled = dataset.n_cells - dataset.n_labelled
    if unlabelled:
        text += f", {unlabelled:,} of them without a label"
    return text + "."


def limits_of(overview: Overview) -> tuple[tuple[float, float], ...]:
    """Return each channel's fixed contrast."""
    return tuple(zip(overview.low.tolist(), overview.high.tolist(), strict=True))


def quality_notes(dataset: Dataset, overview: Overview) -> list[str]:
    """Return what looks odd about the cells, small classes first."""
    small = [
        f"{one_line(name, 40)} ({n})"
        for name, n in zip(dataset.classes, dataset.class_counts, strict=True)
        if n < FEW
    ]
    warnings = list(overview.warnings)
    if small and not any("class" in warning for warning in warnings):
        warnings.insert(0, f"Few cells in {listed(small)}: scores of such classes are uncertain.")
    return warnings


def _go_on(dataset: Dataset) -> None:
    """Draw the button to what these cells are for: a run, or clusters where no class is known."""
    if dataset.classes:
        if st.button("Rank these channels", type="primary", icon=":material/insights:"):
            links.go("new", dataset=dataset.id)
    elif st.button("Find clusters", type="primary", icon=":material/bubble_chart:"):
        links.go("unlabelled", dataset=dataset.id)


def _warnings(dataset: Dataset, overview: Overview) -> None:
    """Draw quality warnings, folded."""
    warnings = quality_notes(dataset, overview)
    if not warnings:
        return
    with st.expander(
        f"{count(len(warnings), 'quality note')}: {md(warnings[0], 160)}",
        icon=":material/warning:",
        type="compact",
    ):
        for warning in warnings:
            st.markdown(f"- {md(warning, 600)}")


def _counts(dataset: Dataset, overview: Overview) -> None:
    """Draw cells by class and donor."""
    if not dataset.classes:
        st.info(
            "No cell has a class yet. Find groups of cells, or add labels from a CSV under Labels."
        )
        return
    table, classes, groups = overview.class_by_group, list(overview.classes), list(overview.groups)
    classes, table = ([*classes, "no label"], table) if table[-1].any() else (classes, table[:-1])
    groups, table = ([*groups, "unknown"], table) if table[:, -1].any() else (groups, table[:, :-1])
    frame = pd.DataFrame(table, columns=groups)
    frame.insert(0, "class", classes)
    if len(groups) > 1:
        frame["all"] = table.sum(axis=1)
    show(
        lambda theme: class_counts(classes, table, groups, theme),
        Shown(key="counts", stem=dataset.title),
        frame,
    )


def _intensities(dataset: Dataset, overview: Overview) -> None:
    """Draw each channel's histogram: mean of each cell by class, or single pixels."""
    ways = ("cells, by class", "single pixels") if dataset.classes else ("single pixels",)
    way = st.segmented_control("Intensities of", ways, default=ways[0], required=True)
    if way == "single pixels":
        st.caption(
            f"Pixels of {count(overview.n_sampled, 'cell')}, counts on a logarithmic scale. Grey: "
            "what the gallery shows (0.05 to 99.95 percentile of the pixels that are not zero)."
        )
        series: tuple[str, ...] = ("pixels",)
        pairs = zip(overview.pixel_edges, overview.pixel_counts[:, None], strict=True)
    else:
        st.caption(
            "Mean intensity of each cell; heights are shares of the cells of a class. The "
            "outermost 1 % of cells is left out."
        )
        series = overview.classes
        pairs = zip(overview.mean_edges, overview.mean_counts[:, : len(series)], strict=True)
    histograms = [Histogram(edges=edges, counts=counts) for edges, counts in pairs]
    if len(series) > 1:
        histograms = [one.coarse() for one in histograms]
    shown = channel_rows.pick(dataset.panel, f"intensities-of-{dataset.id}")
    part, limits = Panel(tuple(dataset.panel.channels[c] for c in shown)), limits_of(overview)
    drawn, around = [histograms[c] for c in shown], [limits[c] for c in shown]
    show(
        lambda theme: intensities(part, drawn, series, around, theme),
        Shown(key=f"intensities-{len(series)}", stem=dataset.title),
        _histogram_table(dataset, histograms, series),
    )


def _histogram_table(
    dataset: Dataset, histograms: Sequence[Histogram], series: Sequence[str]
) -> pd.DataFrame:
    """Return histograms as a table, a row a bin."""
    return pd.concat(
        pd.DataFrame(
            {
                "channel": name,
                "series": one,
                "from": h.edges[:-1],
                "to": h.edges[1:],
                "n": h.counts[s],
            }
        )
        for name, h in zip(dataset.panel.names, histograms, strict=True)
        for s, one in enumerate(series)
    )


def _report(dataset: Dataset) -> None:
    """Draw what the import read, changed and left out."""
    report = dataset.report
    if report is None:
        st.caption("This data set keeps no import report.")
        return
    st.markdown("\n".join(_report_lines(dataset, report)), width=760)
    if dataset.truth:
        st.markdown("**Planted truth** of these synthetic cells")
        truth = {"channel": list(dataset.panel.names), "planted": list(dataset.truth)}
        st.dataframe(pd.DataFrame(truth), hide_index=True, key="truth")


def _report_lines(dataset: Dataset, report: ImportReport) -> list[str]:
    """Return the report as Markdown lines."""
    lines = [
        f"- Source: {md(report.source, 120)}, read as {md(report.format)}",
        f"- {count(report.n_read, 'cell')} read in {duration(report.seconds)}, "
        f"{moment(dataset.created)}",
        f"- {report.n_cropped:,} cropped and {report.n_padded:,} padded to "
        f"{dataset.image_shape[1]} × {dataset.image_shape[2]} pixels",
        f"- Pixels as {md(dataset.dtype)}; masks: {md(dataset.mask_kind.value)}",
    ]
    lines += [f"- {skipped_line(one)}" for one in report.skipped] or ["- Nothing was skipped."]
    lines += [f"- {md(note, 600)}" for note in report.notes]
    return [*lines, f"- Content id `{dataset.id}`"]
