"""Hidden kinds of cells found without labels, and what the way there costs.

    python -m benchmarks.unlabelled [--seeds 5] [--cells 1200] [--epochs 40] [--width 8] [--moving]
    python -m benchmarks.unlabelled --speed [--sides 32] [--device auto]

For each seed: cells of four kinds (`unlabelled_cells`), moved to the middle by their masks unless
``--moving``; an autoencoder learns from two thirds; their codes are clustered in every variant;
the rest is judged against the kinds, and channels are ranked there without a classifier. Then
means over seeds. ``--speed``: seconds an epoch and cells encoded a second, at the published width.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
import sklearn
import torch

from pxcore.clustering.chance import chance
from pxcore.clustering.clusters import Clustering
from pxcore.clustering.fit import cluster
from pxcore.clustering.network import cluster_network
from pxcore.clustering.nuisance import explained, nuisances
from pxcore.clustering.params import ClusterParams
from pxcore.clustering.stability import stability
from pxcore.clustering.verdict import judge
from pxcore.clustering.view import tsne_view
from pxcore.data.centring import CentredCells
from pxcore.data.source import ArrayCells, CellSource
from pxcore.data.synthetic import UnlabelledCells, UnlabelledParams, unlabelled_cells
from pxcore.evaluation.cluster_ranking import (
    ClusterRankRequest,
    channel_means,
    named,
    rank_on_clusters,
)
from pxcore.evaluation.cluster_words import ruling_words
from pxcore.evaluation.clusters import against_classes
from pxcore.training.device import choose_device
from pxcore.training.device_cells import DeviceCells
from pxcore.training.fit_autoencoder import (
    UnlabelledData,
    cells_of,
    encode,
    fit_autoencoder,
    network_of,
)
from pxcore.training.loop import Control
from pxcore.types import Array, TrainingParams
from pxcore.types.unlabelled import AutoencoderSpec

VARIANTS = (
    ("whitened, tied", ClusterParams(n_clusters=4)),
    ("whitened, diagonal", ClusterParams(n_clusters=4, covariance="diag")),
    ("raw, tied", ClusterParams(n_clusters=4, variant="raw")),
    ("raw, diagonal", ClusterParams(n_clusters=4, variant="raw", covariance="diag")),
    ("BIRCH", ClusterParams(n_clusters=4, variant="birch")),
)


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cells", type=int, default=1200)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--moving", action="store_true", help="leave the cells where they lie")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--sides", type=int, nargs="*", default=[32], help="of volumes, for speed")
    return parser.parse_args()


@dataclass(frozen=True)
class Learned:
    """One seed's cells and their codes."""

    cells: UnlabelledCells
    source: CellSource
    network: torch.nn.Module
    train: Array
    test: Array
    shown: DeviceCells
    """The held-out cells."""
    codes: Array
    """Of all cells."""


def learned(asked: argparse.Namespace, seed: int, device: torch.device) -> Learned:
    """Train an autoencoder on two thirds of one seed's cells."""
    params = UnlabelledParams(n_cells=asked.cells, size=asked.size, seed=seed)
    cells = unlabelled_cells(params)
    source: CellSource = ArrayCells(cells.images, cells.masks)
    if not asked.moving:
        source = CentredCells(source)
    order = np.random.default_rng([seed, 9]).permutation(asked.cells)
    train, test = np.sort(order[asked.cells // 3 :]), np.sort(order[: asked.cells // 3])
    base = AutoencoderSpec(options=(("width", asked.width), ("code", 64)))
    training = replace(
        base.training,
        max_epochs=asked.epochs,
        batch_size=16,
        learning_rate=asked.rate,
        stop_patience=asked.epochs,
    )
    spec = replace(base, training=training)
    data = UnlabelledData(source=source, planes=cells.planes, cells=train)
    found = fit_autoencoder(data, spec, Control(seed=seed, device=device))
    network = network_of(found, spec, source.image_shape[1:], device)
    everything = cells_of(found, source, np.arange(asked.cells), device)
    return Learned(
        cells=cells,
        source=source,
        network=network,
        train=train,
        test=test,
        shown=cells_of(found, source, test, device),
        codes=encode(network, everything),
    )


def against(case: Learned, found: Clustering) -> tuple[float, float]:
    """Return balanced accuracy and adjusted Rand index on held-out cells."""
    clusters = found.predict(case.codes[case.test])
    judged = against_classes(clusters, case.cells.labels[case.test], found.n_clusters, 4)
    return judged.balanced_accuracy, judged.adjusted_rand


def ranked(case: Learned, found: Clustering, perturbation: str, seed: int) -> Array:
    """Return 1 - macro F1 of every channel."""
    request = ClusterRankRequest(
        network=cluster_network(case.network, found),
        cells=case.shown,
        planes=case.cells.planes,
        n_clusters=found.n_clusters,
        perturbation=perturbation,
        seed=seed,
        repeats=10,
    )
    return channel_means(rank_on_clusters(request))


def one_seed(
    asked: argparse.Namespace, seed: int, device: torch.device
) -> tuple[dict[str, float], list[str]]:
    """Print what one seed says; return its numbers."""
    case = learned(asked, seed, device)
    codes, scores = case.codes[case.train], {}
    names, driving = case.cells.panel.names, set(case.cells.driving)
    for name, params in VARIANTS:
        found = cluster(codes, replace(params, seed=seed))
        scores[f"balanced accuracy: {name}"], scores[f"adjusted Rand: {name}"] = against(
            case, found
        )
        if name not in {"whitened, tied", "raw, tied"}:
            continue
        for perturbation in ("permute_cells", "permute_pixels"):
            values = ranked(case, found, perturbation, seed)
            top = set(np.argsort(-values, kind="stable")[: len(driving)].tolist())
            scores[f"driving channels of 3: {name}, {perturbation}"] = len(top & driving)
            listed = ", ".join(f"{n} {v:.2f}" for n, v in named(values, names))
            print(f"seed {seed}, {name}, {perturbation}: {listed}", flush=True)
            if words := ruling_words(values, case.cells.panel):
                print(f"  {words}")
        own = ClusterParams(n_clusters=4, n_init=3, seed=seed, variant=params.variant)
        verdict = judge(
            found,
            found.sizes(codes),
            stability(codes, found, own),
            chance(codes, found, own),
            explained(found.predict(codes), nuisances(case.source, case.train), own),
        )
        print(f"seed {seed}, {name}: {verdict.verdict}; {'; '.join(verdict.said)}")
    best = cluster(codes, ClusterParams(max_clusters=6, n_init=3, seed=seed))
    scores["clusters by BIC"] = best.n_clusters
    return scores, [f"{k}: {bic:.0f}" for k, bic in best.bic]


def kinds(asked: argparse.Namespace, device: torch.device) -> None:
    """Print every seed, then means and smallest values."""
    table = defaultdict(list)
    for seed in range(asked.seeds):
        started = time.perf_counter()
        scores, bic = one_seed(asked, seed, device)
        for name, value in scores.items():
            table[name].append(value)
        print(f"seed {seed}: {json.dumps({k: round(v, 3) for k, v in scores.items()})}")
        print(
            f"seed {seed}: BIC {', '.join(bic)}; {time.perf_counter() - started:.0f} s", flush=True
        )
    for name, values in table.items():
        told = " ".join(f"{value:.3f}" for value in values)
        print(f"{name}: mean {np.mean(values):.3f}, smallest {min(values):.3f} ({told})")


def speed(asked: argparse.Namespace, device: torch.device) -> None:
    """Print seconds an epoch of 1,000 cells and cells encoded a second, at the published width."""
    sizes = [("dcae_2d", "pictures", 80)] + [("dcae_3d", "volumes", side) for side in asked.sides]
    for name, form, side in sizes:
        few = 32 if form == "volumes" else 96
        n = few if device.type == "cpu" else 1024
        cells = unlabelled_cells(UnlabelledParams(form=form, n_cells=n, size=side))
        training = TrainingParams(
            max_epochs=2, batch_size=32, weight_decay=0.0, flips=False, noise=0
        )
        spec = AutoencoderSpec(id=name, training=training)
        source = ArrayCells(cells.images)
        data = UnlabelledData(source=source, planes=cells.planes, cells=np.arange(n))
        found = fit_autoencoder(data, spec, Control(seed=0, device=device))
        network = network_of(found, spec, (side, side), device)
        shown = cells_of(found, source, np.arange(n), device)
        encode(network, shown, batch_size=64)
        started = time.perf_counter()
        encode(network, shown, batch_size=64)
        rate = n / (time.perf_counter() - started)
        epoch = min(one.seconds for one in found.history) * 1000 / n
        depth = f" x {side}" if cells.planes.volumes else ""
        print(
            f"{name}, {len(cells.panel)} channels, {side} x {side}{depth}: {epoch:.1f} s an epoch "
            f"of 1,000 cells, {rate:.0f} cells encoded a second",
            flush=True,
        )
    codes = np.random.default_rng(0).normal(size=(10_000, 10))
    started = time.perf_counter()
    tsne_view(codes)
    print(f"t-SNE of {len(codes):,} codes: {time.perf_counter() - started:.1f} s")


def main() -> None:
    """Print machine, versions and sizes, then what was measured."""
    asked = arguments()
    device = choose_device(asked.device)
    machine = {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "torch": torch.__version__,
        "scikit-learn": sklearn.__version__,
    }
    print(json.dumps(machine | {k: v for k, v in vars(asked).items() if k != "device"}))
    (speed if asked.speed else kinds)(asked, device)


if __name__ == "__main__":
    main()
