"""Names of compared rankings, and the sentence that answers what they agree about."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from pxcore.evaluation.agreement import FEW, by_chance
from pxcore.plots.compare_trust import distrust, left_out, marks_of, speaking
from pxcore.plots.numbers import listed, shortened
from pxcore.plots.text import one_line, plain
from pxcore.types import Role
from pxcore.types.comparison import Agreement, Comparison, RankSpan

FARTHEST = "Farthest apart on average, not surely, and why that can be"
NOT_SURE = (
    "Their ranges of ranks overlap, so this may be chance. The reasons are rules on what is known "
    "of the methods, models and cells: they say what can be, not what is."
)
"""Of differences that are not sure."""
MOST_CHANNELS = 3
"""Disagreements named in the sentence; the table holds all."""


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


def full_names(comparison: Comparison, *, marked: bool = True) -> tuple[str, ...]:
    """Return each column's name in one line: "Occlusion (Jurkat fast; sanity check failed)".

    ``marked``: say beside it why a ranking is not to be relied on.
    """
    marks = marks_of(comparison) if marked else ("",) * len(comparison.columns)
    names = []
    for (method, run), mark in zip(names_of(comparison), marks, strict=True):
        besides = "; ".join(part for part in (one_line(run), mark) if part)
        names.append(f"{one_line(method)} ({besides})" if besides else one_line(method))
    return tuple(names)


def headings(comparison: Comparison, width: int) -> list[str]:
    """Return each column's :func:`heading`, with its mark in a last line."""
    return [
        heading(method, run, width) + (f"<br><i>{plain(mark)}</i>" if mark else "")
        for (method, run), mark in zip(names_of(comparison), marks_of(comparison), strict=True)
    ]


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
    where ranges do not overlap. Rankings whose models are not shown to tell the classes apart take
    no part, and those that failed a sanity check are named as such.
    """
    columns = comparison.columns
    if len(columns) < 2:
        return "One ranking alone: choose a second one to compare it with."
    real = [c for c in comparison.shared if comparison.channels[c].role is not Role.DECOY]
    if not comparison.shared or not real:
        some = any(one.n_channels for one in comparison.agreements)
        rest = "only some pairs of them do" if some else "nothing can be compared"
        return f"These {len(columns)} rankings share no channel: {rest}."
    names = full_names(comparison, marked=False)
    who = speaking(comparison)
    parts = [left_out(comparison, names)]
    if len(who) > 1:
        parts += [_first(comparison, who), distrust(comparison, names)]
        parts.append(_differences(comparison, who))
    elif who:
        parts += [f"{names[who[0]]} is left alone, with nothing to compare it with."]
    return " ".join(part for part in parts if part)


def _first(comparison: Comparison, who: Sequence[int]) -> str:
    """Return which channel comes first by the columns ``who``, and how surely."""
    number = len(who)
    what = _what(comparison, who)
    firsts: dict[int, list[int]] = {}
    for column in who:
        ranks = comparison.ranks[column]
        best = min((span.rank, c) for c, span in enumerate(ranks) if span is not None)[1]
        firsts.setdefault(best, []).append(column)
    among = "" if len(comparison.shared) == len(comparison.channels) else _among(comparison)
    every = "Both" if number == 2 else f"All {number}"
    if len(firsts) == 1:
        name = one_line(comparison.channels[next(iter(firsts))].name)
        sure = _surely(comparison, next(iter(firsts)), who)
        if len(sure) == number:
            return f"{every} {what} put {name} first{among}."
        certain = f"surely by {_each(comparison, sure)}" if sure else "but none of them surely"
        return f"{every} {what} put {name} first on average{among}, {certain}."
    ordered = sorted(firsts.items(), key=lambda pair: -len(pair[1]))
    parts = [_lead(comparison, c, found) for c, found in ordered]
    some = "neither" if number == 2 else "none"
    if not any(_surely(comparison, c, who) for c in firsts):
        return (
            f"On average {listed(parts)}{among}; {some} of the {number} {what} is sure of its "
            "first channel."
        )
    return f"On average {listed(parts)}{among}."


def _lead(comparison: Comparison, channel: int, columns: Sequence[int]) -> str:
    """Return who puts a channel first on average, and how many of them surely."""
    sure = _surely(comparison, channel, columns)
    name = one_line(comparison.channels[channel].name)
    if not sure:
        certain = ""
    elif len(sure) == len(columns):
        certain = ", surely"
    else:
        certain = f", surely by {_each(comparison, sure)}"
    bracket = f" ({certain.removeprefix(', ')})" if certain else ""
    return f"{name} comes first by {_by(comparison, columns)}{bracket}"


def _what(comparison: Comparison, who: Sequence[int]) -> str:
    """Return "methods" for one run, "rankings" for several; "other" where some were left out."""
    runs = {column.run.id for column in comparison.columns}
    other = "other " if len(who) < len(comparison.columns) else ""
    return other + ("methods" if len(runs) == 1 else "rankings")


def _among(comparison: Comparison) -> str:
    return f" among the {len(comparison.shared)} channels that all have"


def _surely(comparison: Comparison, channel: int, who: Sequence[int]) -> list[int]:
    """Return those of the columns ``who`` whose range holds the first rank only."""
    spans = [(n, comparison.ranks[n][channel]) for n in who]
    return [n for n, span in spans if span is not None and span.high == 1]


def _by(comparison: Comparison, columns: Sequence[int]) -> str:
    """Return the names of a few columns, the number of many."""
    names = full_names(comparison)
    if len(columns) <= 2:
        return listed([names[n] for n in columns])
    return f"{len(columns)} {_what(comparison, range(len(comparison.columns)))}"


def _each(comparison: Comparison, columns: Sequence[int]) -> str:
    """Return the names of columns, also of several; of many the last ones are counted."""
    names = full_names(comparison, marked=False)
    return shortened([names[n] for n in columns])


def _differences(comparison: Comparison, who: Sequence[int]) -> str:
    """Return the channels that the columns ``who`` surely rank differently, or that none is."""
    pairs: dict[int, list[tuple[int, int]]] = {}
    for one in comparison.disagreements:
        found = [(h, one.lower) for h in one.higher if h in who and one.lower in who]
        if found:
            pairs.setdefault(one.channel, []).extend(found)
    if not pairs:
        return (
            "No disagreement of ranks is sure: for every channel the ranges of ranks overlap."
            if len(who) > 2
            else "No disagreement of ranks is sure: the ranges overlap for every channel."
        )
    told = [_difference(comparison, c, pairs[c]) for c in list(pairs)[:MOST_CHANNELS]]
    more = len(pairs) - len(told)
    rest = f"; and about {more} more" if more else ""
    return f"They surely disagree about {'; about '.join(told)}{rest}."


def _difference(comparison: Comparison, channel: int, pairs: Sequence[tuple[int, int]]) -> str:
    """Return a channel with its highest rank and the lowest that surely differs from it."""
    name = one_line(comparison.channels[channel].name)
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
    return (
        f"With {few} channels a correlation says little: one in {1 / by_chance(few):.0f} random "
        "orders agrees perfectly."
    )
