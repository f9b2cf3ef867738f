"""The tables behind a comparison, one row a channel and ranking (or a pair of rankings)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from pxcore.plots.compare_words import full_names, span_text
from pxcore.plots.truth import kinds, truth_table
from pxcore.types import Interval
from pxcore.types.comparison import Comparison, Disagreement
from pxcore.types.truth import TruthKind

__all__ = [
    "agreement",
    "comparison_tables",
    "disagreement",
    "importance",
    "likely",
    "ranks",
    "truth",
]

Row = dict[str, str | int | float | None]


def importance(comparison: Comparison, channels: Sequence[int]) -> pd.DataFrame:
    """Return values in their own unit and scaled, with intervals, starts and trainings."""
    rows = [
        _head(comparison, c, n) | _values(comparison, c, n)
        for c in channels
        for n in range(len(comparison.columns))
    ]
    return pd.DataFrame(rows)


def ranks(comparison: Comparison) -> pd.DataFrame:
    """Return ranks with their ranges, among the channels that all rankings have."""
    rows = []
    for c in comparison.shared:
        for n in range(len(comparison.columns)):
            span = comparison.ranks[n][c]
            if span is not None:
                placed: Row = {"rank": span.rank, "rank low": span.low, "rank high": span.high}
                rows.append(_head(comparison, c, n) | placed)
    return pd.DataFrame(rows)


def agreement(comparison: Comparison) -> pd.DataFrame:
    """Return every pair of rankings with all three measures and their ranges."""
    names = full_names(comparison)
    rows = []
    for one in comparison.agreements:
        row: Row = {
            "ranking": names[one.first],
            "other ranking": names[one.second],
            "channels": one.n_channels,
            "range over": "trainings" if one.paired else "pairs of trainings",
        }
        for name, found in (
            ("Spearman", one.spearman),
            ("Kendall tau-b", one.kendall),
            (f"overlap of first {one.top}", one.overlap),
        ):
            row |= {name: found.value, f"{name} low": found.low, f"{name} high": found.high}
        rows.append(row)
    return pd.DataFrame(rows)


def disagreement(comparison: Comparison) -> pd.DataFrame:
    """Return where rankings surely disagree, who ranks the channel higher, and why that can be."""
    return _told(comparison, comparison.disagreements)


def likely(comparison: Comparison) -> pd.DataFrame:
    """Return where rankings differ most, none of it sure, and why that can be.

    Rankings whose models are not shown to tell the classes apart take no part.
    """
    return _told(comparison, comparison.likely)


def _told(comparison: Comparison, found: Sequence[Disagreement]) -> pd.DataFrame:
    names = full_names(comparison)
    rows = [
        {
            "channel": comparison.channels[one.channel].name,
            "higher by": "; ".join(
                _placed(comparison, one.channel, n, names[n]) for n in one.higher
            ),
            "lower by": _placed(comparison, one.channel, one.lower, names[one.lower]),
            "why that can be": " ".join(reason.sentence for reason in one.reasons),
            "rules": ", ".join(reason.id for reason in one.reasons),
        }
        for one in found
    ]
    return pd.DataFrame(rows)


def truth(comparison: Comparison) -> dict[TruthKind, pd.DataFrame]:
    """Return how rankings stand to what is known of their channels, by what that is."""
    names = full_names(comparison)
    known = [
        (name, column.truth)
        for name, column in zip(names, comparison.columns, strict=True)
        if column.truth is not None
    ]
    return {kind: truth_table(rows) for kind, rows in kinds(known).items()}


def comparison_tables(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """Return every table of a comparison that says something, by its name."""
    if not comparison.columns:
        return {}
    found = {"importance": importance(comparison, range(len(comparison.channels)))}
    if len(comparison.columns) > 1:
        found["ranks"] = ranks(comparison)
        found["agreement"] = agreement(comparison)
        found["disagreements"] = disagreement(comparison)
    return found | {f"against_{kind}": table for kind, table in truth(comparison).items()}


def _placed(comparison: Comparison, c: int, n: int, name: str) -> str:
    """Return a ranking's name with the channel's rank, where all rankings have the channel."""
    span = comparison.ranks[n][c]
    return f"{name} ({span_text(span)})" if span is not None else name


def _head(comparison: Comparison, c: int, n: int) -> Row:
    channel, column = comparison.channels[c], comparison.columns[n]
    return {
        "channel": channel.name,
        "marker": channel.marker,
        "role": channel.role.value,
        "method": column.label,
        "run": column.run.title or column.run.dataset_title,
        "run id": column.run.id,
        "data set": column.run.dataset_title,
    }


def _values(comparison: Comparison, c: int, n: int) -> Row:
    column, value = comparison.columns[n], comparison.values[n][c]
    on_one = comparison.scaled[n][c]
    row: Row = {"unit": column.unit} | _interval(value, "") | _interval(on_one, "scaled ")
    if value is None:
        return row
    row |= {f"start {s + 1}": one for s, one in enumerate(comparison.starts[n][c])}
    row |= {f"training {j + 1}": one for j, one in enumerate(value.folds)}
    return row


def _interval(value: Interval | None, before: str) -> Row:
    if value is None:
        return {f"{before}value": math.nan, f"{before}low": math.nan, f"{before}high": math.nan}
    found = (value.mean, value.low, value.high)
    return {
        f"{before}{name}": one for name, one in zip(("value", "low", "high"), found, strict=True)
    }
