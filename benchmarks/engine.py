"""How fast the perturbation engine is, and against what: ``python -m benchmarks.engine``.

Everything is measured in one run on one machine, the candidates taking turns within each round,
so that whatever else the machine does hits all of them. Ratios count; absolute numbers are those
of the day. ResNet18, 12 channels of 64 x 64, trained for a few epochs on synthetic cells so that
adaptive repeats have a real ranking to settle.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from itertools import cycle
from pathlib import Path

import numpy as np
import torch
from captum.attr import FeaturePermutation

from benchmarks.parts.published import CellFiles, one_pass, write_files
from benchmarks.parts.rates import in_turns, ratio, show
from benchmarks.parts.setting import CPU, SIZE, Setting, prepare
from pxcore.importance.engine import measure
from pxcore.importance.method import ExplainRequest
from pxcore.importance.methods import METHODS
from pxcore.importance.perturbations import PERMUTE_PIXELS, Context
from pxcore.importance.repeats import RepeatRule
from pxcore.training.device import Layout
from pxcore.types import Array

PUBLISHED_K = 100


def engine_run(request: ExplainRequest, repeats: int) -> int:
    METHODS["pxpermute"].explain(replace(request, repeats=repeats))
    n_channels = len(request.cells.channels)
    return (n_channels * repeats + 1) * len(request.cells)


def bare_run(setting: Setting, request: ExplainRequest) -> Callable[[], int]:
    """The model on ready batches, as often as one repeat needs it."""
    everything = torch.arange(len(request.cells), device=request.cells.device)
    batches = [request.cells.batch(p) for p in torch.split(everything, 128)]

    def run() -> int:
        with torch.no_grad():
            for batch in batches:
                for _ in range(setting.n_channels):
                    last = request.model(batch)
        last.sum().item()  # waits for the device
        return setting.n_channels * len(everything)

    return run


def captum_run(setting: Setting, request: ExplainRequest, *, together: bool) -> Callable[[], int]:
    """One repeat by captum, which changes a feature (a channel) of the whole batch at a time."""
    n = setting.n_channels
    labels = torch.as_tensor(request.labels)

    def pixels(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        orders = torch.rand(len(values), SIZE * SIZE).argsort(dim=1)
        out = values.clone()
        channel = int(mask[0, :, 0, 0].int().argmax())
        out[:, channel] = values[:, channel].flatten(1).gather(1, orders).view(-1, SIZE, SIZE)
        return out

    def joined(one: torch.Tensor, images: torch.Tensor, channel: int) -> torch.Tensor:
        images = images.clone()
        images[:, channel : channel + 1] = one
        return request.model(images).softmax(dim=1)

    every = FeaturePermutation(lambda x: request.model(x).softmax(dim=1), perm_func=pixels)
    single = FeaturePermutation(joined, perm_func=pixels)
    mask = torch.arange(n).view(1, n, 1, 1).expand(1, n, SIZE, SIZE)

    def run() -> int:
        with torch.no_grad():
            for part in torch.split(torch.arange(len(labels)), 128):
                images, target = request.cells.batch(part), labels[part]
                if together:
                    every.attribute(images, target=target, feature_mask=mask)
                    continue
                for c in range(n):
                    single.attribute(
                        images[:, c : c + 1],
                        target=target,
                        feature_mask=torch.zeros(1, 1, SIZE, SIZE, dtype=torch.long),
                        additional_forward_args=(images, c),
                    )
        return n * len(labels)

    return run


def published_run(setting: Setting, files: CellFiles, workers: int) -> Callable[[], int]:
    """One channel of one repeat; every channel costs the same."""
    channels = cycle(range(setting.n_channels))

    def run() -> int:
        one_pass(setting.model, files, next(channels), workers)
        return len(files)

    return run


def on_the_processor(setting: Setting, n_rate: int, n_cells: int, rounds: int, k: int) -> None:
    request = setting.request(n_rate)
    with tempfile.TemporaryDirectory() as folder:
        test = setting.fold.test[:n_rate]
        paths = write_files(Path(folder), setting.drawn.images[test])
        limits = (setting.trained.low.astype(float), setting.trained.high.astype(float))
        # Every file several times, so that starting loaders weighs as little as with many cells.
        files = CellFiles(paths * 4, np.tile(setting.drawn.labels[test], 4), limits)
        rates = in_turns(
            {
                "bare forward": bare_run(setting, request),
                "engine": lambda: engine_run(request, 2),
                "published": published_run(setting, files, 0),
                "published, 2 loaders": published_run(setting, files, 2),
                "captum, all channels a call": captum_run(setting, request, together=True),
                "captum, a channel a call": captum_run(setting, request, together=False),
            },
            rounds,
        )
    print(f"\nprocessor, equal k: {n_rate} cells, medians of {rounds} rounds in turns")
    others = [name for name in rates if name != "engine"]
    show(rates, [("engine", name) for name in others])
    published = [float(ratio(rates, "engine", name)[0]) for name in others if "published" in name]
    # The better of the two ways to load is what we compare with.
    settled_after(setting, n_cells, k, min(published))


def settled_after(setting: Setting, n_cells: int, k: int, equal: float) -> None:
    """How many repeats the ranking needs, what that saves, and whether the order is the same."""
    request = setting.request(n_cells)
    repeats = None if k == 0 else k
    started = time.perf_counter()
    found = METHODS["pxpermute"].explain(replace(request, repeats=repeats))
    seconds = time.perf_counter() - started
    rule, n = RepeatRule(limit=PUBLISHED_K), 0
    while n < found.n_repeats and (more := rule.more(found.scores[:n])) > 0:
        n += more
    c = setting.n_channels
    saved = (c * PUBLISHED_K + 1) / (c * n + 1)
    print(f"\nadaptive, {n_cells} held-out cells: settled after {n} repeats ({seconds:.0f} s)")
    print(f"  against the published procedure at k = {PUBLISHED_K}: {equal:.2f} x {saved:.1f} =")
    print(f"  {equal * saved:.1f} times as fast")
    if k > n:
        compare(found.scores, n)


def compare(scores: Array, n: int) -> None:
    """The order after n repeats against the order after all of them."""
    values = scores.mean(axis=2)
    early, late = values[:n].mean(axis=0), values.mean(axis=0)
    error = values[:n].std(axis=0, ddof=1) / np.sqrt(n)
    swapped = [
        abs(late[i] - late[j])
        for i in range(len(late))
        for j in range(i)
        if (early[i] - early[j]) * (late[i] - late[j]) < 0
    ]
    print(f"  against {len(scores)} repeats: {len(swapped)} of {len(late) * (len(late) - 1) // 2}")
    print(f"  pairs in another order, at most {max(swapped, default=0):.4f} F1 apart;")
    print(f"  largest change of a value {np.abs(early - late).max():.4f} F1, ", end="")
    print(f"largest standard error {error.max():.4f}")
    print("  after", n, "  ", np.round(early, 3))
    print("  after", len(scores), np.round(late, 3))


def on_the_gpu(setting: Setting, n_cells: int, rounds: int) -> None:
    device = torch.device("cuda")
    few = setting.request(64)
    here = measure(
        "pxpermute", PERMUTE_PIXELS, replace(few, repeats=2),
        Context(cells=few.cells, seed=1, keyed=True),
    )  # fmt: skip
    setting.model.to(device)
    there = METHODS["pxpermute"].explain(replace(setting.request(64, device), repeats=2))
    apart = np.abs(here.probability_drop - there.probability_drop).max()
    same = (here.predictions == there.predictions).mean()
    print(f"\n{torch.cuda.get_device_name()}: same draws as the processor, largest difference in")
    print(f"  probability drop {apart:.1e}, predictions equal in {same:.2%}")
    request = setting.request(n_cells, device)
    request = replace(request, layout=Layout(batch_size=512))
    rates = in_turns(
        {
            "bare forward": bare_run(setting, request),
            "engine": lambda: engine_run(request, 5),
        },
        rounds,
    )
    show(rates, [("engine", "bare forward")])
    n = METHODS["pxpermute"].explain(replace(request, repeats=None)).n_repeats
    rate = float(np.median(rates["engine"][:, 0]))
    for k, word in ((PUBLISHED_K, "k = 100"), (n, f"adaptive ({n} repeats)")):
        minutes = 30_000 * (setting.n_channels * k + 1) / rate / 60
        print(f"  30,000 cells, 12 channels, 5 folds, {word}: {minutes:.1f} min (paper: 65)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate-cells", type=int, default=128)
    parser.add_argument("--cells", type=int, default=400, help="held out, for adaptive repeats")
    parser.add_argument("--train", type=int, default=480)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", type=int, default=0, help="repeats to check the order against")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    print(platform.platform(), f"{os.cpu_count()} cores, {chosen.threads} threads")
    print(", ".join(f"{name} {version(name)}" for name in ("torch", "captum", "numpy", "h5py")))
    gpu = torch.cuda.is_available()
    n_test = max(chosen.cells, 6000 if gpu else 0)
    device = torch.device("cuda") if gpu else CPU
    setting = prepare(chosen.train, n_test, chosen.epochs, device)
    on_the_processor(setting, chosen.rate_cells, chosen.cells, chosen.rounds, chosen.check)
    if gpu:
        on_the_gpu(setting, n_test, chosen.rounds)
    else:
        print("\nno CUDA device here: the GPU section did not run")


if __name__ == "__main__":
    main()
