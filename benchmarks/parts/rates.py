"""Images a second of cases that take turns, so that what else runs hits all of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np

from pxcore.types import Array

Rates = dict[str, Array]
"""Images of each case a second of wall time and a second of processor time: (rounds, 2)."""


def in_turns(cases: dict[str, Callable[[], int]], rounds: int) -> Rates:
    """Let the cases take turns; the first round only warms up."""
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for turn in range(rounds + 1):
        for name, run in cases.items():
            wall, busy = time.perf_counter(), processor_seconds()
            images = run()
            spent = time.perf_counter() - wall, processor_seconds() - busy
            if turn > 0:
                rates[name].append((images / spent[0], images / spent[1]))
    return {name: np.array(values) for name, values in rates.items()}


def processor_seconds() -> float:
    """Processor time of this process and its ended children, all threads together."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def ratio(rates: Rates, one: str, other: str) -> Array:
    """Medians over rounds (wall, processor time): what else runs hits both in one round."""
    found: Array = np.median(rates[one] / rates[other], axis=0)
    return found


def show(rates: Rates, ratios: list[tuple[str, str]]) -> None:
    print("  images a second of                     wall time   processor time")
    for name, values in rates.items():
        wall, busy = np.median(values, axis=0)
        print(f"  {name:38s} {wall:9.1f} {busy:16.1f}")
    for one, other in ratios:
        wall, busy = ratio(rates, one, other)
        print(f"  {one + ' / ' + other:38s} {wall:9.2f} {busy:16.2f}")
