"""Where rankings surely disagree: rank intervals that do not overlap, with possible reasons."""

from __future__ import annotations

from collections.abc import Sequence

from pxcore.evaluation.disagreement_facts import Facts
from pxcore.evaluation.disagreement_rules import reasons
from pxcore.evaluation.shared_ranks import apart, ranks_among
from pxcore.evaluation.tell_apart import Told, told_apart
from pxcore.types import Role
from pxcore.types.comparison import Column, ComparedChannel, Disagreement, RankSpan, Reason

MOST_LIKELY = 3
FAR = 1 / 3
"""Share of the shared channels that mean ranks lie apart before it is told. Our choice."""
Placed = dict[int, RankSpan]
"""Ranks by position in the list of channels."""


def disagreements(
    columns: Sequence[Column], channels: Sequence[ComparedChannel]
) -> tuple[Disagreement, ...]:
    """Return the channels that two columns surely rank differently, channel by channel.

    Ranks are those among the channels that the two panels share; only ranges that do not overlap
    count. Decoys are not reported. Columns that rank a channel higher than another one for the
    same reasons are told together.
    """
    ranks = {
        (a, b): _ranks(columns, channels, a, b)
        for b in range(len(columns))
        for a in range(len(columns))
        if a != b
    }
    found: list[Disagreement] = []
    for c, channel in enumerate(channels):
        if channel.role is Role.DECOY:
            continue
        for lower in range(len(columns)):
            groups: dict[tuple[Reason, ...], list[int]] = {}
            for higher in range(len(columns)):
                if higher != lower and _surely_higher(ranks, c, higher, lower):
                    why = reasons(_facts(columns, channels, c, (higher, lower)))
                    groups.setdefault(why, []).append(higher)
            found += [
                Disagreement(channel=c, higher=tuple(group), lower=lower, reasons=why)
                for why, group in groups.items()
            ]
    return tuple(found)


def likely(
    columns: Sequence[Column], channels: Sequence[ComparedChannel]
) -> tuple[Disagreement, ...]:
    """Return the channels whose mean ranks differ most, the widest difference first.

    Of each channel the two columns that are farthest apart, where that is a third of the channels
    that both have or more; at most three channels, no decoys. Columns whose models are not shown
    to tell the classes apart take no part. Nothing is said of how sure it is: reasons are as in
    `disagreements`.
    """
    ranks, heard = shared_ranks(columns, channels), speaking(columns)
    n_shared = sum(channel.shared for channel in channels)
    found: list[tuple[int, Disagreement]] = []
    for c, channel in enumerate(channels):
        placed = [(span.rank, n) for n in heard if (span := ranks[n][c]) is not None]
        if channel.role is Role.DECOY or len(placed) < 2:
            continue
        (first, higher), (last, lower) = min(placed), max(placed)
        if last - first < max(2, FAR * n_shared):
            continue
        why = reasons(_facts(columns, channels, c, (higher, lower)))
        one = Disagreement(channel=c, higher=(higher,), lower=lower, reasons=why)
        found.append((first - last, one))
    return tuple(one for _, one in sorted(found, key=lambda pair: pair[0])[:MOST_LIKELY])


def speaking(columns: Sequence[Column]) -> tuple[int, ...]:
    """Return the columns whose models are shown to tell the classes apart."""
    return tuple(
        n for n, one in enumerate(columns) if told_apart(one.f1, one.n_classes) is Told.APART
    )


def shared_ranks(
    columns: Sequence[Column], channels: Sequence[ComparedChannel]
) -> tuple[tuple[RankSpan | None, ...], ...]:
    """Return (columns, channels) ranks among the channels that all columns have, else None."""
    shared = [c for c, channel in enumerate(channels) if channel.shared]
    rows: list[tuple[RankSpan | None, ...]] = []
    for number, column in enumerate(columns):
        positions = [p for c in shared if (p := channels[c].positions[number]) is not None]
        spans = dict(zip(shared, ranks_among(column.ranking, positions), strict=True))
        rows.append(tuple(spans.get(c) for c in range(len(channels))))
    return tuple(rows)


def _ranks(
    columns: Sequence[Column], channels: Sequence[ComparedChannel], own: int, other: int
) -> Placed:
    """Return the ranks of column ``own`` among the channels that ``other`` has too."""
    both = {
        c: position
        for c, channel in enumerate(channels)
        if (position := channel.positions[own]) is not None and channel.positions[other] is not None
    }
    spans = ranks_among(columns[own].ranking, list(both.values()))
    return dict(zip(both, spans, strict=True))


def _surely_higher(ranks: dict[tuple[int, int], Placed], c: int, higher: int, lower: int) -> bool:
    """Return whether ``higher`` ranks a channel before ``lower`` does, beyond both ranges."""
    first, second = ranks[higher, lower].get(c), ranks[lower, higher].get(c)
    if first is None or second is None:
        return False
    return apart(first, second) and first.rank < second.rank


def _facts(
    columns: Sequence[Column],
    channels: Sequence[ComparedChannel],
    c: int,
    pair: tuple[int, int],
) -> Facts:
    higher, lower = pair
    at_higher, at_lower = channels[c].positions[higher], channels[c].positions[lower]
    if at_higher is None or at_lower is None:
        message = f"channel {c} stands in one of the columns {pair} only"
        raise ValueError(message)
    names: dict[str, None] = {}
    for column, at in ((columns[lower], at_lower), (columns[higher], at_higher)):
        for group in column.redundant:
            if at in group:
                names.update({column.panel.names[p]: None for p in group if p != at})
    return Facts(
        higher=columns[higher],
        lower=columns[lower],
        at_higher=at_higher,
        at_lower=at_lower,
        partners=tuple(names),
    )
