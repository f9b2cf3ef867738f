"""How well the donor can be told from the images alone: what a model may learn by the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pxcore.data.source import CellSource, spaced_sample
from pxcore.types import Array, frozen

_CELLS = 2000
_BYTES = 256 * 1024**2
"""At most so many cells are looked at, and about so many bytes."""
_AT_ONCE = 8 * 1024**2
_ENOUGH_CELLS = 10
"""Donors with fewer cells in the sample are left out."""
_FOLDS = 5
_TELLING = 0.2
"""Share of the way from chance to certainty from which on it is worth a warning."""


@dataclass(frozen=True, slots=True, eq=False)
class CellFeatures:
    """A few numbers about some cells, enough to tell recordings apart."""

    cells: Array
    """(S,) int64: positions, evenly spaced"""
    values: Array
    """(S, 4 C) float32: of each channel mean, standard deviation, mean of the border, mean step
    between neighbours in a row; in stored units"""

    def __post_init__(self) -> None:
        frozen(self, "cells", "values")


@dataclass(frozen=True, slots=True, kw_only=True)
class DonorsTold:
    """Cross-validated balanced accuracy of telling donors apart."""

    accuracy: float
    """Mean over donors of the share of their cells that are given to them."""
    error: float
    """Its standard error over cells; that folds share training cells is not counted."""
    chance: float
    """The same from the class alone, at least 1 / donors."""
    from_class: bool
    """The class alone tells more than nothing."""
    n_cells: int
    n_donors: int

    @property
    def telling(self) -> bool:
        """Clearly better than chance, by enough to matter."""
        sure = self.accuracy - 2.0 * self.error - self.chance
        return sure >= _TELLING * (1.0 - self.chance)


def cell_features(source: CellSource) -> CellFeatures:
    """Return the features of at most 2,000 evenly spaced cells."""
    cells = spaced_sample(source, np.arange(source.n_cells), _CELLS, _BYTES)
    n_channels = source.image_shape[0]
    values = np.empty((len(cells), n_channels, 4), np.float32)
    cell_bytes = max(1, int(np.prod(source.image_shape)) * 4)
    step = max(1, _AT_ONCE // cell_bytes)
    for start in range(0, len(cells), step):
        images = source.images(cells[start : start + step]).astype(np.float32)  # (n, C, H, W)
        rows, columns = images[:, :, [0, -1]], images[:, :, :, [0, -1]]
        border = (rows.mean(axis=(2, 3)) + columns.mean(axis=(2, 3))) / 2
        steps = np.abs(images[..., 1:] - images[..., :-1])
        some = steps.mean(axis=(2, 3)) if steps.size else np.zeros_like(border)
        found = (images.mean(axis=(2, 3)), images.std(axis=(2, 3)), border, some)
        values[start : start + step] = np.stack(found, axis=-1)
    return CellFeatures(cells, values.reshape(len(cells), -1))


def donors_told(features: CellFeatures, labels: Array, groups: Array) -> DonorsTold | None:
    """Return how well a linear classifier tells the donors of the sampled cells apart.

    Linear discriminants with equal priors and shrunk covariance on arcsinh-scaled features, five
    folds. None when fewer than two donors have ten cells in the sample.

    Parameters
    ----------
    labels, groups
        (N,) integers of all cells: class and donor numbers, -1 for none. A cell without a class
        counts as one class more.

    Notes
    -----
    Source of the shrinkage: Ledoit and Wolf, Journal of Multivariate Analysis 88, 2004.
    """
    donors, kinds, values = groups[features.cells], labels[features.cells], features.values
    sizes = np.bincount(donors[donors >= 0])
    used = np.isin(donors, np.flatnonzero(sizes >= _ENOUGH_CELLS))
    names, own = np.unique(donors[used], return_inverse=True)
    if names.size < 2:
        return None
    scale = np.median(np.abs(values[used]), axis=0).clip(1e-6)
    recalls, counts = _recalls(np.arcsinh(values[used] / scale), own)
    present, numbers = np.unique(kinds[used], return_inverse=True)
    chance, by_class = 1.0 / names.size, 0.0
    if present.size > 1:
        by_class = float(_recalls(np.eye(present.size)[numbers], own)[0].mean())
    return DonorsTold(
        accuracy=float(recalls.mean()),
        error=float(np.sqrt((recalls * (1.0 - recalls) / counts).sum()) / names.size),
        chance=max(chance, by_class),
        from_class=by_class > chance + 0.05,
        n_cells=int(counts.sum()),
        n_donors=names.size,
    )


def told_warnings(told: DonorsTold | None) -> Iterator[str]:
    """Yield a sentence when donors can be told apart clearly."""
    if told is None or not told.telling:
        return
    without = "from the class alone" if told.from_class else "by chance"
    yield (
        f"Donors can be told apart from the images alone: balanced accuracy {told.accuracy:.2f} "
        f"± {2.0 * told.error:.2f} against {told.chance:.2f} {without} ({told.n_cells} cells of "
        f"{told.n_donors} donors). So a model can know the donor: keep folds by donor, and do not "
        "trust scores of folds that split one."
    )


def _recalls(values: Array, donors: Array) -> tuple[Array, Array]:
    """Return (G,) the share of each donor's cells recognised when left out, and their number."""
    from sklearn.discriminant_analysis import (  # noqa: PLC0415 - slow to load, rarely needed
        LinearDiscriminantAnalysis,
    )
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415

    counts = np.bincount(donors)
    right = np.zeros(counts.size)
    values = values[:, np.ptp(values, axis=0) > 0]
    if not values.shape[1]:
        return np.full(counts.size, 1.0 / counts.size), counts
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    equal = np.full(counts.size, 1.0 / counts.size)
    for train, test in StratifiedKFold(_FOLDS, shuffle=True, random_state=0).split(values, donors):
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=equal)
        guessed = model.fit(values[train], donors[train]).predict(values[test])
        right += np.bincount(donors[test][guessed == donors[test]], minlength=counts.size)
    return right / counts, counts
