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


def size_of(line: dict) -> int:
    """Return the pixels a side that a result is of."""
    return line["plan"]["size"]


def of(method: str, size: int = 48, row: str = "embedding") -> list[dict]:
    """Return what was measured of one row's method, a line a data seed."""
    return [
        line
        for line in LINES
        if (line["row"], line["method"], size_of(line)) == (row, method, size)
    ]


def spread(shares: list[float]) -> str:
    """Return shares as the documents tell them, in percent."""
    values = [100 * share for share in shares]
    if len(values) == 1:
        return f"{values[0]:.1f}"
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


SMALLER = {
    "ResNet18, shared": "embedding",
    "ResNet18, independent": "independent",
    "r3d, shared": "r3d_shared",
    "r3d, independent": "r3d_independent",
    "`resnet50`": "resnet50",
    "`bsn`": "bsn",
    "`small_cnn`": "small_cnn",
}


def test_the_table_of_all_rows_tells_what_was_measured() -> None:
    part = DOC.partition("### All rows, smaller")[2].partition("## Speed")[0]
    told = [line.split("|") for line in part.splitlines() if line.startswith("| ")][2:]
    assert len(told) == len({(one["row"], one["method"]) for one in LINES if size_of(one) == 32})
    for cells in told:
        name, method, n, *figures = (cell.strip() for cell in cells[1:-1])
        lines = of(method.strip("`"), 32, SMALLER[name])
        assert int(n) == len(lines)
        accuracy = spread([line["accuracy"] for line in lines])
        recall = [spread([line["recall"][k] for line in lines]) for k in ("6", "10", "13")]
        assert figures == [accuracy, *recall], name
