"""Tables and JSON of a run in which the first training's test part lacks a class."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import tests.example_values as ex
from pxcore.data.csv_guard import csv_text
from pxcore.importance.fold import combine
from pxcore.importance.rank_ranges import Draws
from pxcore.importance.ranking import rank
from pxcore.plots import ranking as figures
from pxcore.plots.style import LIGHT
from pxcore.runs import tables as tables_module
from pxcore.runs.saved.ranks import plain_performance
from pxcore.runs.tables import run_json, tables
from pxcore.store.home import Store
from pxcore.training.performance import performance
from pxcore.types import RunResult
from tests.made_folds import made_fold

COLUMNS = ["training_1", "training_2", "training_3"]


@pytest.fixture
def gap(monkeypatch: pytest.MonkeyPatch) -> RunResult:
    """A result of three trainings; the first one's test cells have no G2."""
    labels = [np.arange(60) % 2, np.arange(60) % 3, np.arange(60) % 3]
    made = [made_fold((0.1, 0.5, 0.0, 0.3), seed=j, labels=own) for j, own in enumerate(_long())]
    importance = combine(made, [300] * 3)
    rows = np.random.default_rng(0).dirichlet(np.ones(3), (3, 60)).astype(np.float32)
    found = ex.result()
    found = replace(
        found,
        performance=performance(labels, list(rows), (300,) * 3, (60,) * 3),
        methods=(
            replace(
                found.methods[0],
                importance=importance,
                ranking=rank(importance, made, draws=Draws(n_samples=20)),
            ),
        ),
    )
    monkeypatch.setattr(tables_module, "result", lambda *_: found)
    monkeypatch.setattr(tables_module, "stories", lambda *_: ())
    return found


def _long() -> list[np.ndarray]:
    return [np.arange(150) % 2, np.arange(150) % 3, np.arange(150) % 3]


def test_every_training_keeps_its_column(gap: RunResult, store: Store) -> None:
    written = {name: csv_text(frame) for name, frame in tables(store, "r").items() if len(frame)}
    per_class = pd.read_csv(io.StringIO(written["per_class"]))
    scores = gap.methods[0].importance.scores  # (J, R, C, K)
    for c, channel in enumerate(gap.panel.names):
        row = per_class[(per_class["channel"] == channel) & (per_class["class"] == "G2")]
        values = row[COLUMNS].to_numpy()[0]
        assert np.isnan(values[0])
        np.testing.assert_allclose(values[1:], scores[1:, :, c, 2].mean(axis=1))
    measured = pd.read_csv(io.StringIO(written["performance"]))
    for measure in ("f1", "precision", "recall"):
        row = measured[(measured["measure"] == measure) & (measured["class"] == "G2")]
        known = row[COLUMNS].notna().to_numpy()[0].tolist()
        assert known == [False, True, True]
    assert all("nan" not in text.lower() and "None" not in text for text in written.values())


def test_json_says_null(gap: RunResult, store: Store) -> None:
    told = json.dumps(plain_performance(gap.performance), allow_nan=False)
    folds = json.loads(told)["f1_per_class"][2]["folds"]
    assert folds[0] is None
    assert folds[1:] == list(gap.performance.f1_per_class[2].folds[1:])
    json.dumps(run_json(store, "r"), allow_nan=False)


def test_a_score_that_a_training_lacks_is_null_in_the_run_json(
    gap: RunResult, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = replace(gap.performance.f1_macro, folds=(None, 0.5, 0.6))
    changed = replace(gap, performance=replace(gap.performance, f1_macro=first))
    monkeypatch.setattr(tables_module, "result", lambda *_: changed)
    told = run_json(store, "r")["performance"]
    assert isinstance(told, dict)
    assert told["f1_macro"]["folds"] == [None, 0.5, 0.6]


def test_the_dots_name_the_right_training(gap: RunResult) -> None:
    method = gap.methods[0]
    drawn = figures.channel_classes(gap.panel, gap.spec.classes, method, 1, LIGHT).data[0]
    scores = figures.class_scores(gap.performance, gap.spec.classes, LIGHT).data[0]
    for trace, intervals in (
        (drawn, method.ranking.per_class[1]),
        (scores, gap.performance.f1_per_class),
    ):
        of_g2 = [
            (number, x)
            for (row, number), x in zip(trace.customdata, trace.x, strict=True)
            if row == 2
        ]
        _, second, third = intervals[2].folds
        assert of_g2 == [(2, second), (3, third)]
        assert "customdata[1]" in trace.hovertemplate
