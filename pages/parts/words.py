"""Ages and numbers of classes in words."""

from __future__ import annotations

from datetime import UTC, datetime

from pxcore.plots.numbers import count, duration
from pxcore.types import Dataset

CLUSTERS = "clusters"
"""Stands for a preset in runs that cluster cells: these have a page of their own."""


def moment(stamp: str, now: datetime | None = None) -> str:
    """Return how long ago a UTC time stamp (ISO 8601) is; the date beyond a week.

    >>> moment("2026-03-01T10:00:00+00:00", datetime(2026, 3, 1, 10, 12, tzinfo=UTC))
    '12 min ago'
    """
    try:
        then = datetime.fromisoformat(stamp)
    except ValueError:
        return "at an unknown time"
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    if seconds < 45:
        return "just now"
    if seconds > 7 * 86400:
        return f"{then:%Y-%m-%d}"
    return f"{duration(seconds)} ago"


def classes_of(dataset: Dataset) -> str:
    """Return how many classes a data set has, or that it has none."""
    return count(len(dataset.classes), "class", "classes") if dataset.classes else "unlabelled"
