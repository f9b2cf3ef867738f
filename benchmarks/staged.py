"""What do staged plans lose? Plans against measuring all markers at once, on simulated cells.

``python -m benchmarks.staged --draws 1000``

Prints, for each size, the accuracy of the panel that each plan ends with, its paired loss to all
markers at once, and how often the pair that works only together was kept. Draws
are those of ``--seed``; effect sizes were set on seed 0.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from dataclasses import replace

import numpy as np

from pxcore.panel.staged.covering import cover_pairs, lower_bound
from pxcore.panel.staged.simulator import Simulation, simulate

SIZES = (
    ("the specification's", Simulation()),
    ("ImageStream, one nuclear dye", Simulation(free=8, top=2)),
    ("30 markers", Simulation(markers=30, free=10, top=3)),
    ("few cells a run", Simulation(cells=300)),
    ("noisy rankings", Simulation(noise=0.03)),
)
WAYS = ("published", "champions", "pair_cover", "all")
COVERINGS = ((20, 10), (20, 9), (20, 8), (20, 7), (24, 9), (30, 9), (40, 10))


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only-first", action="store_true", help="the specification's size alone")
    asked = parser.parse_args()
    _say(
        f"{platform.machine()}, {os.cpu_count()} cores, OMP_NUM_THREADS "
        f"{os.environ.get('OMP_NUM_THREADS', 'not set')}; numpy {np.__version__}, "
        f"Python {platform.python_version()}"
    )
    for title, setting in SIZES[:1] if asked.only_first else SIZES:
        draws = max(2, asked.draws // (1 if setting.markers <= 20 else 4))
        _table(title, replace(setting, draws=draws, seed=asked.seed, ways=WAYS))
    _page_time(asked.seed)
    _say("\npair cover: dealt runs found, and Schönheim's bound")
    for n, free in COVERINGS:
        start = time.process_time()
        runs = len(cover_pairs.__wrapped__(n, free))
        seconds = time.process_time() - start
        _say(
            f"{n} markers, {free} slots: {runs} runs, bound {lower_bound(n, free)}, {seconds:.1f} s"
        )


def _table(title: str, setting: Simulation) -> None:
    """Print one size."""
    _say(
        f"\n{title}: {setting.markers} markers, {setting.free} slots, top {setting.top}, final "
        f"panel {setting.final}, {setting.cells} cells a run, noise {setting.noise}, "
        f"{setting.draws} draws, seed {setting.seed}"
    )
    _say("| plan | runs | accuracy | loss to all at once | pair kept |\n" + "| --- " * 5 + "|")
    for one in simulate(setting):
        _say(
            f"| {one.way} | {one.runs} | {one.accuracy:.3f} ({one.low:.3f} to {one.high:.3f}) "
            f"| {one.loss:.3f} ({one.loss_low:.3f} to {one.loss_high:.3f}) "
            f"| {100 * one.pair_kept:.0f} % |"
        )


def _page_time(seed: int) -> None:
    """Print the time of what a page asks for."""
    start, wall = time.process_time(), time.perf_counter()
    simulate(Simulation(seed=seed))
    _say(
        f"\na page's 200 draws of three plans: {time.process_time() - start:.1f} s of one core, "
        f"{time.perf_counter() - wall:.1f} s by the clock"
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
