"""The table of the multiplexed benchmark: mean ± sd over data seeds beside published figures."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.parts.multiplex_rows import ROWS, Plan
from pxcore.evaluation.recall import usual_ks

PUBLISHED: dict[str, tuple[float, dict[int, float], float]] = {
    "embedding": (99.7, dict(zip(range(6, 14), (83.3, 83.3, *[100.0] * 6), strict=True)), 11.6),
    "independent": (98.0, {6: 83.3, 10: 83.3}, 0.0),
    "r3d_shared": (99.7, {6: 33.3, 10: 83.3}, 0.0),
    "r3d_independent": (100.0, {6: 50.0, 10: 66.7}, 0.0),
    "resnet50": (
        100.0,
        dict(zip(range(6, 14), (50.0, 50.0, *[66.7] * 5, 83.3), strict=True)),
        24.0,
    ),
    "r3d_18": (100.0, dict.fromkeys(range(6, 14), 50.0), 33.0),
    "bsn": (34.7, dict.fromkeys(range(6, 14), 0.0), 11.0),
}
"""Accuracy, Recall@K and millions of parameters (0: not told), in percent; single runs at 224
pixels. Source: Abdel Magid et al., MICCAI 2020, tables 1 and 2 and supplement."""


def told(plan: Plan, names: Sequence[str], lines: Sequence[dict]) -> None:
    """Print one row a network and method, its published figures below."""
    ks = usual_ks(6, plan.channels)
    print(f"\n| row | ranked by | n | accuracy | {' | '.join(f'R@{k}' for k in ks)} | M | s |")
    print(f"| --- | --- | --- | --- |{' --- |' * len(ks)} --- | --- |")
    for name in names:
        for method in ROWS[name].methods:
            own = [one for one in lines if (one["row"], one["method"]) == (name, method)]
            if own:
                print(_row(name, method, own, ks))
                for one in _by_probability(name, method, own, ks):
                    print(one)
        if name in PUBLISHED:
            accuracy, recall, millions = PUBLISHED[name]
            values = [f"{recall[k]:.1f}" if k in recall else "" for k in ks]
            size = f"{millions:g}" if millions else ""
            print(f"| | *published* | 1 | {accuracy:.1f} | {' | '.join(values)} | {size} | |")


def _row(name: str, method: str, own: Sequence[dict], ks: Sequence[int]) -> str:
    recall = [_spread([100 * one["recall"][str(k)] for one in own]) for k in ks]
    millions = own[0]["parameters"] / 1e6
    seconds = statistics.mean(one["train_seconds"] + one["rank_seconds"] for one in own)
    return (
        f"| {ROWS[name].label} | {method} | {len(own)} | "
        f"{_spread([100 * one['accuracy'] for one in own])} | {' | '.join(recall)} | "
        f"{millions:.2f} | {seconds:.0f} |"
    )


def _by_probability(name: str, method: str, own: Sequence[dict], ks: Sequence[int]) -> list[str]:
    """Return the row of a permutation by the drop in probability, which F1 may hide."""
    if any(one["recall_by_probability"] is None for one in own):
        return []
    recall = [_spread([100 * one["recall_by_probability"][str(k)] for one in own]) for k in ks]
    label = ROWS[name].label
    return [f"| {label} | {method}, by probability | {len(own)} | | {' | '.join(recall)} | | |"]


def _spread(values: Sequence[float]) -> str:
    """Return ``96.3 ± 1.2``; one value alone has no spread."""
    mean = statistics.mean(values)
    return f"{mean:.1f}" if len(values) < 2 else f"{mean:.1f} ± {statistics.stdev(values):.1f}"
