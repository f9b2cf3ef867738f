"""Numbers in words: F1 with three decimals, intervals in brackets, times as "about 12 min"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from pxcore.evaluation.numbers import MINUS, bounds, count, score, with_interval

__all__ = [
    "MINUS",
    "about",
    "bounds",
    "count",
    "duration",
    "listed",
    "minute",
    "score",
    "shortened",
    "size",
    "with_interval",
]


def duration(seconds: float) -> str:
    """Return a time a person can plan with, from seconds.

    >>> duration(0.4), duration(42), duration(100), duration(720), duration(9000)
    ('under 1 s', '42 s', '2 min', '12 min', '2 h 30 min')
    """
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = math.ceil(seconds / 60 - 0.25)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{round(hours / 24)} days"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def about(seconds: float | None) -> str:
    """Return ``about 12 min``, or that nobody knows yet."""
    if seconds is None or not math.isfinite(seconds):
        return "time left not known yet"
    return f"about {duration(seconds)}" if seconds >= 1 else "a moment"


def minute(stamp: str, zone: tzinfo | None = UTC) -> str:
    """Return a time stamp (ISO 8601) to the minute, in a time zone; empty for what is none.

    ``zone``: None for that of this host. A stamp without one is UTC.

    >>> minute("2026-03-01T10:00:59+00:00"), minute("never")
    ('2026-03-01 10:00', '')
    """
    try:
        then = datetime.fromisoformat(stamp)
    except ValueError:
        return ""
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return f"{then.astimezone(zone):%Y-%m-%d %H:%M}"


def size(n_bytes: float) -> str:
    """Return a number of bytes.

    >>> size(700), size(1536), size(5 * 2**30), size(3 * 2**40)
    ('700 B', '1.5 KiB', '5.0 GiB', '3072.0 GiB')
    """
    number = float(n_bytes)
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.0f} B" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"


def listed(words: Sequence[str], last: str = "and") -> str:
    """Return ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def shortened(words: Sequence[str], most: int = 4) -> str:
    """Return :func:`listed`; of many the last ones are counted.

    >>> shortened("abcdef"), shortened("abcde"), shortened("abcd", 2)
    ('a, b, c, d and 2 more', 'a, b, c, d and e', 'a, b and 2 more')
    """
    if len(words) <= most + 1:
        return listed(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"
