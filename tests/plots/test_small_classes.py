"""Small classes: no part of the guard, and named beside an F1 that counts them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import tests.evidence_values as ev
import tests.example_values as ex
from pxcore.evaluation.comparison import column_of
from pxcore.evaluation.judged_f1 import judged_f1
from pxcore.evaluation.tell_apart import Told, told_apart
from pxcore.plots.reached import reached
from pxcore.plots.sentence import sentence
from pxcore.plots.tell_apart import why_no_ranking
from pxcore.training.intervals import corrected_interval
from pxcore.types import Interval, Performance

FEW = (2,)


def folded(*values: float | None) -> Interval:
    return corrected_interval(values, 80, 40, bounds=(0.0, 1.0))


def performance(small: tuple[float | None, ...], large: float = 0.7) -> Performance:
    """Return models that know two classes and do with the third, small one as ``small`` says."""
    steady = [folded(large - 0.01, large, large + 0.01)] * 2
    classes = (*steady, folded(*small))
    whole = np.array([[0.0 if v is None else v for v in one.folds] for one in classes])
    macro = corrected_interval(whole.mean(0).tolist(), 80, 40, bounds=(0.0, 1.0))
    return replace(ex.performance(), f1_macro=macro, f1_per_class=classes)


def test_f1_is_the_mean_over_the_classes_of_the_ranking() -> None:
    models = performance((0.0, 0.9, None))
    found, number = judged_f1(models, ev.method())
    assert number == 2
    assert found == folded(0.69, 0.7, 0.71)
    everything = replace(ev.method().ranking, small_classes=())
    kept = judged_f1(models, replace(ev.method(), ranking=everything))
    assert kept == (models.f1_macro, 3)


def test_all_classes_count_where_a_fold_has_no_other() -> None:
    method = ev.method()
    base = method.importance.base_score.copy()
    base[0, :2] = np.nan
    bare = replace(method, importance=replace(method.importance, base_score=base))
    models = performance((0.1, 0.2, 0.3))
    assert judged_f1(models, bare) == (models.f1_macro, 3)


def test_a_small_class_does_not_silence_models_that_know_the_others() -> None:
    models = performance((0.0, 0.0, 1.0))
    assert told_apart(models.f1_macro, 3) is not Told.APART
    assert why_no_ranking(models, ev.method()) == ""
    assert "says nothing" not in sentence(ev.panel(), ev.method(), models)


def test_a_small_class_does_not_lift_models_that_know_nothing() -> None:
    models = performance((1.0, 1.0, 1.0), large=0.3)
    assert told_apart(models.f1_macro, 3) is Told.APART
    assert "guessing gives about 0.500" in why_no_ranking(models, ev.method())
    assert "says nothing" in sentence(ev.panel(), ev.method(), models)


def test_comparisons_judge_by_the_same_classes() -> None:
    result = replace(ev.result(), performance=performance((0.0, 0.0, 1.0)))
    column = column_of(result, ev.method())
    assert column.n_classes == 2
    assert column.f1.mean == pytest.approx(0.7)


def test_small_classes_are_named_beside_f1() -> None:
    result = replace(ev.result(), performance=performance((0.0, 0.0, 1.0)))
    text = reached(result, ev.method())
    assert "over all 3 classes, including G2 (20 cells), and 0.700" in text
    assert text.endswith("over the 2 that the ranking uses,")
    plain = replace(ev.method(), ranking=replace(ev.method().ranking, small_classes=()))
    assert reached(result, plain).endswith("over all 3 classes")
