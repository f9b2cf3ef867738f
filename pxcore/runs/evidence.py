"""What stands beside the rankings of a finished run: place or amount, sanity, leakage, proofs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pxcore.importance.methods import METHODS
from pxcore.runs.method_names import method_name
from pxcore.runs.parts import Parts
from pxcore.runs.saved.evidence import load_gates, load_redundancy
from pxcore.runs.saved.model import Story, load_story
from pxcore.runs.saved.ranks import load_performance
from pxcore.runs.spec_tasks import TOTAL
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

PLACE = "pxpermute_mask"


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


def redundancy(spec: RunSpec, parts: Parts) -> Redundancy | None:
    """Return which channels say the same, where that was asked."""
    folder = parts.folder("redundancy") if spec.redundancy else None
    return load_redundancy(folder) if folder else None


def gates(spec: RunSpec, parts: Parts) -> tuple[GateReport, ...]:
    """Return the sanity checks of every method, where they were asked: the worst training of each.

    Methods that no check is defined for, such as training again, have no report.
    """
    reports = []
    for method in spec.methods if spec.gates else ():
        name = method_name(method)
        rows = [row for row in parts.rows(f"gate/{name}") if row is not None]
        folders = [parts.folder(f"gate/{name}/{at}") for at in parts.starts] if rows else []
        if not rows and method.id in METHODS and METHODS[method.id].gates:
            parts.missing.append(f"gate/{name}")
        found = [load_gates(folder) for folder in folders if folder]
        if found:
            told = tuple(_told(same) for same in zip(*found, strict=True))
            reports.append(GateReport(method=name, gates=told, trainings=len(found)))
    return tuple(reports)


def leakage(spec: RunSpec, performance: Performance, parts: Parts) -> Leakage | None:
    """Return how much better folds dealt by cell look, where that was asked."""
    from pxcore.evaluation.leakage import Judged  # noqa: PLC0415 - loads scipy
    from pxcore.evaluation.leakage import leakage as leakage_of  # noqa: PLC0415

    if not spec.leakage:
        return None
    judged, own = parts.folder("judge/by_cell"), parts.folders("train")
    by_cell = parts.folders("train/by_cell")
    if judged is None or not own or not by_cell:
        return None
    return leakage_of(
        Judged(performance=performance, sizes=_sizes(spec, own)),
        Judged(performance=load_performance(judged), sizes=_sizes(spec, by_cell)),
    )


def left_out(spec: RunSpec, performance: Performance, parts: Parts) -> tuple[LeftOut, ...]:
    """Return what training again without some channels costs, for each group asked."""
    from pxcore.evaluation.left_out import left_out as left_out_of  # noqa: PLC0415 - loads scipy

    channels = spec.channels or tuple(range(len(spec.panel)))
    own, found = parts.folders("train") if spec.leave_out else (), []
    for number, group in enumerate(spec.leave_out):
        judged = parts.folder(f"judge/without/{number}")
        if judged is None or not own:
            continue
        missing = tuple(channels.index(channel) for channel in group)
        theirs = load_performance(judged)
        found.append(left_out_of(missing, performance, theirs, _sizes(spec, own)))
    return tuple(found)


def _told(same: Sequence[Gate]) -> Gate:
    """Return the worst training's outcome of a check; the middle one's where chance moves it."""
    worst_last = sorted(same, key=_badness)
    middle = same[0].id == "random_ranking"
    return worst_last[len(same) // 2 if middle else -1]


def _badness(gate: Gate) -> tuple[bool, float]:
    return not gate.passed, gate.value - gate.bound


def _sizes(spec: RunSpec, trains: Sequence[Path]) -> Sizes:
    """Return the sizes of trainings, from where their results lie."""
    from pxcore.evaluation.values import Sizes  # noqa: PLC0415 - loads scipy

    stories: list[Story] = [load_story(folder) for folder in trains]
    tested = [story.n_test for story in stories]
    return Sizes(
        n_train=tuple(story.n_train for story in stories),
        n_test=tuple(tested),
        n_cells=sum(tested) // spec.seeds,
    )
