"""Whether models tell the classes apart: unless they do, nothing can be said about a channel.

Asked of the classes that the ranking rests on: those with too few cells take no part.
They do where the whole interval of F1-macro lies above what guessing gives, 1 / number of classes.
Where it does not, that has one of two reasons, and they must not be mixed up: the models know
little, or there are too few trainings to be sure of models that may know a lot.
"""

from __future__ import annotations

import math
from enum import Enum

import numpy as np

from pxcore.types import Interval

FEW = 5
"""Below so many trainings, Student's factor alone may keep an interval down at guessing."""
MANY_FACTOR = 2.0
"""Student's factor with many trainings, at 95 %."""


class Told(Enum):
    """What F1 allows to say about models."""

    APART = "apart"
    TOO_FEW = "too few trainings"
    HARDLY = "hardly"


def chance(n_classes: int) -> float:
    """Return about what guessing, or naming one class always, gives."""
    return 1 / n_classes if n_classes else 0.0


def told_apart(f1: Interval, n_classes: int) -> Told:
    """Return whether models tell classes apart, and if that is not shown, why.

    *Too few trainings*: the scores lie so far above guessing that, at the same spread, many
    trainings would settle it. The spread of a mean over J folds is taken as s · sqrt(1/J +
    1/(J - 1)), with s the standard deviation over trainings: the corrected one, for test parts
    that are 1/J of the cells.
    """
    guessing, number = chance(n_classes), len(f1.known)
    if f1.low > guessing:
        return Told.APART
    if not 0 < number < FEW or not f1.mean > guessing:
        return Told.HARDLY
    if number == 1:
        return Told.TOO_FEW
    spread = float(np.std(f1.known, ddof=1)) * math.sqrt(1 / number + 1 / (number - 1))
    return Told.TOO_FEW if f1.mean - MANY_FACTOR * spread > guessing else Told.HARDLY
