"""The sentence on top of a finished run: the answer in plain words, no wider than its intervals.

Rules, in this order:

1. Where the models do not tell the classes apart (the interval of F1-macro reaches what naming
   one class always, or guessing, would give: 1 / number of classes), nothing is said about
   channels.
2. A channel counts when its whole interval lies above zero and its mean drop is no smaller than
   the smallest drop that matters, which is our choice; "Keep" is said of a stain only then. An
   order between such channels is claimed only where their rank intervals do not overlap.
3. Channels whose whole interval lies below that drop add nothing we can measure; *undecided* ones
   are named as such.
4. Decoys are never named, and a channel that defines the gate carries that warning.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from pxcore.plots.numbers import bounds, listed, score
from pxcore.plots.ranking import order_of
from pxcore.plots.text import one_line
from pxcore.plots.verdicts import SMALL
from pxcore.types import MethodResult, Panel, Performance, Ranking, Role, Verdict

LOST = {
    "pxpermute": ("without its structure", "without the structure of {}"),
    "pxpermute_mask": (
        "without its structure inside the cell",
        "without the structure of {} inside the cell",
    ),
    "permute_cells": (
        "with another cell's image in its place",
        "with another cell's image in place of {}",
    ),
    "occlusion": ("when it is blanked out", "when {} is blanked out"),
}
"""What a method (by the id before its settings) takes away, of "it" and of a name."""
PERTURBED = ("when it is perturbed", "when {} is perturbed")
MOST_NAMES = 4


def sentence(panel: Panel, result: MethodResult, performance: Performance) -> str:
    """Return the run's answer in one to three short clauses, as plain text."""
    ranking = result.ranking
    classes = len(performance.f1_per_class)
    chance = 1 / classes if classes else 0.0
    if not performance.f1_macro.low > chance:
        return (
            f"The models hardly tell the classes apart (F1 {score(performance.f1_macro.mean)} "
            f"{bounds(performance.f1_macro.low, performance.f1_macro.high)}; guessing gives about "
            f"{score(chance)}), so this ranking says nothing about the channels yet."
        )
    order = [c for c in order_of(ranking, "rank") if panel.channels[c].role is not Role.DECOY]
    kept = [c for c in order if _matters(ranking, c)]
    parts = [_keep(panel, result, kept)] if kept else [_nothing_stands_out(result)]
    parts += _rest(panel, ranking, [c for c in order if c not in kept])
    circular = [c for c in kept if panel.channels[c].gate_defining]
    if circular:
        parts.append(
            f"{_names(panel, circular)} defined the gates, so that importance is circular."
        )
    return " ".join(parts)


def _matters(ranking: Ranking, c: int) -> bool:
    """Return whether a channel is clear of zero by an amount that matters."""
    return ranking.verdict[c] is Verdict.INFORMATIVE and ranking.mean[c] >= SMALL


def _nothing_stands_out(result: MethodResult) -> str:
    """Return the sentence for a ranking whose intervals all reach zero."""
    unit = result.importance.unit
    return f"No single channel stands out: no {unit} of {SMALL} or more is clear of zero."


def _keep(panel: Panel, result: MethodResult, kept: Sequence[int]) -> str:
    """Return what is worth keeping; the first is set apart only where its rank is certain."""
    ranking = result.ranking
    first = kept[0]
    certain = all(ranking.rank_high[first] < ranking.rank_low[c] for c in kept[1:])
    lead = [first] if certain else list(kept)
    own, of_name = LOST.get(result.method.partition(":")[0], PERTURBED)
    score_name = result.importance.unit.removeprefix("drop in ")
    if len(lead) > 1:
        each = [f"{one_line(panel.names[c])} (by {score(ranking.mean[c])})" for c in lead]
        text = (
            f"One channel at a time, {score_name} falls {of_name.format(_shortened(each))}; which "
            f"of them matters most is undecided."
        )
    elif panel.channels[first].role.stain_free:
        most = " most" if ranking.rank_high[first] == 1 else ""
        lost = of_name.format(f"{one_line(panel.names[first])}, which costs no stain,")
        text = f"{score_name} falls{most} {lost.rstrip(',')}: by {_fall(ranking, first)}."
    else:
        name = one_line(panel.names[first])
        text = f"Keep {name}: {own} {score_name} falls by {_fall(ranking, first)}."
    others = [c for c in kept if c not in lead]
    return f"{text} {_also(panel, ranking, others)}" if others else text


def _fall(ranking: Ranking, c: int) -> str:
    """Return a channel's value with its interval."""
    return f"{score(ranking.mean[c])} {bounds(ranking.low[c], ranking.high[c])}"


def _also(panel: Panel, ranking: Ranking, others: Sequence[int]) -> str:
    """Return the channels clear of zero behind the first, and whether their order is known."""
    listed_values = listed(
        [f"{one_line(panel.names[c])} ({score(ranking.mean[c])})" for c in others[:MOST_NAMES]]
    )
    more = f" and {len(others) - MOST_NAMES} more" if len(others) > MOST_NAMES else ""
    free = all(panel.channels[c].role.stain_free for c in others)
    cost = ", at no stain's cost" if free else ""
    sure = all(ranking.rank_high[a] < ranking.rank_low[b] for a, b in pairwise(others))
    order = "" if len(others) == 1 or sure else ", in an order that is undecided"
    return f"Also clear of zero: {listed_values}{more}{cost}{order}."


def _rest(panel: Panel, ranking: Ranking, rest: Sequence[int]) -> list[str]:
    """Return the clauses on channels without a measurable or a decided effect."""
    negligible = [c for c in rest if _is_negligible(ranking, c)]
    undecided = [c for c in rest if c not in negligible]
    clauses = []
    if negligible:
        verb = "adds" if len(negligible) == 1 else "add"
        clauses.append(
            f"{_names(panel, negligible)} {verb} nothing we can measure (below {SMALL} F1)."
        )
    if undecided:
        clauses.append(f"Undecided: {_names(panel, undecided)}.")
    return clauses


def _is_negligible(ranking: Ranking, c: int) -> bool:
    """Return whether the whole interval lies below the smallest drop that matters."""
    high = ranking.high[c]
    tiny = ranking.verdict[c] is Verdict.INFORMATIVE and math.isfinite(high) and high < SMALL
    return ranking.verdict[c] is Verdict.NEGLIGIBLE or tiny


def _names(panel: Panel, channels: Sequence[int]) -> str:
    """Return names as text; many are counted."""
    return _shortened([one_line(panel.names[c]) for c in channels])


def _shortened(names: Sequence[str]) -> str:
    """Return texts as a list in words; of many the last ones are counted."""
    if len(names) <= MOST_NAMES + 1:
        return listed(names)
    return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
