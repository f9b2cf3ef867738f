"""Names of compared rankings, and the sentence that answers what they agree about."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from pxcore.plots.numbers import listed
from pxcore.plots.text import one_line, plain
from pxcore.types import Role
from pxcore.types.comparison import Agreement, Comparison, RankSpan

MOST_CHANNELS = 3
"""Disagreements named in the sentence; the table holds all."""
FEW = 5
"""Channels up to which an agreement may well be luck."""


def names_of(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """Return each column's method and run; the run is empty where all are of one run.

    Runs of one title are told apart by the beginning of their id.
    """
    titles = {one.run.id: one.run.title or one.run.dataset_title for one in comparison.columns}
    if len(titles) < 2:
        return tuple((one.label, "") for one in comparison.columns)
    doubled = {title for title in titles.values() if list(titles.values()).count(title) > 1}
    return tuple(
        (
            one.label,
            titles[one.run.id] + (f" {one.run.id[:5]}" if titles[one.run.id] in doubled else ""),
        )
        for one in comparison.columns
    )


def full_names(comparison: Comparison) -> tuple[str, ...]:
    """Return each column's name in one line: "Occlusion" or "Occlusion (Jurkat fast)"."""
    return tuple(
        f"{one_line(method)} ({one_line(run)})" if run else one_line(method)
        for method, run in names_of(comparison)
    )


def heading(method: str, run: str, width: int) -> str:
    """Return a column's name as plotly text in lines of about ``width`` characters, two at most.

    The run, where there is one, gets a line of its own.
    """
    lines = textwrap.wrap(one_line(method, 2 * width), width)[:2] or [""]
    text = "<br>".join(plain(line, width + 8) for line in lines)
    return f"{text}<br>{plain(run, width + 2)}" if run else text


def span_text(span: RankSpan) -> str:
    """Return ``rank 2 (1 to 3)``, or ``rank 1`` where the range holds one rank only."""
    spread = f" ({span.low} to {span.high})" if span.low != span.high else ""
    return f"rank {span.rank}{spread}"


def answer(comparison: Comparison) -> str:
    """Return what the rankings agree and disagree about, as plain text.

    A first place is claimed only where the range of ranks holds nothing else, a disagreement only
    where ranges do not overlap.
    """
    columns = comparison.columns
    if len(columns) < 2:
        return "One ranking alone: choose a second one to compare it with."
    real = [c for c in comparison.shared if comparison.channels[c].role is not Role.DECOY]
    if not comparison.shared or not real:
        some = any(one.n_channels for one in comparison.agreements)
        rest = "only some pairs of them do" if some else "nothing can be compared"
        return f"These {len(columns)} rankings share no channel: {rest}."
    return " ".join([_first(comparison), _differences(comparison)])


def _first(comparison: Comparison) -> str:
    """Return which channel comes first, and how surely."""
    number = len(comparison.columns)
    what = _what(comparison)
    firsts: dict[int, list[int]] = {}
    for column, ranks in enumerate(comparison.ranks):
        best = min((span.rank, c) for c, span in enumerate(ranks) if span is not None)[1]
        firsts.setdefault(best, []).append(column)
    among = "" if len(comparison.shared) == len(comparison.channels) else _among(comparison)
    every = "Both" if number == 2 else f"All {number}"
    if len(firsts) == 1:
        name = one_line(comparison.channels[next(iter(firsts))].name)
        sure = _surely(comparison, next(iter(firsts)))
        if len(sure) == number:
            return f"{every} {what} put {name} first{among}."
        certain = f"by {len(sure)} of them surely" if sure else "but none of them surely"
        return f"{every} {what} put {name} first on average{among}, {certain}."
    ordered = sorted(firsts.items(), key=lambda pair: -len(pair[1]))
    parts = [_lead(comparison, c, found) for c, found in ordered]
    some = "neither" if number == 2 else "none"
    if not any(_surely(comparison, c) for c in firsts):
        return (
            f"On average {listed(parts)}{among}; {some} of the {number} {what} is sure of its "
            "first channel."
        )
    return f"On average {listed(parts)}{among}."


def _lead(comparison: Comparison, channel: int, columns: Sequence[int]) -> str:
    """Return who puts a channel first on average, and how many of them surely."""
    sure = [n for n in _surely(comparison, channel) if n in columns]
    name = one_line(comparison.channels[channel].name)
    if not sure:
        certain = ""
    elif len(sure) == len(columns):
        certain = ", surely"
    else:
        certain = f", {len(sure)} of them surely"
    bracket = f" ({certain.removeprefix(', ')})" if certain else ""
    return f"{name} comes first by {_by(comparison, columns)}{bracket}"


def _what(comparison: Comparison) -> str:
    """Return "methods" for one run, "rankings" for several."""
    runs = {column.run.id for column in comparison.columns}
    return "methods" if len(runs) == 1 else "rankings"


def _among(comparison: Comparison) -> str:
    return f" among the {len(comparison.shared)} channels that all have"


def _surely(comparison: Comparison, channel: int) -> list[int]:
    """Return the columns whose range holds the first rank only."""
    spans = [ranks[channel] for ranks in comparison.ranks]
    return [n for n, span in enumerate(spans) if span is not None and span.high == 1]


def _by(comparison: Comparison, columns: Sequence[int]) -> str:
    """Return the names of a few columns, the number of many."""
    names = full_names(comparison)
    if len(columns) <= 2:
        return listed([names[n] for n in columns])
    return f"{len(columns)} {_what(comparison)}"


def _differences(comparison: Comparison) -> str:
    """Return the channels that surely rank differently, or that none does."""
    channels = list(dict.fromkeys(one.channel for one in comparison.disagreements))
    if not channels:
        return (
            "No disagreement is sure: for every channel the ranges of ranks overlap."
            if len(comparison.columns) > 2
            else "No disagreement is sure: the ranges of ranks overlap for every channel."
        )
    told = [_difference(comparison, c) for c in channels[:MOST_CHANNELS]]
    more = len(channels) - len(told)
    rest = f"; and about {more} more" if more else ""
    return f"They surely disagree about {'; about '.join(told)}{rest}."


def _difference(comparison: Comparison, channel: int) -> str:
    """Return a channel with its highest rank and the lowest that surely differs from it."""
    name = one_line(comparison.channels[channel].name)
    pairs = [
        (higher, one.lower)
        for one in comparison.disagreements
        if one.channel == channel
        for higher in one.higher
    ]
    spans = [ranks[channel] for ranks in comparison.ranks]
    best = [(a, b, spans[a], spans[b]) for a, b in pairs]
    known = [(a, b, x, y) for a, b, x, y in best if x is not None and y is not None]
    names = full_names(comparison)
    if not known:  # ranked among the channels of a pair only
        a, b = pairs[0]
        return f"{name} (higher by {names[a]} than by {names[b]})"
    a, b, x, y = max(known, key=lambda found: found[3].rank - found[2].rank)
    return f"{name} ({span_text(x)} by {names[a]}, {span_text(y)} by {names[b]})"


def luck(agreements: Sequence[Agreement]) -> str:
    """Return how little an agreement over few channels says; empty where there are enough."""
    few = min((one.n_channels for one in agreements), default=FEW + 1)
    if few > FEW:
        return ""
    if few < 2:
        return "Some pairs share fewer than two channels: there is no order to compare."
    orders = {2: 2, 3: 6, 4: 24, 5: 120}[few]
    return (
        f"With {few} channels a correlation says little: one in {orders} random orders agrees "
        "perfectly."
    )
