"""Import and open many synthetic cells: time, and memory that must not grow with their number.

    python -m benchmarks.container --cells 100000 --folder /somewhere/with/25/GB

Writes a stack file of ``cells`` x 12 x 64 x 64 uint16, imports it as the dashboard would, opens the
container and reads random cells; everything is removed afterwards.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

from pxcore.data.container import Container
from pxcore.data.ingest import ingest
from pxcore.data.limits import Limits
from pxcore.types import ImportRequest

SHAPE = (12, 64, 64)
BLOCK = 500


def write_stack(path: Path, n_cells: int) -> None:
    generator = np.random.default_rng(0)
    tile = generator.poisson(300, (BLOCK, *SHAPE)).astype(np.uint16)
    with h5py.File(path, "w") as file:
        images = file.create_dataset("images", (n_cells, *SHAPE), "u2", chunks=(1, *SHAPE))
        for start in range(0, n_cells, BLOCK):
            n = min(BLOCK, n_cells - start)
            images[start : start + n] = np.roll(tile[:n], start // BLOCK, axis=3)
        file["labels"] = np.arange(n_cells) % 4
        file["groups"] = np.arange(n_cells) * 10 // n_cells
        file.attrs["channel_names"] = [f"Ch{i + 1}" for i in range(SHAPE[0])]


def peak_mib(who: int) -> int:
    return resource.getrusage(who).ru_maxrss // 1024


def measure(n_cells: int, folder: Path) -> dict[str, float]:
    source = folder / "cells.h5"
    start = time.perf_counter()
    write_stack(source, n_cells)
    figures = {"cells": n_cells, "stack_gb": source.stat().st_size / 1e9}
    figures["write_stack_s"] = time.perf_counter() - start

    start = time.perf_counter()
    request = ImportRequest(path=str(source))
    found = ingest(request, folder / "work", Limits(keep_free=0), lambda _step, _share: None)
    figures["import_s"] = time.perf_counter() - start
    figures["import_cpu_s"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    figures["import_peak_mib"] = peak_mib(resource.RUSAGE_CHILDREN)

    start = time.perf_counter()
    with Container.open(found.pixels_folder) as cells:
        figures["open_ms"] = 1000 * (time.perf_counter() - start)
        generator = np.random.default_rng(1)
        times = []
        for _ in range(20):
            rows = generator.integers(0, n_cells, 128)
            start = time.perf_counter()
            cells.images(rows)
            times.append(time.perf_counter() - start)
        figures["read_128_random_ms"] = 1000 * float(np.median(times))
        start = time.perf_counter()
        n = min(n_cells, 5000)
        for first in range(0, n, 250):
            cells.images(np.arange(first, min(first + 250, n)))
        megabytes = n * np.prod(SHAPE) * 2 / 1e6
        figures["read_in_order_mb_s"] = float(megabytes / (time.perf_counter() - start))
    figures["reader_peak_mib"] = peak_mib(resource.RUSAGE_SELF)  # the writer's blocks included
    return {name: round(value, 2) for name, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, default=None, help="for the files; a temporary one")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="container-", dir=chosen.folder))
    try:
        print(json.dumps(measure(chosen.cells, folder), indent=2))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
