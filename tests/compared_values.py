"""Made-up runs to compare: rankings with chosen means and spreads, of chosen panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import tests.example_values as ex
from pxcore.evaluation.comparison import Asked, column_of, compared
from pxcore.importance.methods import METHODS
from pxcore.types import Channel, MethodResult, ModelSpec, Panel, Role, RunResult
from pxcore.types.comparison import Column, Comparison

BF, DNA, CD3, CD8 = (
    Channel(name="Brightfield", role=Role.BRIGHTFIELD),
    Channel(name="PI", marker="DNA"),
    Channel(name="FITC", marker="CD3"),
    Channel(name="PE", marker="CD8"),
)
PANEL = Panel((BF, DNA, CD3, CD8))
FIRM = 0.005
"""A spread that keeps all ranks apart."""


def ranked(
    name: str, mean: Sequence[float], spread: float = FIRM, unit: str = "drop in F1"
) -> MethodResult:
    made = ex.method(tuple(mean), (spread,) * len(mean), name)
    return replace(made, label=name, importance=replace(made.importance, unit=unit))


def run(
    run_id: str,
    methods: Sequence[MethodResult],
    panel: Panel = PANEL,
    *,
    dataset_id: str = "d1",
    model: ModelSpec | None = None,
    decoys: tuple[str, ...] = (),
    seeds: int = 1,
) -> RunResult:
    made = ex.result(panel)
    row = replace(
        made.run,
        id=run_id,
        title=f"Run {run_id}",
        dataset_id=dataset_id,
        dataset_title=f"Cells {dataset_id}",
        methods=tuple(one.method for one in methods),
    )
    spec = replace(made.spec, decoys=decoys, seeds=seeds, model=model or ModelSpec())
    return replace(made, run=row, spec=spec, methods=tuple(methods))


def beside(*results: RunResult, **asked: object) -> Comparison:
    """Return every method of every run beside one another."""
    columns = [column_of(one, method) for one in results for method in one.methods]
    return compared(columns, (), Asked(**asked))  # type: ignore[arg-type]


def column(
    name: str,
    mean: Sequence[float],
    spread: float = FIRM,
    redundant: tuple[tuple[int, ...], ...] = (),
    **of_run: object,
) -> Column:
    """Return one ranking as a column."""
    unit = "attribution" if METHODS[name.partition(":")[0]].kind == "attribution" else "drop in F1"
    method = ranked(name, mean, spread, unit)
    found = column_of(run(str(of_run.pop("run_id", "r1")), [method], **of_run), method)  # type: ignore[arg-type]
    return replace(found, redundant=redundant)
