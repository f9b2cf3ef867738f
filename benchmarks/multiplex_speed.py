"""How many channels cost what: ``python -m benchmarks.multiplex_speed``.

For 10, 30 and 100 channels, on an untrained channel-embedding network and drawn pixels (neither
changes the time): seconds an image to train, to predict and to rank by PXPermute and by
permutation across cells; how many times faster ranking is than the slow way, which lets every
cell with one spoilt channel pass whole, with the same draws on the same cells; and the memory
that ranking takes beside the cells, with 300 and 600 of them: it should not grow.

Fast and slow take turns within every round, so that whatever else the machine does hits both.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from unittest.mock import patch

import numpy as np
import torch
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.importance import engine
from pxcore.importance.method import ExplainRequest
from pxcore.importance.methods import METHODS
from pxcore.models import BuildRequest
from pxcore.models.build import build_network
from pxcore.training.device import Layout, choose_device
from pxcore.training.device_cells import DeviceCells
from pxcore.training.predict import predict

K = 3
MEBIBYTE = 2**20
BLOCKS_FULL = (300, 600)
"""Cells whose memory is compared: two and four times what is looked at at once (48 pixels)."""


@dataclass(frozen=True)
class Sizes:
    """What is measured."""

    size: int
    width: int
    cells: int
    repeats: int
    rounds: int
    batch: int
    device: torch.device


def prepared(sizes: Sizes, n_channels: int, n_cells: int) -> ExplainRequest:
    """Return a question about drawn cells and an untrained network."""
    rng = np.random.default_rng(1)
    shape = (n_cells, n_channels, sizes.size, sizes.size)
    limits = Normaliser(np.zeros(n_channels, np.float32), np.full(n_channels, 255, np.float32))
    source = ArrayCells(rng.integers(0, 256, shape, np.uint8))
    wanted = BuildRequest(
        n_channels=n_channels,
        n_classes=K,
        image_size=shape[2:],
        options=(("width", sizes.width),),
    )
    network = build_network("channel_embedding", wanted).to(sizes.device)
    return ExplainRequest(
        model=network.eval().requires_grad_(requires_grad=False),
        cells=DeviceCells(source, np.arange(n_cells), limits, sizes.device),
        labels=np.arange(n_cells) % K,
        n_classes=K,
        repeats=sizes.repeats,
        layout=Layout(batch_size=sizes.batch),
    )


def seconds(sizes: Sizes, run: Callable[[], object]) -> float:
    """Return the seconds that something takes, the device waited for."""
    started = time.perf_counter()
    run()
    if sizes.device.type == "cuda":
        torch.cuda.synchronize(sizes.device)
    return time.perf_counter() - started


def trained_step(sizes: Sizes, request: ExplainRequest) -> None:
    """Go once through the cells, forward and back."""
    model = request.model.train().requires_grad_(requires_grad=True)
    for positions in torch.split(torch.arange(len(request.cells)), min(sizes.batch, 32)):
        logits = model(request.cells.batch(positions.to(sizes.device)))
        labels = torch.as_tensor(request.labels, device=sizes.device)[positions]
        nn.functional.cross_entropy(logits, labels).backward()
        model.zero_grad()
    model.eval().requires_grad_(requires_grad=False)


def slowly(request: ExplainRequest, method: str) -> None:
    """Rank as if the network did not look at each channel alone."""
    with patch.object(engine, "embedded", lambda *_: None):
        METHODS[method].explain(request)


def measured(sizes: Sizes, n_channels: int) -> None:
    """Print what so many channels take."""
    request = prepared(sizes, n_channels, sizes.cells)
    n = len(request.cells)
    held = {"train": lambda: trained_step(sizes, request)}
    held["predict"] = lambda: predict(request.model, request.cells, sizes.batch)
    for method in ("pxpermute", "permute_cells"):
        held[method] = lambda method=method: METHODS[method].explain(request)
        held[f"{method}, slow"] = lambda method=method: slowly(request, method)
    for run in held.values():  # warm
        if sizes.device.type == "cuda":
            run()
    found: dict[str, list[float]] = {name: [] for name in held}
    for _ in range(sizes.rounds):
        for name, run in held.items():
            found[name].append(seconds(sizes, run))
    for name, taken in found.items():
        if name.endswith("slow"):
            fast = found[name.removesuffix(", slow")]
            ratio = median(slow / own for slow, own in zip(taken, fast, strict=True))
            print(
                f"  {name:22} {1000 * median(taken) / n:10.2f} ms an image, {ratio:6.1f} x slower"
            )
        else:
            each = 1000 * median(taken) / n
            print(
                f"  {name:22} {each:10.2f} ms an image, {1000 * each / n_channels:8.1f} us a plane"
            )


def peak() -> int:
    """Return the largest memory this process had since its peak began anew, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def memory(sizes: Sizes, n_channels: int, n_cells: int) -> None:
    """Print the memory that ranking takes beside cells and network, in a process of its own."""
    request = prepared(sizes, n_channels, n_cells)
    if sizes.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(sizes.device)
        before = torch.cuda.memory_allocated(sizes.device)
        METHODS["pxpermute"].explain(request)
        taken = torch.cuda.max_memory_allocated(sizes.device) - before
    else:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (Linux)
        before = peak()
        METHODS["pxpermute"].explain(request)
        taken = peak() - before
    planes = n_cells * n_channels * sizes.size**2 * 4
    print(
        f"  {n_cells:5} cells: {taken / MEBIBYTE:8.0f} MiB beside the cells "
        f"(all their pixels as float32: {planes / MEBIBYTE:.0f} MiB)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--cells", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--channels", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory", type=int, nargs=2, metavar=("CHANNELS", "CELLS"))
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    device = choose_device(given.device)
    sizes = Sizes(
        given.size, given.width, given.cells, given.repeats, given.rounds, given.batch, device
    )
    if given.memory:
        memory(sizes, *given.memory)
        return
    machine = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    print(
        f"{machine}, {os.cpu_count()} cores, {given.threads} threads; python "
        f"{platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}"
    )
    print(
        f"{sizes.cells} cells of {sizes.size} x {sizes.size}, width {sizes.width}, "
        f"{sizes.repeats} repeats, batches of {sizes.batch}, {sizes.rounds} rounds (medians)"
    )
    for n_channels in given.channels:
        print(f"{n_channels} channels", flush=True)
        measured(sizes, n_channels)
    most = max(given.channels)
    print(f"memory of PXPermute with {most} channels", flush=True)
    for n_cells in BLOCKS_FULL:
        again = [*sys.argv[1:], "--memory", str(most), str(n_cells)]
        command = [sys.executable, "-m", "benchmarks.multiplex_speed", *again]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
