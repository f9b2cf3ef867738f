"""Cells with planted markers, and a cheap stand-in for the network that would rank them.

Drawn anew each time: single markers, two families whose members show one and the same thing, a
pair of which each alone tells nothing (the class decides whether the two agree in sign), and
markers that know nothing. What stands in for a network is least squares on the markers and their
products of two, ridged: it finds what acts alone and in pairs, as a network would, but it sees
numbers in place of pictures. So figures from here compare plans; they are no forecast of an F1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pxcore.errors import PanelError
from pxcore.types import Array, frozen

__all__ = ["FEWEST", "Planted", "draw_cells", "draw_planted", "drops", "fitted", "share_right"]

N_CLASSES = 4
FEWEST = 8
"""Candidates below which a draw has no room for families, a pair and something to choose from."""
_SINGLE, _FAMILY, _PAIR = 0.65, 0.78, 2.2
"""How far classes lie apart, in units of the noise; set so that all 20 markers at once end near
the 0.79 of the specification. Only differences of plans are to be read."""
_OWN = 0.5
"""What a family's member has for itself, in units of the noise."""
_RIDGE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Planted:
    """Which of M markers knows what."""

    shift: Array
    """(M, K) float64: mean of each class in a single marker; 0 in others."""
    family: Array
    """(M,) int64: 0 or 1 for members, -1 for others."""
    family_shift: Array
    """(2, K) float64"""
    pair: tuple[int, int]
    agree: Array
    """(K,) float64: 1 where the pair has the same sign, -1 where the opposite."""

    def __post_init__(self) -> None:
        frozen(self, "shift", "family", "family_shift", "agree")


def draw_planted(n_markers: int, rng: np.random.Generator) -> Planted:
    """Return markers in random order: a pair, two families, singles; the rest knows nothing.

    Of M markers max(1, 3 M / 20) are single, a family has three members, two below 12 markers:
    11 of 20 know something, and eight are enough to know all of it.

    Raises
    ------
    PanelError
        For fewer than eight markers.
    """
    if n_markers < FEWEST:
        message = (
            f"{n_markers} candidates are too few for the simulation, which plants families and a "
            f"pair; expected at least {FEWEST}"
        )
        raise PanelError(message)
    members = 3 if n_markers >= 12 else 2
    singles = max(1, round(3 * n_markers / 20))
    place = rng.permutation(n_markers)
    family = np.full(n_markers, -1)
    family[place[2 : 2 + members]] = 0
    family[place[2 + members : 2 + 2 * members]] = 1
    shift = np.zeros((n_markers, N_CLASSES))
    first = 2 + 2 * members
    shift[place[first : first + singles]] = _SINGLE * _contrasts(singles, rng)
    return Planted(
        shift=shift,
        family=family,
        family_shift=_FAMILY * _contrasts(2, rng),
        pair=(int(place[0]), int(place[1])),
        agree=rng.permutation(np.repeat([1.0, -1.0], N_CLASSES // 2)),
    )


def draw_cells(
    planted: Planted, markers: Array, n: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return ``(values, labels)`` of n new cells: (n, k) float64 of these markers, (n,) int64."""
    labels = rng.integers(0, N_CLASSES, size=n)
    values = planted.shift[markers].T[labels] + rng.standard_normal((n, len(markers)))
    common = planted.family_shift.T[labels] + rng.standard_normal((n, 2))  # (n, 2)
    sign = rng.choice([-1.0, 1.0], size=n)
    for column, marker in enumerate(markers):
        if planted.family[marker] >= 0:
            values[:, column] *= _OWN
            values[:, column] += common[:, planted.family[marker]]
        elif marker == planted.pair[0]:
            values[:, column] += _PAIR * sign
        elif marker == planted.pair[1]:
            values[:, column] += _PAIR * sign * planted.agree[labels]
    return values, labels


def fitted(values: Array, labels: Array) -> Array:
    """Return the weights of ridged least squares, (1 + k + k (k - 1) / 2, K) float64.

    Targets are 1 for a cell's class, 0 for others; the class with the largest answer is said.
    """
    wide = _with_products(values)
    gram = wide.T @ wide
    gram[np.diag_indices_from(gram)] += _RIDGE * len(values)
    target = np.zeros((len(labels), N_CLASSES))
    target[np.arange(len(labels)), labels] = 1.0
    solved: Array = np.linalg.solve(gram, wide.T @ target)
    return solved


def share_right(weights: Array, values: Array, labels: Array) -> float:
    """Return the share of cells whose class is said right."""
    return float(((_with_products(values) @ weights).argmax(axis=1) == labels).mean())


def drops(weights: Array, values: Array, labels: Array, rng: np.random.Generator) -> Array:
    """Return (k,) float64: loss of accuracy when one marker comes from other cells.

    With answers s = b0 + sum_i x_i b_i + sum_{i<j} x_i x_j w_ij, exchanging marker i adds
    (x_i' - x_i) (b_i + sum_j x_j w_ij): all markers at once, in closed form.
    """
    n, k = values.shape
    linear, product = weights[1 : 1 + k], np.zeros((k, k, N_CLASSES))
    product[_pairs(k)] = weights[1 + k :]
    product += product.transpose(1, 0, 2)
    slope = linear + (values @ product.reshape(k, -1)).reshape(n, k, N_CLASSES)  # (n, k, K)
    answers = _with_products(values) @ weights  # (n, K)
    moved = rng.permuted(values, axis=0) - values  # (n, k)
    exchanged = answers[:, None, :] + moved[:, :, None] * slope
    right = (exchanged.argmax(axis=2) == labels[:, None]).mean(axis=0)
    loss: Array = (answers.argmax(axis=1) == labels).mean() - right
    return loss


def _with_products(values: Array) -> Array:
    """Return (n, 1 + k + k (k - 1) / 2): one, the values, their products of two."""
    first, second = _pairs(values.shape[1])
    products = values[:, first] * values[:, second]
    return np.concatenate([np.ones((len(values), 1)), values, products], axis=1)


@lru_cache(maxsize=64)
def _pairs(k: int) -> tuple[Array, Array]:
    """Return (k (k - 1) / 2,) positions of the first and of the second of each two."""
    first, second = np.triu_indices(k, 1)
    return first, second


def _contrasts(count: int, rng: np.random.Generator) -> Array:
    """Return (count, K): class means around 0 with spread 1."""
    found = rng.standard_normal((count, N_CLASSES))
    found -= found.mean(axis=1, keepdims=True)
    spread: Array = found / found.std(axis=1, keepdims=True)
    return spread
