"""One number a fold and channel from stored repeats, and intervals of such numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pxcore.importance.ranking import over_repeats
from pxcore.importance.repeats import channel_values
from pxcore.training.intervals import corrected_interval
from pxcore.types import Array, Interval

DROP_RANGE = (-1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Cells behind J trainings (folds times seeds)."""

    n_train: tuple[int, ...]
    """That decided each one's weights."""
    n_test: tuple[int, ...]
    """That judged each one."""
    n_cells: int | None = None
    """Different held-out cells over all; None when no two trainings share any."""

    @property
    def share(self) -> float:
        """n_test / n_train, of the sums."""
        return sum(self.n_test) / sum(self.n_train)

    def interval(self, values: Array, bounds: tuple[float, float] | None = DROP_RANGE) -> Interval:
        """Return the corrected interval over folds of (J,) values; sums may leave (-1, 1)."""
        given = [float(value) for value in values]
        if bounds is not None:
            known = [value for value in given if not np.isnan(value)]
            bounds = (min(bounds[0], *known), max(bounds[1], *known)) if known else bounds
        return corrected_interval(
            given, self.n_train, self.n_test, bounds=bounds, n_cells=self.n_cells
        )


def fold_values(scores: Array, classes: Sequence[int]) -> Array:
    """Return (J, C) of (J, R, C, K) scores: the mean over repeats, then over ``classes``."""
    return channel_values(over_repeats(scores)[:, :, list(classes)])
