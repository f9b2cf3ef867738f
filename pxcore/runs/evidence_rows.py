"""What stands beside the rankings, as table rows and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pxcore.types import (
    Array,
    ChannelGroup,
    ChannelPair,
    GateReport,
    Interval,
    Leakage,
    LeftOut,
    Redundancy,
    RunResult,
    WhereOrHowMuch,
)

Row = dict[str, str | int | float]
Json = dict[str, object]


def where_rows(found: RunResult) -> Iterator[Row]:
    """Yield one row a channel: total, place and amount with their intervals, and the verdict."""
    if found.where is None:
        return
    where = found.where
    for c, name in enumerate(found.panel.names):
        row: Row = {"channel": name, "verdict": str(where.verdict[c])}
        for part in ("total", "place", "amount"):
            interval: Interval = getattr(where, part)[c]
            row |= {
                part: interval.mean,
                f"{part}_low": interval.low,
                f"{part}_high": interval.high,
            }
        yield row


def redundancy_rows(found: RunResult) -> Iterator[Row]:
    """Yield one row for each set of channels that was spoilt together."""
    if found.redundancy is None:
        return
    names = found.panel.names
    for group in found.redundancy.groups:
        yield {
            "kind": "group",
            "channels": _listed(names, group.channels),
            **_bounds("joint", group.joint),
            **_bounds("extra", group.extra),
            "verdict": "interchangeable" if group.interchangeable else "",
            "keep_first": names[group.keep_order[0]],
        }
    for pair in found.redundancy.pairs:
        yield {
            "kind": "pair",
            "channels": _listed(names, (pair.first, pair.second)),
            **_bounds("joint", pair.joint),
            **_bounds("extra", pair.interaction),
            "verdict": "only together" if pair.only_together else "",
            "keep_first": "",
        }


def gate_rows(found: RunResult) -> Iterator[Row]:
    """Yield one row for each sanity check of each method."""
    for report in found.gates:
        for gate in report.gates:
            yield {
                "method": report.method,
                "check": gate.id,
                "passed": int(gate.passed),
                "value": gate.value,
                "bound": gate.bound,
                "trainings": report.trainings,
                "said": gate.said,
            }


def leakage_rows(found: RunResult) -> Iterator[Row]:
    """Yield one row for each way to split, and one for the gap between them."""
    if found.leakage is None:
        return
    for split, interval in _splits(found.leakage).items():
        yield {"split": split, **_bounds("f1_macro", interval), **_trainings(interval)}


def left_out_rows(found: RunResult) -> Iterator[Row]:
    """Yield one row for each set of channels that models were trained without."""
    for one in found.left_out:
        yield {
            "channels": _listed(found.panel.names, one.channels),
            **_bounds("f1_macro", one.f1_macro),
            **_bounds("drop", one.drop),
            **{f"drop_{name}": value for name, value in _trainings(one.drop).items()},
        }


def evidence_json(found: RunResult) -> Json:
    """Return what stands beside the rankings; None for what was not asked, never NaN."""
    names = found.panel.names
    return {
        "where": _where(found.where),
        "redundancy": _redundancy(found.redundancy, names),
        "gates": {report.method: _gates(report) for report in found.gates},
        "leakage": _leakage(found.leakage),
        "left_out": [_left_out(one, names) for one in found.left_out],
    }


def number(value: float | None) -> float | None:
    """Return a number that JSON knows, else None."""
    return float(value) if value is not None and math.isfinite(value) else None


def interval_json(interval: Interval) -> Json:
    """Return mean, bounds and every fold's value."""
    return {
        "mean": number(interval.mean),
        "low": number(interval.low),
        "high": number(interval.high),
        "folds": [number(value) for value in interval.folds],
    }


def _where(where: WhereOrHowMuch | None) -> Json | None:
    if where is None:
        return None
    return {
        "total": [interval_json(one) for one in where.total],
        "place": [interval_json(one) for one in where.place],
        "amount": [interval_json(one) for one in where.amount],
        "verdict": [str(verdict) for verdict in where.verdict],
        "notes": list(where.notes),
    }


def _redundancy(found: Redundancy | None, names: Sequence[str]) -> Json | None:
    if found is None:
        return None
    return {
        "association": _matrix(found.features),
        "drop_correlation": _matrix(found.drops),
        "threshold": found.threshold,
        "groups": [_group(group, names) for group in found.groups],
        "pairs": [_pair(pair, names) for pair in found.pairs],
        "notes": list(found.notes),
    }


def _group(group: ChannelGroup, names: Sequence[str]) -> Json:
    return {
        "channels": [names[c] for c in group.channels],
        "joint": interval_json(group.joint),
        "alone": [interval_json(one) for one in group.alone],
        "beyond": [interval_json(one) for one in group.beyond],
        "extra": interval_json(group.extra),
        "interchangeable": group.interchangeable,
        "keep_order": [names[c] for c in group.keep_order],
    }


def _pair(pair: ChannelPair, names: Sequence[str]) -> Json:
    return {
        "channels": [names[pair.first], names[pair.second]],
        "joint": interval_json(pair.joint),
        "interaction": interval_json(pair.interaction),
        "only_together": pair.only_together,
    }


def _gates(report: GateReport) -> Json:
    checks = [
        {
            "id": gate.id,
            "passed": gate.passed,
            "value": number(gate.value),
            "bound": number(gate.bound),
            "said": gate.said,
        }
        for gate in report.gates
    ]
    return {"passed": report.passed, "trainings": report.trainings, "checks": checks}


def _leakage(found: Leakage | None) -> Json | None:
    if found is None:
        return None
    return {name: interval_json(part) for name, part in _splits(found).items()}


def _splits(found: Leakage) -> dict[str, Interval]:
    return {"by_donor": found.by_donor, "by_cell": found.by_cell, "gap": found.gap}


def _left_out(found: LeftOut, names: Sequence[str]) -> Json:
    return {
        "channels": [names[c] for c in found.channels],
        "f1_macro": interval_json(found.f1_macro),
        "drop": interval_json(found.drop),
    }


def _matrix(values: Array) -> list[list[float | None]]:
    return [[number(value) for value in row] for row in values.tolist()]


def _listed(names: Sequence[str], channels: Sequence[int]) -> str:
    return ", ".join(names[c] for c in channels)


def _trainings(interval: Interval) -> Row:
    """Return every fold's value; missing where a fold has none."""
    return {
        f"training_{j + 1}": math.nan if value is None else value
        for j, value in enumerate(interval.folds)
    }


def _bounds(name: str, interval: Interval) -> Row:
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
