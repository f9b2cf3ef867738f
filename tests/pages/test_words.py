"""Times, sizes and documented examples of the pages and figures."""

from __future__ import annotations

import doctest
import importlib
from datetime import UTC, datetime, timedelta

import pytest

from pages.parts.words import day, moment

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
    assert day("") == ""


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_documented_examples_hold(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted
    assert not outcome.failed
