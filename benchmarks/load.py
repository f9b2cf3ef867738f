"""How the dashboard bears a full lab: many read, some start runs, on one host.

    python -m benchmarks.load --readers 50 --starters 10 --minutes 10 --home FOLDER

Readers are websockets that open result pages as people do, one after the other, with time to
read between them; starters open *New run*, press *Start* and watch the run. Said are the seconds
from asking for a page to the end of its script, errors, and the memory of the web process over
time. ``--idle`` opens every page alone instead: how long each takes on an idle machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import streamlit

from benchmarks.parts.fault_family import Family
from benchmarks.parts.load_store import Prepared, prepare
from benchmarks.parts.load_tab import Answer, Tab

SAMPLE_SECONDS = 5.0
PAGES_A_TAB = 6
"""After so many pages a reader closes the tab and opens another."""


@dataclass(slots=True)
class Load:
    """What was asked and what was seen."""

    port: int
    prepared: Prepared
    reading: float
    """Mean seconds that a person reads a page."""
    until: float
    answers: list[Answer] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Seconds since the start and MiB of the web process."""
    started: int = 0

    async def read(self, seed: int) -> None:
        """Open result pages until the time is over, in one tab after the other."""
        rng = random.Random(seed)
        await asyncio.sleep(rng.uniform(0, self.reading))
        while time.monotonic() < self.until:
            async with Tab(self.port, self.answers) as tab:
                for _ in range(PAGES_A_TAB):
                    if time.monotonic() >= self.until:
                        break
                    await tab.open(*rng.choice(self.prepared.pages))
                    await self._pause(rng.uniform(0, 2 * self.reading))

    async def start(self, seed: int, dataset: str) -> None:
        """Start a run by its button and watch it until the time is over."""
        rng = random.Random(seed)
        await asyncio.sleep(rng.uniform(0, self.reading))
        async with Tab(self.port, self.answers) as tab:
            await tab.open("new", f"dataset={dataset}")
            await asyncio.sleep(2)
            pressed = await tab.press("Start")
            if not pressed.error and "run" in tab.query:
                self.started += 1
                await self._pause(self.until - time.monotonic())
            elif not pressed.error:
                pressed.error = f"the run's page did not follow, but {tab.query}"

    async def watch(self, family: Family) -> None:
        """Note the web process's memory."""
        began = time.monotonic()
        while time.monotonic() < self.until:
            some = family.members().get("web", [])
            used = sum(one.memory_info().rss for one in some) / 2**20
            self.memory.append((time.monotonic() - began, used))
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, min(seconds, self.until - time.monotonic())))


def main() -> None:
    """Prepare a store, serve it, load it, say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--starters", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--reading", type=float, default=20.0, help="mean seconds a page is read")
    parser.add_argument("--home", type=Path, default=None, help="kept and used again; else made")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--idle", action="store_true", help="each page alone, five times")
    asked = parser.parse_args()
    home = asked.home or Path(tempfile.mkdtemp(prefix="load-")) / "home"
    home.mkdir(parents=True, exist_ok=True)
    prepared = prepare(home, asked.starters, _say)
    family = Family(home, asked.port)
    family.keep()
    try:
        while not family.answers():
            time.sleep(0.5)
        _say(f"{platform.machine()}, {os.cpu_count()} cores, streamlit {streamlit.__version__}, "
             f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")  # fmt: skip
        if asked.idle:
            _say(asyncio.run(_alone(family, prepared)))
        else:
            _say(asyncio.run(_loaded(family, prepared, asked)))
    finally:
        family.end()


async def _alone(family: Family, prepared: Prepared) -> str:
    """Open every page five times, each in a tab of its own, nothing else going on.

    Beside the seconds by the clock stand those of the web process's processor, which other work
    on the machine does not change.
    """
    answers: list[Answer] = []
    work: dict[str, list[float]] = defaultdict(list)
    (web,) = family.members()["web"]
    for turn in range(6):
        for page, query in dict.fromkeys(prepared.pages):
            async with Tab(family.port, answers if turn else []) as tab:
                before = sum(web.cpu_times()[:2])
                await tab.open(page, query)
                if turn:  # the first visit of each page loads what it needs
                    work[page or "home"].append(sum(web.cpu_times()[:2]) - before)
    shown = ", ".join(
        f"{page} {statistics.median(some):.2f}" for page, some in sorted(work.items())
    )
    return f"{_table(answers)}\n\nProcessor seconds of the web process, median: {shown}."


async def _loaded(family: Family, prepared: Prepared, asked: argparse.Namespace) -> str:
    load = Load(family.port, prepared, asked.reading, time.monotonic() + asked.minutes * 60)
    busy = psutil.cpu_times()
    async with asyncio.TaskGroup() as group:
        group.create_task(load.watch(family))
        for seed in range(asked.readers):
            group.create_task(load.read(seed))
        for seed, dataset in enumerate(prepared.fresh[: asked.starters]):
            group.create_task(load.start(1000 + seed, dataset))
    used = psutil.cpu_times()
    idle = (used.idle - busy.idle) / (asked.minutes * 60 * (os.cpu_count() or 1))
    return "\n".join(
        [
            f"{asked.readers} readers, {asked.starters} starting runs ({load.started} started), "
            f"{asked.minutes:g} minutes, {asked.reading:g} s mean reading; cores idle {idle:.0%}",
            _table(load.answers),
            _memory(load.memory),
        ]
    )


def _table(answers: list[Answer]) -> str:
    """Return counts and times by page, and every error."""
    by_page: dict[str, list[float]] = defaultdict(list)
    for one in answers:
        by_page[one.page or "home"].append(one.seconds)
    full = [one.seconds for one in answers if not one.live]
    lines = ["", "| page | answers | median s | 95th percentile s | longest s |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    for page in sorted(by_page):
        lines.append(_row(page, by_page[page]))
    lines.append(_row("**all pages**", full))
    wrong = [one for one in answers if one.error]
    lines += ["", f"Errors: {len(wrong)} of {len(answers)} answers."]
    lines += sorted({f"- {one.page or 'home'}: {one.error}" for one in wrong})
    return "\n".join(lines)


def _row(page: str, seconds: list[float]) -> str:
    high = sorted(seconds)[min(len(seconds) - 1, int(0.95 * len(seconds)))]
    return (
        f"| {page} | {len(seconds)} | {statistics.median(seconds):.2f} | {high:.2f} | "
        f"{max(seconds):.2f} |"
    )


def _memory(samples: list[tuple[float, float]]) -> str:
    """Return the web process's memory at tenths of the time, its peak, and growth after half."""
    step = max(1, len(samples) // 10)
    shown = ", ".join(f"{used:.0f}" for _, used in samples[::step])
    late = samples[len(samples) // 2 :]
    growth = 0.0
    if len(late) > 2:
        slope = statistics.linear_regression([t for t, _ in late], [used for _, used in late]).slope
        growth = slope * 60
    peak = max(used for _, used in samples)
    return (
        f"Web process, MiB at tenths of the time: {shown}; peak {peak:.0f}; in the second half "
        f"{growth:+.1f} MiB a minute."
    )


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
