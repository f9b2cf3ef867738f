"""The three data sets of the paper as values for the page."""

from __future__ import annotations

from functools import cache

import numpy as np

from pxcore.data.catalogue import CATALOGUE
from pxcore.evaluation.published.figures import Recorded, figures
from pxcore.evaluation.published.findings import findings_of
from pxcore.evaluation.published.statistics import (
    margin_of,
    ranking_of,
    repeats_of,
    score_interval,
    sizes,
)
from pxcore.evaluation.published.words import sentence_of
from pxcore.importance.method import DROP_IN_F1
from pxcore.types import Panel
from pxcore.types.published import PublishedMethod, PublishedPanel, PublishedSet, Repeats

DOI = "10.1016/j.crmeth.2024.100715"
SOURCE = (
    "Shetab Boushehri et al., PXPermute reveals staining importance in multichannel imaging flow "
    "cytometry, Cell Reports Methods 4, 2024"
)
LABELS = {
    "pxpermute": "PXPermute",
    "occlusion": "Occlusion",
    "guided_gradcam": "Guided Grad-CAM",
    "integrated_gradients": "Integrated gradients",
    "deeplift": "DeepLift",
    "lrp": "LRP",
}
"""In the paper's order."""
FEWEST = 5
"""Repeats from which the k study is looked at."""


@cache
def published_sets() -> tuple[PublishedSet, ...]:
    """Return the paper's data sets in its order, with our statistics."""
    return tuple(_set(recorded) for recorded in figures().sets)


def _set(recorded: Recorded) -> PublishedSet:
    entry = CATALOGUE[recorded.id]
    panel = Panel(tuple(entry.panel.channels[entry.panel.index(n)] for n in recorded.channels))
    empty = [panel.index(name) for name in recorded.empty]
    n_train, n_test = sizes(recorded.images)
    methods = tuple(_method(recorded, name, empty) for name in LABELS)
    f1 = {one.id: one.f1 for one in recorded.panels}
    margin = margin_of(f1["minimal"], f1["all"]) if f1 else None
    repeats = _repeats(recorded)
    clean = score_interval(recorded.f1_clean, recorded.images)
    ranking = methods[0].ranking
    if ranking is None:
        message = "the recorded folds of pxpermute are missing"
        raise ValueError(message)
    return PublishedSet(
        id=recorded.id,
        title=entry.title,
        panel=panel,
        n_images=recorded.images,
        n_classes=recorded.classes,
        n_train=n_train,
        n_test=n_test,
        expected=recorded.expected,
        empty=recorded.empty,
        methods=methods,
        f1_printed=recorded.f1_printed,
        f1_clean=clean,
        panels=tuple(
            PublishedPanel(
                name=one.id,
                channels=one.channels,
                f1=score_interval(one.f1, recorded.images),
            )
            for one in recorded.panels
        ),
        margin=margin,
        repeats=repeats,
        sentence=sentence_of(panel, ranking, recorded.empty),
        findings=findings_of(recorded, ranking, repeats, clean, margin),
        dataset_doi=entry.doi,
        citation=entry.citation,
    )


def _method(recorded: Recorded, name: str, empty: list[int]) -> PublishedMethod:
    unit = DROP_IN_F1 if name in {"pxpermute", "occlusion"} else "attribution"
    folds = recorded.importance.get(name)
    best = recorded.best.get(name)
    return PublishedMethod(
        id=name,
        label=LABELS[name],
        unit=unit,
        ranking=ranking_of(folds, unit, recorded.images, empty) if folds else None,
        scaled=recorded.figure[name],
        removal=recorded.removal[name].average,
        best=best.mean if best else None,
        best_channels=best.k if best else 0,
    )


def _repeats(recorded: Recorded) -> Repeats:
    """Return the k study from 5 repeats on; fewer were recorded for a single fold only."""
    ks = [k for k in next(iter(recorded.repeats.values())).k if k >= FEWEST]
    values = []
    for fold in recorded.repeats.values():
        kept = [row for k, row in zip(fold.k, fold.values, strict=True) if k in ks]
        values.append(np.asarray(kept, dtype=np.float64))
    return repeats_of(ks, values, recorded.importance["pxpermute"])
