"""Every ranking method on one recording: what each says, and what each costs.

    python -m benchmarks.methods FILE|demo [--preset fast] [--folds 3] [--home DIR] [--without ID]

Imports the cells into a store of its own (``--home`` keeps it, so that a second call reuses what
is there), runs every method of the table that fits the preset's model in one run, with decoys and
sanity checks, and prints machine, versions and sizes, a table of methods by channel, the gates,
and the time by stage. On a GPU the same command takes the GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import captum
import torch

from pxcore.api import Lab, open_lab
from pxcore.commands.run import follow
from pxcore.settings import Settings
from pxcore.types import Dataset, ImportRequest, MethodSpec, RunResult, RunSpec


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="cells that an importer reads, or demo")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--folds", type=int, default=0, help="0 takes the preset's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without", default="", help="methods to leave out, by comma")
    parser.add_argument("--home", default="", help="store to keep; none is removed at the end")
    return parser.parse_args()


def spec_of(lab: Lab, dataset: Dataset, asked: argparse.Namespace) -> RunSpec:
    """Return the preset's run with every method of the table in its default setting."""
    left_out = {name.strip() for name in asked.without.split(",")}
    known = [choice.id for choice in lab.choices("method") if choice.id not in left_out]
    spec = lab.draft(dataset.id, asked.preset)
    return replace(
        spec,
        title=f"every method, {spec.preset}",
        methods=tuple(MethodSpec(id=name) for name in known),
        n_folds=asked.folds or spec.n_folds,
        seed=asked.seed,
        gates=True,
    )


def told(result: RunResult) -> None:
    """Print methods by channel, the gates, and how well the models do."""
    score = result.performance.f1_macro
    print(f"F1-macro {score.mean:.3f} ({score.low:.3f} to {score.high:.3f})")
    weighted = result.performance.f1_weighted.mean
    print(f"F1-weighted {weighted:.3f}; folds {len(score.folds)}")
    for method in result.methods:
        ranking = method.ranking
        print(f"\n{method.method} ({method.importance.unit})")
        for c in sorted(range(len(result.panel)), key=lambda c: ranking.rank[c]):
            print(
                f"  {ranking.rank[c]} ({ranking.rank_low[c]}-{ranking.rank_high[c]})  "
                f"{result.panel.names[c]:24} {ranking.mean[c]:9.4f} "
                f"({ranking.low[c]:.4f} to {ranking.high[c]:.4f})  {ranking.verdict[c]}"
            )
    for report in result.gates:
        for gate in report.gates:
            state = "passed" if gate.passed else "FAILED"
            print(f"gate {report.method} {gate.id}: {state}, {gate.said}")


def times(lab: Lab, run_id: str) -> dict[str, float]:
    """Return the seconds of each kind of step, those of explaining by method."""
    spent: defaultdict[str, float] = defaultdict(float)
    for task in lab.progress(run_id).tasks:
        stage, _, place = task.label.partition(", fold")
        spent[f"{task.kind}: {stage}" if place else task.kind] += task.seconds or 0.0
    return {name: round(seconds, 1) for name, seconds in spent.items()}


def main() -> None:
    """Import, run, print."""
    asked = arguments()
    machine = {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "captum": captum.__version__,
    }
    print(json.dumps(machine))
    with tempfile.TemporaryDirectory() as aside:
        home = Path(asked.home or aside).absolute()
        os.environ["PXCORE_HOME"] = str(home)
        with closing(open_lab(Settings(home=home))) as lab:
            request = ImportRequest(path=asked.path, title=Path(asked.path).stem)
            dataset = lab.imports.bring_in(request, lambda _step, _share: None)
            print(
                f"{dataset.title}: {dataset.n_labelled} labelled cells, "
                f"{' x '.join(map(str, dataset.image_shape))}, {len(dataset.classes)} classes"
            )
            run_id = follow(lab, spec_of(lab, dataset, asked))
            told(lab.result(run_id))
            print(json.dumps(times(lab, run_id), indent=1))


if __name__ == "__main__":
    main()
