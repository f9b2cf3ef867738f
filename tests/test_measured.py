"""Figures that docs tell of long benchmarks, against the results that were kept of them."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINES = [
    json.loads(line)
    for line in (ROOT / "benchmarks/measured/multiplex.jsonl").read_text().splitlines()
]
DOC = (ROOT / "docs/benchmark.md").read_text(encoding="utf-8")


def of(method: str, size: int = 48, row: str = "embedding") -> list[dict]:
    """Return what was measured of one row's method, a line a data seed."""
    return [
        line
        for line in LINES
        if (line["row"], line["method"], line["plan"]["size"]) == (row, method, size)
    ]


def spread(shares: list[float]) -> str:
    """Return shares as the documents tell them, in percent."""
    values = [100 * share for share in shares]
    mean, sd = statistics.mean(values), statistics.stdev(values)
    return f"{mean:.1f} ± {sd:.1f}".replace("100.0 ± 0.0", "100 ± 0")


def test_the_proof_of_the_multiplexed_benchmark() -> None:
    """Accuracy above 90 and Recall@10 of 100 for the gradient, five data seeds."""
    lines = of("channel_embedding")
    assert sorted(line["seed"] for line in lines) == list(range(5))
    assert min(line["accuracy"] for line in lines) > 0.9
    assert {line["recall"]["10"] for line in lines} == {1.0}


@pytest.mark.parametrize(
    ("method", "told", "by"),
    [
        ("channel_embedding", "(`channel_embedding`) |", "recall"),
        ("permute_cells", "| `permute_cells` | |", "recall"),
        ("pxpermute", "| `pxpermute`, drop in F1 | |", "recall"),
        ("pxpermute", "| `pxpermute`, drop in probability | |", "recall_by_probability"),
    ],
)
def test_the_table_tells_what_was_measured(method: str, told: str, by: str) -> None:
    (row,) = [line for line in DOC.splitlines() if told in line]
    cells = [cell.strip() for cell in row.split("|")[2:6]]
    lines = of(method)
    accuracy = spread([line["accuracy"] for line in lines])
    recall = [spread([line[by][k] for line in lines]) for k in ("6", "7", "10")]
    assert cells[0] in {accuracy, ""}  # told once, of the row's own method
    assert cells[1:] == recall
