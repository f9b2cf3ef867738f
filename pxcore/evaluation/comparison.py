"""Rankings of several runs and methods put beside one another: values in, one value out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pxcore.evaluation.against_truth import against_truth
from pxcore.evaluation.agreement import agreements
from pxcore.evaluation.disagreement import disagreements, likely, shared_ranks, speaking
from pxcore.evaluation.judged_f1 import judged_f1
from pxcore.evaluation.matching import match_channels, match_class
from pxcore.evaluation.model_words import model_words
from pxcore.evaluation.scaling import bounds_of, of_starts, scaled
from pxcore.importance.methods import METHODS
from pxcore.types import Interval, MethodResult, Role, RunResult
from pxcore.types.comparison import Column, ComparedChannel, Comparison, Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of the rankings is compared."""

    class_name: str = ""
    """Values of this class; empty for the mean over classes. Ranks are always of the mean."""
    top: int = 3
    """m of the overlap of the first m channels."""


def compared(
    columns: Sequence[Column], missing: Sequence[tuple[Item, str]], asked: Asked
) -> Comparison:
    """Return rankings side by side.

    Parameters
    ----------
    columns
        The rankings, as :func:`column_of` makes them.
    missing
        What could not be loaded, and why; passed through.
    asked
        Class and m.
    """
    channels = match_channels(
        [column.panel for column in columns], [column.decoys for column in columns]
    )
    own = [_values(column, asked.class_name) for column in columns]
    scales = tuple(_scale(column, values) for column, values in zip(columns, own, strict=True))
    on_one = [
        [None if value is None else scaled(value, scale) for value in values]
        for values, scale in zip(own, scales, strict=True)
    ]
    placed = [_placed(values, channels, n) for n, values in enumerate(own)]
    surely, heard = disagreements(columns, channels), set(speaking(columns))
    settled = any(one.lower in heard and heard & set(one.higher) for one in surely)
    return Comparison(
        columns=tuple(columns),
        channels=channels,
        missing=tuple(missing),
        class_name=asked.class_name,
        values=tuple(placed),
        scaled=tuple(_placed(values, channels, n) for n, values in enumerate(on_one)),
        scales=scales,
        starts=tuple(
            tuple(_starts(value, column.seeds) for value in values)
            for column, values in zip(columns, placed, strict=True)
        ),
        ranks=shared_ranks(columns, channels),
        agreements=agreements(columns, channels, asked.top),
        disagreements=surely,
        likely=() if settled else likely(columns, channels),
    )


def column_of(result: RunResult, method: MethodResult) -> Column:
    """Return one ranking of a run as a column of a comparison."""
    method_id = method.method.partition(":")[0]
    redundancy = result.redundancy
    f1, n_judged = judged_f1(result.behind(method), method)
    return Column(
        item=Item(result.run.id, method.method),
        label=method.label,
        run=result.run,
        model=method.model or model_words(result.spec.model),
        panel=result.panel,
        classes=result.spec.classes,
        decoys=result.spec.decoys,
        kind=METHODS[method_id].kind if method_id in METHODS else "",
        unit=method.importance.unit,
        ranking=method.ranking,
        seeds=result.spec.seeds,
        f1=f1,
        n_judged=n_judged,
        redundant=tuple(group.channels for group in redundancy.groups) if redundancy else (),
        where=result.where.verdict if result.where else (),
        failed=tuple(
            name
            for report in result.gates
            if report.method == method.method
            for name in report.failed
        ),
        truth=None
        if result.truth is None
        else against_truth(method, result.truth, len(result.source_channels)),
    )


def _values(column: Column, class_name: str) -> list[Interval | None]:
    """Return each channel's value in panel order, None without that class."""
    ranking = column.ranking
    if class_name:
        k = match_class(column.classes, class_name)
        return [None if k is None else per_class[k] for per_class in ranking.per_class]
    folds = zip(*ranking.folds, strict=True)
    return [
        Interval(mean=mean, low=low, high=high, folds=values)
        for mean, low, high, values in zip(
            ranking.mean, ranking.low, ranking.high, folds, strict=True
        )
    ]


def _scale(column: Column, values: Sequence[Interval | None]) -> tuple[float, float]:
    """Return the minimum and maximum that a column is scaled by; (0, 0) without values."""
    real = [
        value
        for value, channel in zip(values, column.panel.channels, strict=True)
        if value is not None and value.known and channel.role is not Role.DECOY
    ]
    return bounds_of(real) if real else (0.0, 0.0)


def _starts(value: Interval | None, seeds: int) -> tuple[float | None, ...]:
    """Return the mean of each start; none where there is one start, or no value."""
    return of_starts(value, seeds) if value is not None and seeds > 1 else ()


def _placed(
    values: Sequence[Interval | None], channels: Sequence[ComparedChannel], column: int
) -> tuple[Interval | None, ...]:
    """Return values in the order of the compared channels, None where a panel lacks one."""
    places = [channel.positions[column] for channel in channels]
    return tuple(None if place is None else values[place] for place in places)
