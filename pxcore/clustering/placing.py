"""From codes to the points that are clustered. Every way is plain arrays and arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from pxcore.types import Array, frozen

_TINY = 1e-10
"""Share of the largest variance below which a direction is rounding, not spread."""


class Placing(Protocol):
    """A way from codes (n, L) to points (n, d), both float64."""

    kind: ClassVar[str]

    def points(self, codes: Array) -> Array:
        """Return the points of these codes."""
        ...

    def arrays(self) -> dict[str, Array]:
        """Return what makes it again, as plain arrays."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """``(codes - shift) @ matrix``: standardised, turned to its axes of spread, and whitened.

    Whitening gives every direction the same say. Without it the one of largest spread decides, and
    in pictures of cells that is where they lie and how large they are.
    """

    shift: Array
    """(L,) float64: mean of the codes it was fitted on."""
    matrix: Array
    """(L, d) float64"""
    kind: ClassVar[str] = "affine"

    def __post_init__(self) -> None:
        frozen(self, "shift", "matrix")

    def points(self, codes: Array) -> Array:
        """Return (n, d)."""
        found: Array = (np.asarray(codes, dtype=np.float64) - self.shift) @ self.matrix
        return found

    def arrays(self) -> dict[str, Array]:
        """Return both arrays."""
        return {"shift": self.shift, "matrix": self.matrix}


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """Points of the nearest known codes, weighted by 1 / distance: for maps without a formula.

    UMAP places the cells it was fitted on; a further cell goes where its ``k`` nearest are.
    """

    codes: Array
    """(n, L) float64: known codes, standardised by ``shift`` and ``scale``."""
    shift: Array
    scale: Array
    """(L,) float64"""
    places: Array
    """(n, d) float64: their points."""
    k: int = 5
    kind: ClassVar[str] = "nearest"

    def __post_init__(self) -> None:
        frozen(self, "codes", "shift", "scale", "places")

    def points(self, codes: Array) -> Array:
        """Return (n, d)."""
        from scipy.spatial import cKDTree  # noqa: PLC0415 - only this way needs it

        asked = (np.asarray(codes, dtype=np.float64) - self.shift) * self.scale
        k = min(self.k, len(self.codes))
        distance, near = cKDTree(self.codes).query(asked, k=np.arange(1, k + 1))
        weight = 1.0 / np.maximum(distance, 1e-12)
        weight /= weight.sum(axis=1, keepdims=True)
        found: Array = (self.places[near] * weight[:, :, None]).sum(axis=1)
        return found

    def arrays(self) -> dict[str, Array]:
        """Return all arrays, and ``k`` as one."""
        named = {name: getattr(self, name) for name in ("codes", "shift", "scale", "places")}
        return named | {"k": np.asarray(self.k, dtype=np.int64)}


def whitening(codes: Array, components: int) -> Affine:
    """Return what standardises codes and keeps their main directions at a variance of 1.

    At most ``components`` directions, and none that is only rounding, as where a number of the
    code is the same in every cell.

    >>> points = whitening(np.array([[0.0, 0, 7], [2, 1, 7], [0, 3, 7], [2, 4, 7]]), 9).points
    >>> points(np.array([[1.0, 2, 7]])).round(6).tolist()
    [[0.0, 0.0]]
    """
    shift = codes.mean(axis=0)
    spread = codes.std(axis=0)
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    values, vectors = np.linalg.eigh(np.cov((codes - shift) * scale, rowvar=False, ddof=0))
    order = np.argsort(values)[::-1][:components]
    order = order[values[order] > _TINY * values.max()]
    chosen = vectors[:, order]  # (L, d)
    # The sign of a direction is free: its largest part is made positive, so that it repeats.
    chosen = chosen * np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(len(order))])
    return Affine(shift, scale[:, None] * chosen / np.sqrt(values[order]))


def as_they_are(codes: Array) -> Affine:
    """Return what leaves codes as they are."""
    n = codes.shape[1]
    return Affine(np.zeros(n), np.eye(n))


PLACINGS: dict[str, type[Affine] | type[Nearest]] = {
    Affine.kind: Affine,
    Nearest.kind: Nearest,
}
"""Every way by the word that is stored with it."""
