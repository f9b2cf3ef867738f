"""Results survive their files, with what is not known and without pickle."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from pxcore.errors import StoreError
from pxcore.importance.fold import FoldImportance
from pxcore.runs.saved.model import Story, load_model, save_model
from pxcore.runs.saved.scored import Scored, load_scored
from pxcore.runs.saved.scores import load_scores, save_scores
from pxcore.runs.saved.text import from_file, to_text
from pxcore.types import Epoch, Fold, Interval, TrainedModel


def test_models_and_scores_survive_storage(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    epoch = Epoch(
        number=1, train_loss=0.1, valid_loss=0.2, valid_f1=0.3, learning_rate=1e-3, seconds=1.0
    )
    model = TrainedModel(
        weights={"a": rng.normal(size=(2, 3)).astype(np.float32), "n": np.array(3, np.int64)},
        low=np.zeros(2, np.float32),
        high=np.ones(2, np.float32),
        history=(epoch,),
        best_epoch=1,
        test_probability=rng.random((4, 2)).astype(np.float32),
        test_labels=np.arange(4) % 2,
        seconds=1.5,
        device="cpu",
    )
    fold = Fold(np.arange(4), np.arange(4, 6), np.arange(6, 10))
    story = Story(
        history=model.history, best_epoch=1, seconds=1.5, device="cpu", batch_size=8,
        n_train=4, n_valid=2, n_test=4, versions=(("torch", "2"),),
    )  # fmt: skip
    save_model(tmp_path, model, fold, np.ones(2), story)
    back, fold_back, _ = load_model(tmp_path)
    for field in fields(TrainedModel):
        if field.name != "weights":
            np.testing.assert_equal(getattr(back, field.name), getattr(model, field.name))
    np.testing.assert_equal(dict(back.weights), model.weights)
    np.testing.assert_array_equal(fold_back.valid, fold.valid)
    scores = FoldImportance(
        method="pxpermute", unit="drop in F1", scores=rng.normal(size=(2, 3, 2)),
        probability_drop=np.full((2, 3, 2), np.nan), base_score=np.ones(2),
        labels=np.arange(4) % 2, predictions=rng.integers(0, 2, (3, 2, 4)).astype(np.uint8),
        notes=("a note",),
    )  # fmt: skip
    save_scores(tmp_path, scores, 77, "cpu, 2 threads")
    assert load_scored(tmp_path).device == "cpu, 2 threads"
    (tmp_path / "scores.json").write_text('{"n_train": 77}')  # of an earlier version
    assert load_scored(tmp_path) == Scored(n_train=77)
    again, n_train = load_scores(tmp_path)
    assert n_train == 77
    assert again.notes == ("a note",)
    np.testing.assert_equal(again.arrays(), scores.arrays())


def test_what_is_not_known_is_null_and_comes_back(tmp_path: Path) -> None:
    value = Interval(mean=float("nan"), low=0.0, high=1.0, folds=(0.5, float("nan")))
    text = to_text(value)
    assert json.loads(text) == {"mean": None, "low": 0.0, "high": 1.0, "folds": [0.5, None]}
    (tmp_path / "a").write_text(text)
    back = from_file(Interval, tmp_path / "a")
    assert np.isnan(back.mean)
    assert back.folds == (0.5, None)


def test_a_file_of_another_version_says_so(tmp_path: Path) -> None:
    for text in ("{}", "not JSON", '{"mean": "text"}'):
        (tmp_path / "ranking.json").write_text(text)
        with pytest.raises(StoreError, match=r"ranking.json of a stored result.*another version"):
            from_file(Interval, tmp_path / "ranking.json")
