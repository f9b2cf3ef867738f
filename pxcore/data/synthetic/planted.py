"""Which channel tells which classes apart: the truth that synthetic cells are drawn from.

Classes come in twos. Every two share a level of the amount marker. The two of an even level
differ by place (ring or spot), the two of an odd level by the pair of markers (equal or opposite
levels), so that no informative channel can stand in for another::

    class        A      B      C      D      E ...
    amount       0      0      1      1      2
    place        ring   spot   either either ring
    pair         either either equal  differ either

With three classes the fourth combination also belongs to class B. An odd class at the end (E of
five) has its level for itself. "Either" is drawn evenly for each cell.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pxcore.types import Array
from pxcore.types.cells import NOTHING

MIN_CLASSES, MAX_CLASSES = 3, 8


class Planted(StrEnum):
    """What a synthetic channel carries."""

    MORPHOLOGY = "morphology"
    """A weak hint in texture."""
    PLACE = "place"
    """Where the marker lies; the values inside the cell are the same for all classes."""
    AMOUNT = "amount"
    """How much marker there is; it is even inside the cell."""
    COPY = "copy"
    """The same amount once more, with its own noise."""
    PAIR = "pair"
    """Nothing alone, a difference between classes together with the other one."""
    UNSPECIFIC = "unspecific"
    """A bright stain of the whole cell that knows no class."""
    EMPTY = "empty"
    """Background and camera noise."""
    SCATTER = "scatter"
    """Darkfield speckle that knows no class."""
    NOISE = "noise"
    """A dim stain of the whole cell that knows no class."""

    @property
    def informative(self) -> bool:
        """True when the channel carries something about the class."""
        return self in _INFORMATIVE


_INFORMATIVE = (Planted.MORPHOLOGY, Planted.PLACE, Planted.AMOUNT, Planted.COPY, Planted.PAIR)


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """What each cell's class asks for. All (N,) int64."""

    level: Array
    """Of the amount marker, from 0."""
    spot: Array
    """1 for a spot, 0 for a ring."""
    first_high: Array
    second_high: Array
    """1 when this marker of the pair is high."""
    rough: Array
    """1 where the brightfield texture tends to be stronger."""


def class_names(n_classes: int) -> tuple[str, ...]:
    """Return ``("A", "B", ...)``."""
    return tuple(string.ascii_uppercase[:n_classes])


def n_levels(n_classes: int) -> int:
    """Return the number of levels of the amount marker."""
    return (n_classes + 1) // 2


def draw_codes(labels: Array, n_classes: int, rng: np.random.Generator) -> Codes:
    """Return what each cell shows. ``labels``: (N,) class numbers."""
    leaf = labels.copy()
    if n_classes == 3:
        leaf = np.where((labels == 1) & (rng.random(labels.size) < 0.5), 3, labels)
    either = rng.integers(0, 2, (3, labels.size))
    level, second = leaf // 2, leaf % 2
    alone = (n_classes % 2 == 1) & (leaf == n_classes - 1) & (n_classes > 3)
    by_place = (level % 2 == 0) & ~alone
    by_pair = (level % 2 == 1) & ~alone
    first_high = either[1]
    differ = np.where(by_pair, second, either[2])
    return Codes(
        level=level,
        spot=np.where(by_place, second, either[0]),
        first_high=first_high,
        second_high=first_high ^ differ,
        rough=second,
    )


def truth_of(kind: Planted, n_classes: int) -> str:
    """Return what is planted in a channel of this kind, as a sentence."""
    names = class_names(n_classes)
    twos = [names[i : i + 2] for i in range(0, n_classes, 2)]
    levels = "; ".join(
        f"level {i + 1} in {' and '.join(two)}" for i, two in enumerate(twos) if n_classes != 3
    )
    if n_classes == 3:
        levels = "level 1 in A and half of B; level 2 in C and half of B"
    places = ", ".join(f"ring in {t[0]}, spot in {t[1]}" for t in twos[::2] if len(t) == 2)
    pairs = ", ".join(f"equal in {t[0]}, opposite in {t[1]}" for t in twos[1::2] if len(t) == 2)
    if n_classes == 3:
        places, pairs = "ring in A, spot in half of B", "equal in C, opposite in half of B"
    rough = " and ".join(names[1::2])
    return {
        Planted.MORPHOLOGY: f"morphology: granules tend to be stronger in {rough}; a weak hint",
        Planted.PLACE: f"place: {places}, either in the rest; pixel values are alike in all",
        Planted.AMOUNT: f"amount: {levels}; even inside the cell",
        Planted.COPY: f"copy of the amount marker with its own noise: {levels}",
        Planted.PAIR: f"pair: high in half the cells of every class; the two are {pairs}",
        Planted.UNSPECIFIC: f"{NOTHING} a bright stain of the whole cell in every class",
        Planted.EMPTY: f"{NOTHING} background and camera noise",
        Planted.SCATTER: f"{NOTHING} speckle of random strength in every class",
        Planted.NOISE: f"{NOTHING} a dim stain of random strength in every class",
    }[kind]
