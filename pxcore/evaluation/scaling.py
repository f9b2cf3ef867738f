"""Importance of different methods on one scale, as the paper's Figure 3 draws it."""

from __future__ import annotations

from collections.abc import Sequence

from pxcore.types import Interval


def bounds_of(values: Sequence[Interval]) -> tuple[float, float]:
    """Return the smallest and the largest value over all trainings and channels of a method.

    ::

        low = min over folds j and channels c of v[j, c],    high = max over the same

    Source: Shetab Boushehri et al. 2024, Figure 3. Their text scales each set of channels, their
    code all fold x channel values of a method at once; ours is the code's way. Decoys are left
    out by the caller, so that runs with and without them are scaled alike.

    Raises
    ------
    ValueError
        Without any value.
    """
    found = [fold for value in values for fold in value.known]
    if not found:
        message = "no value to scale; expected one of at least one training"
        raise ValueError(message)
    return min(found), max(found)


def scaled(value: Interval, bounds: tuple[float, float]) -> Interval:
    """Return a value, its interval and its trainings as (v - low) / (high - low).

    The interval is scaled as the value is, so it can reach beyond 0 and 1. Where all values are
    the same there is nothing to scale by, and all of them stand at 0.

    >>> scaled(Interval(mean=3.0, low=1.0, high=5.0, folds=(2.0, 4.0)), (2.0, 4.0)).mean
    0.5
    """
    low, high = bounds
    span = high - low

    def moved(number: float) -> float:
        return (number - low) / span if span > 0 else 0.0

    return Interval(
        mean=moved(value.mean),
        low=moved(value.low),
        high=moved(value.high),
        folds=tuple(None if fold is None else moved(fold) for fold in value.folds),
    )


def of_starts(value: Interval, seeds: int) -> tuple[float | None, ...]:
    """Return the mean over folds of each start, (seeds,); None for one without values.

    Trainings stand fold after fold, the starts of a fold together.

    >>> of_starts(Interval(mean=2.5, low=0, high=5, folds=(1.0, 2.0, 3.0, 4.0)), 2)
    (2.0, 3.0)
    """
    found = []
    for start in range(seeds):
        known = [fold for fold in value.folds[start::seeds] if fold is not None]
        found.append(sum(known) / len(known) if known else None)
    return tuple(found)
