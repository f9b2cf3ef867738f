"""How well the classes are told apart: scores over folds, confusion, and the cells behind it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts.figures import Shown, show
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.plots.gallery import GalleryView, fitting, gallery
from pxcore.plots.matrix import confusion
from pxcore.plots.numbers import count
from pxcore.plots.ranking import class_scores
from pxcore.plots.rows import MANY, MOST_SHOWN
from pxcore.types import RunResult

A_PAGE = 8


def draw(result: RunResult, shown: Sequence[int]) -> None:
    """Draw per-class scores and the confusion matrix side by side.

    ``shown``: channels of the ranking, in which cells are shown where the panel is large.
    """
    st.subheader("How well classes are told apart", anchor=False)
    classes, performance = result.spec.classes, result.performance
    left, right = st.columns(2, gap="large")
    with left:
        show(
            lambda theme: class_scores(performance, classes, theme),
            Shown(key="class-scores", stem=result.run.title),
            scores(result),
        )
    with right:
        chosen = show(
            lambda theme: confusion(performance, classes, theme),
            Shown(key="confusion", stem=result.run.title, clickable=True),
            counts(result),
        )
    if chosen is not None and len(chosen) > 1:
        _cells(result, (chosen[0], chosen[1]), shown)
    else:
        st.caption("Click a tile of the confusion matrix to see its cells.")


def scores(result: RunResult) -> pd.DataFrame:
    """Return F1, precision and recall of each class with intervals."""
    performance = result.performance
    frame = pd.DataFrame({"class": list(result.spec.classes), "n": list(performance.n_per_class)})
    for name, values in (
        ("F1", performance.f1_per_class),
        ("precision", performance.precision_per_class),
        ("recall", performance.recall_per_class),
    ):
        frame[name] = [value.mean for value in values]
        frame[f"{name} low"] = [value.low for value in values]
        frame[f"{name} high"] = [value.high for value in values]
    return frame


def counts(result: RunResult) -> pd.DataFrame:
    """Return confusion counts over all folds, a row a true class."""
    total = result.performance.confusion.sum(axis=0)
    frame = pd.DataFrame(total, columns=[f"called {name}" for name in result.spec.classes])
    frame.insert(0, "true class", list(result.spec.classes))
    return frame


def _cells(result: RunResult, tile: tuple[int, int], shown: Sequence[int]) -> None:
    """Draw the held-out cells of one tile of the confusion matrix, surest first."""
    (true, predicted), classes, dataset = tile, result.spec.classes, result.dataset
    if not (true < len(classes) and predicted < len(classes)):
        return
    folds = lab().test_predictions(result.run.id)
    positions = np.concatenate([one.positions for one in folds])
    hit = np.concatenate([(one.true == true) & (one.predicted == predicted) for one in folds])
    sure = np.concatenate([one.probability for one in folds])
    positions, sure = positions[hit], sure[hit]
    order = np.argsort(-sure, kind="stable")
    called = f"{md(classes[true])} called {md(classes[predicted])}"
    st.markdown(f"**{count(len(order), 'held-out cell')} of {called}**, surest first")
    if not len(order):
        return
    page = st.pagination(-(-len(order) // A_PAGE), key=f"tile-page-{true}-{predicted}")
    chosen = order[(page - 1) * A_PAGE : page * A_PAGE]
    cells = lab().cells(dataset.id, [int(p) for p in positions[chosen]])
    names = [f"{classes[predicted][:12]} {p:.0%}" for p in sure[chosen]]
    overview = lab().overview(dataset.id)
    limits = list(zip(overview.low.tolist(), overview.high.tolist(), strict=True))
    channels = _channels(result, shown)
    zoom = fitting(len(channels), dataset.image_shape[2], most=2.0)
    view = GalleryView(channels=channels, zoom=zoom)
    show(
        lambda theme: gallery(dataset.panel, cells, names, limits, view, theme),
        Shown(key=f"tile-{true}-{predicted}-{page}", own_width=True),
    )
    st.caption("At the left: the predicted class and its probability.")


def _channels(result: RunResult, shown: Sequence[int]) -> tuple[int, ...]:
    """Return the data set's channels that a row of cells shows: all, or the ranking's first."""
    every, source = tuple(range(len(result.dataset.panel))), result.source_channels
    if len(every) <= MANY:
        return every
    return tuple(source[c] for c in shown if c < len(source))[:MOST_SHOWN] or every[:MOST_SHOWN]
