"""The synthetic benchmark of channel embedding: every row of its tables, over several data seeds.

    python -m benchmarks.multiplex RESULTS [--seeds 5] [--size 48] [--width 8] [--channels 30]
                                   [--rows NAMES] [--device auto] [--epochs 60] [--show]

For each seed 600 training, 300 validation and 300 test images are drawn (``--images``), each row's
network is trained on them, and its channels are ranked by the row's own importance and by
permuting cells and pixels. Every result is one JSON line in RESULTS, so that a stopped benchmark
goes on; lines of other settings stay and are not mixed in. At the end, or with ``--show`` at once:
accuracy and Recall@K, mean ± sd over seeds, beside the published figures of single runs.

``--size 224 --width 64`` is the published setting and needs a GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path

import torch

from benchmarks.parts.multiplex_data import drawn, oracle
from benchmarks.parts.multiplex_report import told
from benchmarks.parts.multiplex_rows import ROWS, Plan, results_of
from pxcore.training.device import choose_device, device_name


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="JSON lines, made when missing")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--width", type=int, default=8, help="of networks that have one")
    parser.add_argument("--channels", type=int, default=30)
    parser.add_argument("--images", default="600,300,300", help="training, validation, test")
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {', '.join(ROWS)}")
    parser.add_argument("--epochs", type=int, default=60, help="at most")
    parser.add_argument("--patience", type=int, default=10, help="epochs without a gain")
    parser.add_argument("--repeats", type=int, default=5, help="of each permutation")
    parser.add_argument("--batch", type=int, default=32, help="images, in training")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0 leaves them")
    parser.add_argument("--show", action="store_true", help="print what is there, compute nothing")
    return parser.parse_args()


def plan_of(asked: argparse.Namespace) -> Plan:
    """Return the setting that all results of a table share."""
    train, valid, test = (int(n) for n in asked.images.split(","))
    return Plan(
        size=asked.size,
        width=asked.width,
        channels=asked.channels,
        n_train=train,
        n_valid=valid,
        n_test=test,
        epochs=asked.epochs,
        patience=asked.patience,
        repeats=asked.repeats,
        batch=asked.batch,
        rate=asked.rate,
    )


def main() -> None:
    """Compute what is missing, then print the table."""
    asked = arguments()
    plan, names = plan_of(asked), [name.strip() for name in asked.rows.split(",") if name.strip()]
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        message = f"row {unknown[0]!r} is not known; there is {', '.join(ROWS)}"
        raise SystemExit(message)
    if asked.threads:
        torch.set_num_threads(asked.threads)
    device = choose_device(asked.device)
    print(
        f"{platform.machine()}, {os.cpu_count()} processors, {device_name(device)}, torch "
        f"{torch.__version__}; {plan.words}",
        flush=True,
    )
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
    if not asked.show:
        for seed in seeds:
            compute(plan, names, seed, asked.results, device)
    told(plan, names, known(asked.results, plan))


def compute(plan: Plan, names: list[str], seed: int, file: Path, device: torch.device) -> None:
    """Append what one seed lacks. A row that was stopped half-way is trained again."""
    there = {(one["row"], one["method"]) for one in known(file, plan) if one["seed"] == seed}
    missing = [
        name for name in names if any((name, method) not in there for method in ROWS[name].methods)
    ]
    if not missing:
        return
    start = time.perf_counter()
    data = drawn(plan.params(seed), (plan.n_train, plan.n_valid, plan.n_test))
    spent = time.perf_counter() - start
    print(
        f"seed {seed}: images drawn in {spent:.0f} s; logistic regression on channel means has an "
        f"accuracy of {oracle(data):.1%}",
        flush=True,
    )
    for name in missing:
        for line in results_of(plan, name, data, device):
            if (name, line["method"]) in there:
                continue
            with file.open("a") as stream:
                stream.write(json.dumps({"plan": plan.as_json, "seed": seed} | line) + "\n")
            recall = ", ".join(f"@{k} {share:.0%}" for k, share in line["recall"].items())
            print(
                f"seed {seed}, {name}, {line['method']}: accuracy {line['accuracy']:.1%}, recall "
                f"{recall}; {line['epochs']} epochs in {line['train_seconds']:.0f} s, ranked in "
                f"{line['rank_seconds']:.0f} s",
                flush=True,
            )


def known(file: Path, plan: Plan) -> list[dict]:
    """Return the lines of one setting; a line cut off by a kill is left out."""
    found = []
    for text in file.read_text().splitlines() if file.exists() else ():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if line["plan"] == plan.as_json:
            found.append(line)
    return found


if __name__ == "__main__":
    main()
