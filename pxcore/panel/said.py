"""Numbers of panels in words; bounds are rounded to the side that promises less."""

from __future__ import annotations

import math

from pxcore.evaluation.numbers import score, with_interval
from pxcore.panel.constraints import names_of, stain_free, stains_of
from pxcore.types import Interval, Panel
from pxcore.types.panel import Members

__all__ = [
    "all_stains",
    "at_most",
    "beside",
    "fall",
    "panel_words",
    "score",
    "stains",
    "with_interval",
]

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def at_most(bound: float) -> str:
    """Return how much is lost at most, from the lower bound of the difference, rounded up.

    >>> at_most(-0.0171), at_most(-0.017), at_most(0.003)
    ('0.018', '0.017', '0.000')
    """
    return f"{max(0, math.ceil(-bound * 1000 - 1e-6)) / 1000:.3f}"


def fall(change: Interval) -> Interval:
    """Return a change as a loss: the same numbers with the other sign."""
    folds = tuple(None if value is None else -value for value in change.folds)
    return Interval(mean=-change.mean, low=-change.high, high=-change.low, folds=folds)


def stains(number: int) -> str:
    """Return ``no stain``, ``one stain``, ``eight stains``, ``12 stains``."""
    word = NUMBERS[number] if number < len(NUMBERS) else str(number)
    return f"{word} {'stain' if number < 2 else 'stains'}"


def all_stains(number: int) -> str:
    """Return ``all eight stains``, ``the one stain``."""
    return f"all {stains(number)}" if number > 1 else f"the {stains(number)}"


def panel_words(panel: Panel, members: Members) -> str:
    """Return the stains of a panel; of one without stains its stain-free channels."""
    named = stains_of(panel, members)
    if named:
        return names_of(panel, named)
    return f"{names_of(panel, members)} alone"


def beside(panel: Panel, members: Members) -> str:
    """Return `` beside BF1``: the stain-free channels that a panel with stains has too."""
    free = [i for i in members if i in stain_free(panel)]
    return f" beside {names_of(panel, free)}" if free and stains_of(panel, members) else ""
