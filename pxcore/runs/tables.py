"""A finished run as tables and as the command line's JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from pxcore.plots.channel_sentence import channel_sentence
from pxcore.runs.evidence_rows import (
    Row,
    evidence_json,
    gate_rows,
    interval_json,
    leakage_rows,
    left_out_rows,
    number,
    redundancy_rows,
    where_rows,
)
from pxcore.runs.result import result, stories
from pxcore.runs.saved.model import Story
from pxcore.runs.truth_rows import truth_json, truth_rows
from pxcore.store.home import Store
from pxcore.types import Interval, MethodResult, Performance, Role, RunResult


def tables(store: Store, run_id: str) -> dict[str, pd.DataFrame]:
    """Return the tables of a finished run; see `tables_of`."""
    return tables_of(result(store, run_id), stories(store, run_id))


def tables_of(found: RunResult, told: Sequence[tuple[str, Story]]) -> dict[str, pd.DataFrame]:
    """Return importance, ranking, per_class, performance, confusion and training.

    With ``where``, ``redundancy``, ``gates`` (sanity checks), ``leakage``, ``left_out`` and
    ``truth`` where the run has them. ``models_of`` in performance: the method whose own models
    they are, empty for the run's. Channels stand in panel order. What is not known (a class
    without cells) is missing.

    Parameters
    ----------
    told
        Label and story of every training.
    """
    rows = {
        "importance": [row for method in found.methods for row in _importance(found, method)],
        "ranking": [row for method in found.methods for row in _ranking(found, method)],
        "per_class": [row for method in found.methods for row in _per_class(found, method)],
        "performance": [
            *_performance("", found.spec.classes, found.performance),
            *(
                row
                for one in found.methods
                if one.performance is not None
                for row in _performance(one.method, found.spec.classes, one.performance)
            ),
        ],
        "confusion": list(_confusion(found)),
        "training": list(_training(told)),
    }
    further = {
        "where": list(where_rows(found)),
        "redundancy": list(redundancy_rows(found)),
        "gates": list(gate_rows(found)),
        "leakage": list(leakage_rows(found)),
        "left_out": list(left_out_rows(found)),
        "truth": list(truth_rows(found)),
    }
    rows |= {name: listed for name, listed in further.items() if listed}
    return {name: pd.DataFrame(listed) for name, listed in rows.items()}


def run_json(store: Store, run_id: str) -> dict[str, object]:
    """Return a finished run as ``python -m pxcore run --json`` writes it; never NaN.

    Lists follow ``channels`` (panel order). ``repeats``: of each training.
    """
    found = result(store, run_id)
    return {
        "run_id": found.run.id,
        "dataset_id": found.run.dataset_id,
        "channels": list(found.panel.names),
        "decoys": [one.name for one in found.panel.channels if one.role is Role.DECOY],
        "classes": list(found.spec.classes),
        "performance": _performance_json(found.performance),
        "importance": {method.method: _method_json(found, method) for method in found.methods},
        **evidence_json(found),
        "truth": truth_json(found),
        "cache": {"computed": found.computed, "reused": found.reused},
        "timing": dict(found.seconds),
    }


def _method_json(found: RunResult, method: MethodResult) -> dict[str, object]:
    ranking = method.ranking
    return {
        "mean": [number(value) for value in ranking.mean],
        "low": [number(value) for value in ranking.low],
        "high": [number(value) for value in ranking.high],
        "rank": list(ranking.rank),
        "rank_low": list(ranking.rank_low),
        "rank_high": list(ranking.rank_high),
        "repeats": list(method.importance.repeats),
        "unit": method.importance.unit,
        "model": method.model,
        "performance": _performance_json(found.behind(method)),
        "verdict": [str(verdict) for verdict in ranking.verdict],
        "decoy_bound": number(ranking.decoy_bound),
        "probability_drop": [number(one.mean) for one in ranking.probability],
        "small_classes": [found.spec.classes[k] for k in ranking.small_classes],
        "sentence": [channel_sentence(found, method, c) for c in range(len(found.panel))],
    }


def _performance_json(performance: Performance) -> dict[str, object]:
    names = ("f1_macro", "f1_weighted", "accuracy")
    return {name: interval_json(getattr(performance, name)) for name in names}


def _importance(found: RunResult, method: MethodResult) -> Iterator[Row]:
    importance = method.importance
    for j, r, c, k in np.argwhere(~np.isnan(importance.scores)).tolist():
        yield {
            "method": method.method,
            "training": j + 1,
            "repeat": r + 1,
            "channel": found.panel.names[c],
            "class": found.spec.classes[k],
            "score": float(importance.scores[j, r, c, k]),
            "probability_drop": float(importance.probability_drop[j, r, c, k]),
            "unit": importance.unit,
        }


def _ranking(found: RunResult, method: MethodResult) -> Iterator[Row]:
    ranking = method.ranking
    for c, channel in enumerate(found.panel.channels):
        yield {
            "method": method.method,
            "channel": channel.name,
            "role": str(channel.role),
            "mean": ranking.mean[c],
            "low": ranking.low[c],
            "high": ranking.high[c],
            "rank": ranking.rank[c],
            "rank_low": ranking.rank_low[c],
            "rank_high": ranking.rank_high[c],
            "verdict": str(ranking.verdict[c]),
            "decoy_bound": math.nan if ranking.decoy_bound is None else ranking.decoy_bound,
            "probability_drop": ranking.probability[c].mean if ranking.probability else math.nan,
            "unit": method.importance.unit,
            "sentence": channel_sentence(found, method, c),
            **{f"training_{j + 1}": values[c] for j, values in enumerate(ranking.folds)},
        }


def _per_class(found: RunResult, method: MethodResult) -> Iterator[Row]:
    for c, name in enumerate(found.panel.names):
        for k, interval in enumerate(method.ranking.per_class[c]):
            yield {
                "method": method.method,
                "channel": name,
                "class": found.spec.classes[k],
                **_interval(interval),
            }


def _performance(method: str, classes: tuple[str, ...], performance: Performance) -> Iterator[Row]:
    """Yield how well models do: the run's own, or those of a method that has others."""
    own: Row = {"models_of": method}
    for name in ("f1_macro", "f1_weighted", "accuracy"):
        measured = getattr(performance, name)
        yield _measured(name, "", sum(performance.n_per_class), measured) | own
    for name in ("f1", "precision", "recall"):
        intervals: tuple[Interval, ...] = getattr(performance, f"{name}_per_class")
        for k, interval in enumerate(intervals):
            yield _measured(name, classes[k], performance.n_per_class[k], interval) | own


def _measured(measure: str, class_name: str, n: int, interval: Interval) -> Row:
    return {"measure": measure, "class": class_name, "n": n, **_interval(interval)}


def _confusion(found: RunResult) -> Iterator[Row]:
    classes = found.spec.classes
    for j, counts in enumerate(found.performance.confusion.tolist()):
        for true, row in enumerate(counts):
            for predicted, count in enumerate(row):
                yield {
                    "training": j + 1,
                    "true": classes[true],
                    "predicted": classes[predicted],
                    "cells": count,
                }


def _training(told: Sequence[tuple[str, Story]]) -> Iterator[Row]:
    for place, (label, story) in enumerate(told, start=1):
        for epoch in story.history:
            yield {
                "training": place,
                "label": label,
                "epoch": epoch.number,
                "training_loss": epoch.train_loss,
                "validation_loss": epoch.valid_loss,
                "validation_f1": epoch.valid_f1,
                "learning_rate": epoch.learning_rate,
                "seconds": epoch.seconds,
                "kept": int(epoch.number == story.best_epoch),
            }


def _interval(interval: Interval) -> Row:
    folds: Row = {
        f"training_{j + 1}": math.nan if value is None else value
        for j, value in enumerate(interval.folds)
    }
    return {"mean": interval.mean, "low": interval.low, "high": interval.high, **folds}
