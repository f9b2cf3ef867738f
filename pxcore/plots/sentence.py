"""The sentence on top of a finished run: the answer in plain words, no wider than its intervals.

Rules, in this order:

1. Where it is not shown that the models tell the classes apart (the interval of F1-macro reaches
   what naming one class always, or guessing, would give: 1 / number of classes), nothing is said
   about channels; whether the models or the number of trainings is to blame is told.
2. A channel counts when its whole interval lies above what zero looks like (above every decoy
   where there are decoys, else above zero) and its mean drop is no smaller than the smallest drop
   that matters, which is our choice; "Keep" is said of a stain only then. An order between such
   channels is claimed only where their rank intervals do not overlap.
3. Of channels whose whole interval lies below that drop it is said what that means under this
   method, which may see place and not amount; that the channel itself is negligible only of a
   method that takes all that it tells, and never where another method, or the parting into place
   and amount, finds the channel: then that is told. *Undecided* ones are named as such, with
   what another cell's image costs where that is clear.
4. Attributions tell where the models look, not what F1 loses: "Keep" is never said of them, and
   without decoys nothing is called clear of anything.
5. Of a panel of more than ``MANY`` channels the informative ones are named, the others counted.
6. Decoys are never named, and a channel that defines the gate carries that warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pxcore.plots.elsewhere import Elsewhere, told_elsewhere
from pxcore.plots.method_words import in_f1, nothing_said, score_name, words
from pxcore.plots.numbers import bounds, listed, score, shortened
from pxcore.plots.rows import MANY, order_of
from pxcore.plots.tell_apart import why_no_ranking
from pxcore.plots.text import one_line
from pxcore.plots.verdicts import SMALL
from pxcore.types import MethodResult, Panel, Performance, Ranking, Role, Verdict

MOST_NAMES = 4


def sentence(
    panel: Panel,
    result: MethodResult,
    performance: Performance,
    others: Sequence[Elsewhere] = (),
) -> str:
    """Return the run's answer in a few short clauses, as plain text.

    Parameters
    ----------
    others
        (C,), what else in the run finds each channel; empty where there is nothing else.
    """
    ranking = result.ranking
    why = why_no_ranking(performance, result)
    if why:
        return f"{why[0].upper()}{why[1:]}, so this ranking says nothing about the channels yet."
    order = [c for c in order_of(ranking, "rank") if panel.channels[c].role is not Role.DECOY]
    if not in_f1(result):
        return _looked_at(panel, result, order)
    kept = [c for c in order if _matters(ranking, c)]
    found = any(others[c].whole for c in order) if others else False
    parts = [_keep(panel, result, kept)] if kept else [_nothing_stands_out(result, elsewhere=found)]
    rest = _rest_counted if len(panel) > MANY else _rest
    parts += rest(panel, result, [c for c in order if c not in kept], others)
    return " ".join([*parts, *_circular(panel, kept)])


def yardstick_of(ranking: Ranking) -> str:
    """Return what an informative channel lies above: the decoys, or zero where there are none."""
    return "zero" if ranking.decoy_bound is None else "the decoys"


def _circular(panel: Panel, kept: Sequence[int]) -> list[str]:
    """Return the warning on channels that defined the gates, if any of them counts."""
    circular = [c for c in kept if panel.channels[c].gate_defining]
    if not circular:
        return []
    return [f"{_names(panel, circular)} defined the gates, so that importance is circular."]


def _matters(ranking: Ranking, c: int) -> bool:
    """Return whether a channel is clear of zero or the decoys by an amount that matters."""
    return ranking.verdict[c] is Verdict.INFORMATIVE and ranking.mean[c] >= SMALL


def _looked_at(panel: Panel, result: MethodResult, order: Sequence[int]) -> str:
    """Return which channels an attribution sets above the decoys."""
    ranking, unit = result.ranking, one_line(result.importance.unit)
    if ranking.decoy_bound is None:
        return _looked_at_most(panel, result, order)
    clear = [c for c in order if ranking.verdict[c] is Verdict.INFORMATIVE]
    rest = [c for c in order if c not in clear]
    if not clear:
        return f"By {unit} the models look at no channel more than at the decoys."
    sure = all(ranking.rank_high[a] < ranking.rank_low[b] for a, b in pairwise(clear))
    how = " in this order" if sure else ", in an order that is undecided"
    how = how if len(clear) > 1 else ""
    parts = [
        f"The models look at {_names(panel, clear)}{how}, more than at any decoy ({unit}). That "
        "tells what they use, not how much F1 would fall."
    ]
    if rest:
        parts.append(f"Undecided: {_names(panel, rest)}.")
    return " ".join([*parts, *_circular(panel, clear)])


def _looked_at_most(panel: Panel, result: MethodResult, order: Sequence[int]) -> str:
    """Return which channels an attribution may set first, where no decoy says what zero is."""
    ranking = result.ranking
    first, others = order[0], order[1:]
    if all(ranking.rank_high[first] < ranking.rank_low[c] for c in others):
        text = f"The models look most at {one_line(panel.names[first])}"
    else:
        lead = [c for c in order if ranking.rank_low[c] == 1] or [first]
        text = f"Where the models look most is undecided: {_names(panel, lead)}"
    return (
        f"{text} ({one_line(result.importance.unit)}). Without decoys this tells where they look, "
        "not whether it helps."
    )


def _nothing_stands_out(result: MethodResult, *, elsewhere: bool) -> str:
    """Return the sentence for a ranking without an informative channel that matters.

    ``elsewhere``: whether another method of the run decides on one.
    """
    value = "drop" if words(result.method).moves == "falls" else "gain"
    what = f"no {value} in {score_name(result)} of {SMALL} or more"
    opening = "No single channel stands out"
    if elsewhere:
        opening += f" by {one_line(result.label)} alone"
    return f"{opening}: {what} lies surely above {yardstick_of(result.ranking)}."


def _keep(panel: Panel, result: MethodResult, kept: Sequence[int]) -> str:
    """Return what is worth keeping; the first is set apart only where its rank is certain."""
    ranking = result.ranking
    first = kept[0]
    certain = all(ranking.rank_high[first] < ranking.rank_low[c] for c in kept[1:])
    lead = [first] if certain else list(kept)
    said, name_of_score = words(result.method), score_name(result)
    move = f"{name_of_score} {said.moves}"
    if len(lead) > 1:
        each = [f"{one_line(panel.names[c])} (by {score(ranking.mean[c])})" for c in lead]
        text = (
            f"One channel at a time, {move} {said.of_name.format(shortened(each))}; which of "
            f"them matters most is undecided."
        )
    elif panel.channels[first].role.stain_free:
        most = " most" if ranking.rank_high[first] == 1 else ""
        lost = said.of_name.format(f"{one_line(panel.names[first])}, which costs no stain,")
        text = f"{move}{most} {lost.rstrip(',')}: by {_fall(ranking, first)}."
    else:
        name = one_line(panel.names[first])
        text = f"Keep {name}: {said.own} {move} by {_fall(ranking, first)}."
    others = [c for c in kept if c not in lead]
    return f"{text} {_also(panel, ranking, others)}" if others else text


def _fall(ranking: Ranking, c: int) -> str:
    """Return a channel's value with its interval."""
    return f"{score(ranking.mean[c])} {bounds(ranking.low[c], ranking.high[c])}"


def _also(panel: Panel, ranking: Ranking, others: Sequence[int]) -> str:
    """Return the channels that count behind the first, and whether their order is known."""
    listed_values = listed(
        [f"{one_line(panel.names[c])} ({score(ranking.mean[c])})" for c in others[:MOST_NAMES]]
    )
    more = f" and {len(others) - MOST_NAMES} more" if len(others) > MOST_NAMES else ""
    free = all(panel.channels[c].role.stain_free for c in others)
    cost = ", at no stain's cost" if free else ""
    sure = all(ranking.rank_high[a] < ranking.rank_low[b] for a, b in pairwise(others))
    order = "" if len(others) == 1 or sure else ", in an order that is undecided"
    return f"Also informative: {listed_values}{more}{cost}{order}."


def _rest(
    panel: Panel, result: MethodResult, rest: Sequence[int], others: Sequence[Elsewhere]
) -> list[str]:
    """Return the clauses on channels without a measurable or a decided effect."""
    ranking = result.ranking
    by_verdict = {one: [c for c in rest if ranking.verdict[c] is one] for one in Verdict}
    alike: dict[Elsewhere, list[int]] = {}
    for c in by_verdict[Verdict.NEGLIGIBLE]:
        alike.setdefault(others[c] if others else Elsewhere(), []).append(c)
    clauses = [_nothing(panel, result, channels, found) for found, channels in alike.items()]
    little, undecided = by_verdict[Verdict.INFORMATIVE], by_verdict[Verdict.UNDECIDED]
    if little:
        clauses.append(f"Informative, but below {SMALL} F1: {_names(panel, little)}.")
    open_here = [c for c in undecided if not (others and others[c].whole)]
    if open_here:
        clauses.append(f"Undecided: {_names(panel, open_here)}.")
    clear = [c for c in undecided if c not in open_here]
    clauses += [
        f"{one_line(panel.names[c])}: undecided here, {others[c].whole}."
        for c in clear[:MOST_NAMES]
    ]
    if len(clear) > MOST_NAMES:
        clauses.append(f"So are {len(clear) - MOST_NAMES} more.")
    return clauses


def _rest_counted(
    panel: Panel, result: MethodResult, rest: Sequence[int], others: Sequence[Elsewhere]
) -> list[str]:
    """Return the same of a large panel: channels are counted, those found elsewhere too."""
    ranking, kinds = result.ranking, dict.fromkeys(Verdict, 0)
    for c in rest:
        kinds[ranking.verdict[c]] += 1
    negligible = [c for c in rest if ranking.verdict[c] is Verdict.NEGLIGIBLE]
    known = [c for c in negligible if others and others[c]]
    clauses = []
    if kinds[Verdict.INFORMATIVE]:
        clauses.append(f"Informative, but below {SMALL} F1: {kinds[Verdict.INFORMATIVE]}.")
    if kinds[Verdict.UNDECIDED]:
        real = sum(channel.role is not Role.DECOY for channel in panel.channels)
        clauses.append(f"Undecided: {kinds[Verdict.UNDECIDED]} of {real} channels.")
    if negligible:
        but = f"; something else in this run finds {_names(panel, known)}" if known else ""
        clauses.append(f"Negligible by this method (below {SMALL} F1): {len(negligible)}{but}.")
    return clauses


def _nothing(panel: Panel, result: MethodResult, channels: Sequence[int], found: Elsewhere) -> str:
    """Return that channels are negligible under this method, and what else finds them."""
    names = [one_line(panel.names[c]) for c in channels]
    said = nothing_said(result.method, names, found_elsewhere=found.denies)
    but = f", but {told_elsewhere(found, names)}" if found else ""
    return f"{said} (below {SMALL} F1){but}."


def _names(panel: Panel, channels: Sequence[int]) -> str:
    """Return names as text; many are counted."""
    return shortened([one_line(panel.names[c]) for c in channels])
