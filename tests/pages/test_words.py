"""Times, sizes and documented examples of the pages and figures."""

from __future__ import annotations

import doctest
import importlib
from datetime import UTC, datetime, timedelta, timezone

import pytest

from pages.parts.words import moment
from pxcore.plots.numbers import minute

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WITH_EXAMPLES = (
    "pages.parts.methods",
    "pages.parts.text",
    "pages.parts.words",
    "pxcore.data.csv_guard",
    "pxcore.plots.numbers",
    "pxcore.plots.redundancy",
    "pxcore.plots.sprites",
    "pxcore.plots.style",
    "pxcore.plots.text",
    "pxcore.runs.share_rows",
    "pxcore.types.addresses",
)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=-600), "just now"),  # clocks jump
        (timedelta(seconds=10), "just now"),
        (timedelta(minutes=12), "12 min ago"),
        (timedelta(days=30), "2026-01-30"),
    ],
)
def test_moments(ago: timedelta, words: str) -> None:
    assert moment((NOW - ago).isoformat(), NOW) == words


def test_times_that_cannot_be_read() -> None:
    assert moment("yesterday") == "at an unknown time"
    assert minute("") == minute("yesterday") == ""


def test_times_are_told_in_one_zone_whatever_their_own() -> None:
    same = ("2026-03-01T23:30:59+00:00", "2026-03-02T00:30:59+01:00", "2026-03-01T23:30:59")
    assert {minute(stamp) for stamp in same} == {"2026-03-01 23:30"}
    assert {minute(stamp, timezone(timedelta(hours=2))) for stamp in same} == {"2026-03-02 01:30"}


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_documented_examples_hold(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted
    assert not outcome.failed
