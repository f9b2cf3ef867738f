"""Is the advice on panels right? Many seeds of planted cells, each judged by fresh cells.

``python -m benchmarks.panels --seeds 30 --out panels.jsonl``

Each seed draws new cells, screens every panel, trains finalists, asks for advice, and then trains
the recommended and the full panel on all cells and tests them on many fresh ones; a line of JSON a
seed is written at once, and seeds that are there are not computed again. ``--report`` only counts
what is there; ``--speed`` measures the screen. See ``docs/panels.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from benchmarks.parts.panel_report import report
from benchmarks.parts.panel_seed import Record, Shape, measure_seed
from benchmarks.parts.panel_speed import speed

FIRST_SEED = 100
"""Settings were tried on others: 0 and from 900."""


def main() -> None:
    """Run what is missing, then count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--fresh", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--margins", type=float, nargs="+", default=[0.02, 0.03])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("panels.jsonl"))
    parser.add_argument("--backwards", action="store_true", help="a second process on one file")
    parser.add_argument("--report", action="store_true", help="count what is there, run nothing")
    parser.add_argument("--speed", action="store_true", help="measure the screen, nothing else")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    shape = Shape(
        n_cells=asked.cells,
        n_fresh=asked.fresh,
        size=asked.size,
        n_folds=asked.folds,
        epochs=asked.epochs,
    )
    threads = f"{asked.threads} thread{'' if asked.threads == 1 else 's'}"
    _say(f"{platform.machine()}, {os.cpu_count()} cores, {threads}; torch {torch.__version__}, "
         f"numpy {np.__version__}, Python {platform.python_version()}")  # fmt: skip
    if asked.speed:
        for line in speed(shape):
            _say(line)
        return
    if not asked.report:
        wanted = range(asked.first, asked.first + asked.seeds)
        _collect(shape, wanted[::-1] if asked.backwards else wanted, asked.out)
    _say(
        f"{shape.n_cells} cells of {shape.size} x {shape.size}, {shape.n_folds} folds, "
        f"{shape.epochs} epochs, {shape.n_fresh:,} fresh cells"
    )
    _say(report(_read(asked.out, shape), asked.margins))


def _collect(shape: Shape, seeds: Iterable[int], out: Path) -> None:
    """Measure the seeds that are not in the file yet."""
    for seed in seeds:
        if any(record["seed"] == seed for record in _read(out, shape)):
            continue
        line = json.dumps({"shape": asdict(shape), **measure_seed(shape, seed)})
        with out.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        _say(f"seed {seed} done")


def _read(out: Path, shape: Shape) -> list[Record]:
    """Return the records of this shape, one a seed."""
    found: dict[int, Record] = {}
    if out.exists():
        for line in out.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["shape"] == asdict(shape):
                found[record["seed"]] = record
    return [found[seed] for seed in sorted(found)]


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
