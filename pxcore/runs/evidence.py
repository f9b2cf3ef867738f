"""What stands beside the rankings of a finished run: place or amount, sanity, leakage, proofs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pxcore.runs import plan
from pxcore.runs.method_names import method_name
from pxcore.runs.saved.evidence import load_gates, load_redundancy
from pxcore.runs.saved.model import Story, load_story
from pxcore.runs.saved.ranks import load_performance
from pxcore.runs.tasks import JudgeTask, Task, TrainTask
from pxcore.types import (
    Gate,
    GateReport,
    Leakage,
    LeftOut,
    MethodResult,
    Performance,
    Redundancy,
    RunSpec,
    WhereOrHowMuch,
)

if TYPE_CHECKING:
    from pxcore.evaluation.values import Sizes

TOTAL, PLACE = plan.TOTAL, "pxpermute_mask"
Find = Callable[[Task], Path]
"""The folder of a task's result."""


def where(spec: RunSpec, methods: Sequence[MethodResult]) -> WhereOrHowMuch | None:
    """Return place and amount, where both methods ran with their usual settings."""
    from pxcore.evaluation.where import where_or_how_much  # noqa: PLC0415 - loads scipy

    by_name = {method.method: method for method in methods}
    if TOTAL not in by_name or PLACE not in by_name:
        return None
    total, place = by_name[TOTAL], by_name[PLACE]
    n_real = len(spec.channels or spec.panel.channels)
    return where_or_how_much(
        total.importance,
        place.importance,
        decoys=tuple(range(n_real, n_real + len(spec.decoys))),
        small_classes=total.ranking.small_classes,
        n_cells=sum(total.importance.n_test) // spec.seeds,
    )


def redundancy(spec: RunSpec, find: Find) -> Redundancy | None:
    """Return which channels say the same, where that was asked."""
    return load_redundancy(find(plan.redundancy(spec))) if spec.redundancy else None


def gates(spec: RunSpec, find: Find) -> tuple[GateReport, ...]:
    """Return the sanity checks of every method, where they were asked: the worst of each.

    Methods that no check is defined for, such as training again, have no report.
    """
    if not spec.gates:
        return ()
    reports = []
    for method in spec.methods:
        found = [load_gates(find(task)) for task in plan.gates(spec, method)]
        if not found:
            continue
        worst = tuple(max(same, key=_badness) for same in zip(*found, strict=True))
        reports.append(GateReport(method=method_name(method), gates=worst, trainings=len(found)))
    return tuple(reports)


def leakage(spec: RunSpec, performance: Performance, find: Find) -> Leakage | None:
    """Return how much better folds dealt by cell look, where that was asked."""
    from pxcore.evaluation.leakage import Judged  # noqa: PLC0415 - loads scipy
    from pxcore.evaluation.leakage import leakage as leakage_of  # noqa: PLC0415

    if not spec.leakage:
        return None
    by_cell = plan.by_cell_trains(spec)
    return leakage_of(
        Judged(performance=performance, sizes=_sizes(spec, plan.trains(spec), find)),
        Judged(
            performance=load_performance(find(JudgeTask(trains=by_cell))),
            sizes=_sizes(spec, by_cell, find),
        ),
    )


def left_out(spec: RunSpec, performance: Performance, find: Find) -> tuple[LeftOut, ...]:
    """Return what training again without some channels costs, for each group asked."""
    from pxcore.evaluation.left_out import left_out as left_out_of  # noqa: PLC0415 - loads scipy

    own = spec.channels or tuple(range(len(spec.panel)))
    return tuple(
        left_out_of(
            tuple(own.index(channel) for channel in group),
            performance,
            load_performance(find(JudgeTask(trains=plan.left_out_trains(spec, number)))),
            _sizes(spec, plan.trains(spec), find),
        )
        for number, group in enumerate(spec.leave_out)
    )


def _badness(gate: Gate) -> tuple[bool, float]:
    return not gate.passed, gate.value - gate.bound


def _sizes(spec: RunSpec, trains: Sequence[TrainTask], find: Find) -> Sizes:
    from pxcore.evaluation.values import Sizes  # noqa: PLC0415 - loads scipy

    stories: list[Story] = [load_story(find(train)) for train in trains]
    tested = [story.n_test for story in stories]
    return Sizes(
        n_train=tuple(story.n_train for story in stories),
        n_test=tuple(tested),
        n_cells=sum(tested) // spec.seeds,
    )
