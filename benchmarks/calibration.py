"""Are the verdicts right? Many simulated runs on cells with planted truth, counted.

``python -m benchmarks.calibration --seeds 30 --folds 5 --out calibration.jsonl``

Each seed draws new cells, trains one small network a fold and asks every method; a line of JSON
a seed is written at once, and seeds that are there are not computed again. ``--report`` only
counts what is there. See ``docs/calibration.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.parts.calibration_report import report
from benchmarks.parts.calibration_seed import CHEAP, DEAR, GRADIENTS, measure_seed
from benchmarks.parts.planted_run import Shape

WHERE_ALONE = ("pxpermute_mask", "permute_cells")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the calibration: its own seeds and methods."""

    first_seed: int
    share: float
    """Of ``--seeds``."""
    methods: tuple[str, ...]
    noise_only: bool = False


PARTS = {
    "planted": Part(first_seed=100, share=1.0, methods=CHEAP),
    "noise": Part(first_seed=1000, share=1.0, methods=CHEAP, noise_only=True),
    "gradients": Part(first_seed=2000, share=1 / 3, methods=GRADIENTS),
    "dear": Part(first_seed=3000, share=0.1, methods=DEAR),
}


def main() -> None:
    """Run what is missing, then count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--cells", type=int, default=600)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="2 seeds of few cells, to see it run")
    parser.add_argument("--out", type=Path, default=Path("calibration.jsonl"))
    parser.add_argument("--backwards", action="store_true", help="a second process on one file")
    parser.add_argument("--report", action="store_true", help="count what is there, run nothing")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    shape = Shape(
        n_cells=240 if asked.quick else asked.cells,
        n_truth=200 if asked.quick else 1000,
        size=asked.size,
        n_folds=asked.folds,
        epochs=6 if asked.quick else asked.epochs,
    )
    seeds = 2 if asked.quick else asked.seeds
    if not asked.report:
        for name in asked.parts:
            part = PARTS[name]
            last = part.first_seed + max(1, round(part.share * seeds))
            wanted = range(part.first_seed, last)
            _collect(name, shape, wanted[::-1] if asked.backwards else wanted, asked.out)
    _say(f"{platform.machine()}, {os.cpu_count()} cores, one thread; torch {torch.__version__}, "
         f"numpy {np.__version__}, Python {platform.python_version()}")  # fmt: skip
    _say(f"{shape.n_cells} cells of {shape.size} x {shape.size}, {shape.n_folds} folds, "
         f"{shape.epochs} epochs, {shape.repeats} repeats")  # fmt: skip
    _say(report(_read(asked.out, shape)))


def _collect(name: str, shape: Shape, seeds: range, out: Path) -> None:
    """Measure the seeds of a part that are not in the file yet."""
    part = PARTS[name]
    own = Shape(**(asdict(shape) | {"noise_only": part.noise_only}))
    for seed in seeds:
        if seed in {record["seed"] for record in _read(out, shape).get(name, [])}:
            continue
        record = measure_seed(own, seed, part.methods)
        line = json.dumps({"part": name, "shape": asdict(shape), **record})
        with out.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _read(out: Path, shape: Shape) -> dict[str, list[dict[str, object]]]:
    """Return the records of this shape by part, one a seed."""
    found: dict[str, dict[int, dict[str, object]]] = {}
    if out.exists():
        for line in out.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["shape"] == asdict(shape):
                found.setdefault(record["part"], {})[record["seed"]] = record
    return {part: [seeds[s] for s in sorted(seeds)] for part, seeds in found.items()}


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
