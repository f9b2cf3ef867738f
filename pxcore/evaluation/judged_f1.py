"""F1 of the models over the very classes that a ranking rests on, which the guard compares."""

from __future__ import annotations

import numpy as np

from pxcore.importance.small_classes import judged
from pxcore.training.intervals import corrected_interval
from pxcore.types import Interval, MethodResult, Performance


def judged_f1(performance: Performance, method: MethodResult) -> tuple[Interval, int]:
    """Return F1 over the classes that a method's ranking uses, and how many these are.

    ``performance`` is of the models that the method explained. Without small classes this is its
    F1-macro. Else each training has the mean of F1 over those classes of which it held out cells,
    with the corrected interval over trainings; guessing among K' classes gives 1 / K'.
    """
    importance, n_classes = method.importance, len(performance.f1_per_class)
    classes = judged(method.ranking.small_classes, ~np.isnan(importance.base_score)).classes
    if len(classes) == n_classes:
        return performance.f1_macro, n_classes
    per_class = [performance.f1_per_class[k].folds for k in classes]
    folds = [
        [value for value in values if value is not None] for values in zip(*per_class, strict=True)
    ]
    interval = corrected_interval(
        [float(np.mean(values)) if values else None for values in folds],
        importance.n_train,
        importance.n_test,
        bounds=(0.0, 1.0),
        n_cells=sum(performance.n_per_class[k] for k in classes),
    )
    return interval, len(classes)
