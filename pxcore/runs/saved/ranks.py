"""One method's ranking over folds, small enough to open at once: JSON and one small npz."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pxcore.runs.saved.text import from_file, plain, to_text
from pxcore.types import Importance, Interval, Performance, Ranking, Stability

RANKING, STABILITY, PERFORMANCE = "ranking.json", "stability.json", "performance.json"
IMPORTANCE, ABOUT = "importance.npz", "importance.json"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranked:
    """What combining the folds of one method gave."""

    ranking: Ranking
    importance: Importance
    stability: Stability | None
    performance: Performance
    """Of the models behind it; the same for every method of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    method: str
    unit: str
    repeats: tuple[int, ...]
    n_train: tuple[int, ...]
    n_test: tuple[int, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Performance:
    """A Performance whose counts are lists."""

    f1_macro: Interval
    f1_weighted: Interval
    accuracy: Interval
    f1_per_class: tuple[Interval, ...]
    precision_per_class: tuple[Interval, ...]
    recall_per_class: tuple[Interval, ...]
    n_per_class: tuple[int, ...]
    confusion: tuple[tuple[tuple[int, ...], ...], ...]


def save_ranked(folder: Path, ranked: Ranked) -> None:
    """Write the files of a ranking."""
    importance = ranked.importance
    np.savez_compressed(
        folder / IMPORTANCE,
        scores=importance.scores,
        probability_drop=importance.probability_drop,
        base_score=importance.base_score,
    )
    about = _About(
        method=importance.method,
        unit=importance.unit,
        repeats=importance.repeats,
        n_train=importance.n_train,
        n_test=importance.n_test,
        notes=importance.notes,
    )
    save_performance(folder, ranked.performance)
    (folder / ABOUT).write_text(to_text(about), encoding="utf-8")
    (folder / RANKING).write_text(to_text(ranked.ranking), encoding="utf-8")
    if ranked.stability is not None:
        (folder / STABILITY).write_text(to_text(ranked.stability), encoding="utf-8")


def load_ranked(folder: Path) -> Ranked:
    """Return a ranking with the evidence behind it."""
    about = from_file(_About, folder / ABOUT)
    with np.load(folder / IMPORTANCE, allow_pickle=False) as arrays:
        importance = Importance(
            method=about.method,
            unit=about.unit,
            scores=arrays["scores"],
            probability_drop=arrays["probability_drop"],
            repeats=about.repeats,
            n_train=about.n_train,
            n_test=about.n_test,
            base_score=arrays["base_score"],
            notes=about.notes,
        )
    stability = folder / STABILITY
    ranking = from_file(Ranking, folder / RANKING)
    if ranking.decoy_bound is not None and math.isnan(ranking.decoy_bound):
        ranking = replace(ranking, decoy_bound=None)
    return Ranked(
        ranking=ranking,
        importance=importance,
        stability=from_file(Stability, stability) if stability.is_file() else None,
        performance=load_performance(folder),
    )


def save_performance(folder: Path, performance: Performance) -> None:
    """Write the performance of some models."""
    told = json.dumps(plain_performance(performance), allow_nan=False)
    (folder / PERFORMANCE).write_text(told, encoding="utf-8")


def load_performance(folder: Path) -> Performance:
    """Return the performance of the models behind a ranking, or of a judgement."""
    stored = from_file(_Performance, folder / PERFORMANCE)
    return Performance(
        f1_macro=stored.f1_macro,
        f1_weighted=stored.f1_weighted,
        accuracy=stored.accuracy,
        f1_per_class=stored.f1_per_class,
        precision_per_class=stored.precision_per_class,
        recall_per_class=stored.recall_per_class,
        n_per_class=stored.n_per_class,
        confusion=np.array(stored.confusion, dtype=np.int64),
    )


def plain_performance(performance: Performance) -> dict[str, object]:
    """Return a performance as mappings and lists, None for what is not a number."""
    names = (
        *("f1_macro", "f1_weighted", "accuracy", "f1_per_class"),
        *("precision_per_class", "recall_per_class", "n_per_class"),
    )
    told = {name: plain(getattr(performance, name)) for name in names}
    return {**told, "confusion": performance.confusion.tolist()}
