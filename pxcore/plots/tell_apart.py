"""Why a ranking says nothing about channels, in words: its models do not tell classes apart."""

from __future__ import annotations

from pxcore.evaluation.judged_f1 import judged_f1
from pxcore.evaluation.tell_apart import Told, chance, told_apart
from pxcore.plots.numbers import bounds, count, score, with_interval
from pxcore.types import Interval, MethodResult, Performance

__all__ = ["Told", "told_apart", "why_no_ranking", "why_silent"]


def why_no_ranking(performance: Performance, method: MethodResult) -> str:
    """Return why a method's ranking says nothing about channels, as a clause; empty if it does.

    ``performance`` is of the models that the method explained.
    """
    return why_silent(*judged_f1(performance, method))


def why_silent(f1: Interval, n_classes: int) -> str:
    """Return why nothing can be said about channels, in a clause; empty where it can."""
    guessing = score(chance(n_classes))
    match told_apart(f1, n_classes):
        case Told.APART:
            return ""
        case Told.HARDLY:
            return (
                f"the models hardly tell the classes apart (F1 {with_interval(f1)}; guessing "
                f"gives about {guessing})"
            )
        case Told.TOO_FEW:
            number = len(f1.known)
            enough = "is not enough" if number == 1 else "are too few"
            return (
                f"on average the models tell the classes apart (F1 {score(f1.mean)}), but "
                f"{count(number, 'training')} {enough} to be sure: the interval "
                f"{bounds(f1.low, f1.high)} reaches guessing (about {guessing})"
            )
