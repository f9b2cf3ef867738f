"""How well the models of all folds do on the cells they never saw."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pxcore.training import metrics
from pxcore.training.intervals import corrected_interval
from pxcore.types import Array, Interval, Performance

_RANGE = (0.0, 1.0)


def performance(
    labels: Sequence[Array],
    probabilities: Sequence[Array],
    n_train: Sequence[int],
    n_test: Sequence[int],
    n_seeds: int = 1,
) -> Performance:
    """Return scores over trainings with corrected intervals, and every confusion.

    A score of a class uses the folds whose test part has that class: elsewhere it is undefined,
    or decided by a single wrong call, and stands as None among the folds' values. A class that no
    fold has gets mean 0 and the interval [0, 1]: nothing is known of it. F1-macro averages,
    fold by fold, over the classes that occur in it, true or called, as scikit-learn does. No value
    is ever NaN.

    Parameters
    ----------
    labels
        For each training (fold times seed), (n,) true class numbers of its test cells.
    probabilities
        For each, (n, K) probabilities of those cells; the class called is the largest one.
    n_train, n_test
        For each, the cells that were trained on, and the cells of its test part.
    n_seeds
        Trainings of each fold: every test cell is counted once in ``n_per_class``.
    """
    n_classes = probabilities[0].shape[1]
    counts = np.stack(
        [
            metrics.confusion(true, probability.argmax(1), n_classes)
            for true, probability in zip(labels, probabilities, strict=True)
        ]
    )  # (J, K, K)

    cells = counts.sum((0, 2)) // n_seeds  # (K,)

    def interval(values: Array, n_cells: int) -> Interval:
        return corrected_interval(values.tolist(), n_train, n_test, bounds=_RANGE, n_cells=n_cells)

    def whole(score: Callable[[Array], Array]) -> Interval:
        return interval(score(counts), int(cells.sum()))

    def per_class(score: Callable[[Array], Array]) -> tuple[Interval, ...]:
        values = score(counts)  # (J, K)
        values = np.where(counts.sum(2) > 0, values, np.nan)
        return tuple(interval(values[:, k], int(cells[k])) for k in range(n_classes))

    return Performance(
        f1_macro=whole(metrics.f1_macro),
        f1_weighted=whole(metrics.f1_weighted),
        accuracy=whole(metrics.accuracy),
        f1_per_class=per_class(metrics.f1_per_class),
        precision_per_class=per_class(metrics.precision_per_class),
        recall_per_class=per_class(metrics.recall_per_class),
        n_per_class=tuple(int(n) for n in cells),
        confusion=counts,
    )
