"""The verdict of one channel in words a biologist can quote, with its reason and numbers.

The first sentence says what was lost and what that was measured against; the second what else
must be known: whether imaging is needed, what it is redundant with, that its importance is
circular, that classes were left out. A method that failed a sanity check is told first. Nothing
is claimed that an interval does not allow, and nothing denied that a method cannot see: what else
in the run finds the channel is told.
"""

from __future__ import annotations

from pxcore.plots.elsewhere import WHOLE, elsewhere, failed_checks, told_elsewhere
from pxcore.plots.method_words import act_said, in_f1, nothing_said, score_name, words
from pxcore.plots.numbers import listed, score, shortened, with_interval
from pxcore.plots.tell_apart import why_no_ranking
from pxcore.plots.text import one_line
from pxcore.plots.verdicts import SMALL, WORDS
from pxcore.types import (
    ChannelGroup,
    Interval,
    MethodResult,
    Ranking,
    Redundancy,
    Role,
    RunResult,
    Verdict,
    Where,
    WhereOrHowMuch,
)

OTHER_PICTURE = "with another cell's picture"


def channel_sentence(result: RunResult, method: MethodResult, channel: int) -> str:
    """Return what this run allows to say about one channel, in one or two sentences.

    Parameters
    ----------
    channel
        Position in ``result.panel``.
    """
    name, ranking = _name(result, channel), method.ranking
    if result.panel.channels[channel].role is Role.DECOY:
        value = _interval(ranking, channel)
        return f"{name} is a made channel that knows nothing; it reaches {value}."
    why = why_no_ranking(result.behind(method), method)
    if why:
        return f"Nothing can be said about {name} yet: {why}."
    failed = _failed(result, method)
    first = _verdict(result, method, channel)
    if failed:
        return f"Do not trust {method.label}, which failed {failed}. {first}."
    further = _further(result, method, channel)
    if not further:
        return f"{first}."
    second = "; ".join(further)
    return f"{first}. {second[0].upper()}{second[1:]}."


def _verdict(result: RunResult, method: MethodResult, c: int) -> str:
    """Return the verdict with the numbers and what they were measured against."""
    ranking, found = method.ranking, method.ranking.verdict[c]
    name, lost = _name(result, c), _lost(method, c)
    if found is Verdict.NEGLIGIBLE:
        denied = elsewhere(result, method, c).denies
        nothing = nothing_said(method.method, [name], found_elsewhere=denied)
        if in_f1(method) and act_said(method.method, found_elsewhere=denied):
            moves = words(method.method).moves
            lost = f"{score_name(method)} {moves} by {_interval(ranking, c)}"
        return f"{nothing}: {lost}, surely below {SMALL}"
    said = f"{name} is {WORDS[found]}: {lost}"
    if found is Verdict.INFORMATIVE:
        if ranking.decoy_bound is None:
            return f"{said} (this run has no decoys to compare with)"
        return f"{said}, and the decoys reach {score(ranking.decoy_bound)} at most"
    return f"{said}, {_why_undecided(method, c)}"


def _lost(method: MethodResult, c: int) -> str:
    """Return what a method took away and what that cost."""
    value = _interval(method.ranking, c)
    if not in_f1(method):
        return f"its {method.importance.unit} ({method.label}) is {value}"
    how = words(method.method)
    return f"{how.own} {score_name(method)} {how.moves} by {value}"


def _why_undecided(method: MethodResult, c: int) -> str:
    """Return which yardstick the interval does not lie above."""
    ranking = method.ranking
    if len(ranking.folds) < 2:
        return "and one training says nothing about another"
    if ranking.decoy_bound is None:
        if not in_f1(method):
            return "and without decoys nothing tells how large that is"
        clear = ranking.low[c] > 0
    else:
        clear = ranking.low[c] > ranking.decoy_bound
    if clear:
        return "but too few cells stand behind it for a verdict"
    if ranking.decoy_bound is None:
        return "which does not lie above zero"
    return f"which does not lie above the decoys (up to {score(ranking.decoy_bound)})"


def _further(result: RunResult, method: MethodResult, c: int) -> list[str]:
    """Return what else must be known, in clauses."""
    ranking = method.ranking
    if ranking.verdict[c] is Verdict.NEGLIGIBLE:
        clauses = _found_elsewhere(result, method, c)
    else:
        clauses = _where(result.where, c, ranking.verdict[c]) if result.where else []
    if result.redundancy is not None:
        told = method.method == WHOLE or any(OTHER_PICTURE in clause for clause in clauses)
        clauses += _redundant(result, result.redundancy, c, told=told)
    if result.panel.channels[c].gate_defining:
        clauses.append("it defined the gate of the classes, so its importance is circular")
    if ranking.small_classes:
        names = [_class_name(result, k) for k in ranking.small_classes]
        few = "has" if len(names) == 1 else "have"
        clauses.append(f"{shortened(names)} {few} too few cells to take part in this")
    return clauses


def _found_elsewhere(result: RunResult, method: MethodResult, c: int) -> list[str]:
    """Return what else in the run finds a channel that this method finds negligible."""
    found = elsewhere(result, method, c)
    if not found:
        return []
    numbers = f": {_parts(result.where, c)}" if found.where and result.where else ""
    return [f"but {told_elsewhere(found)}{numbers}"]


def _where(where: WhereOrHowMuch, c: int, found: Verdict) -> list[str]:
    """Return whether the channel's picture or its brightness is needed."""
    parts = _parts(where, c)
    but = "but " if found is Verdict.UNDECIDED else ""
    match where.verdict[c]:
        case Where.PLACE:
            return [f"{but}where it lies matters, so imaging is needed: {parts}"]
        case Where.AMOUNT:
            said = "its amount is most of what it tells, which ordinary flow cytometry sees"
            return [f"{but}{said}: {parts}"]
        case Where.UNDECIDED if found is Verdict.INFORMATIVE:
            return [f"whether its place or its amount counts is undecided: {parts}"]
        case Where.NOT_INFORMATIVE:
            said = f"{OTHER_PICTURE} F1 falls by {with_interval(where.total[c])}"
            return [f"but {said}, surely below {SMALL}"]
    return []


def _parts(where: WhereOrHowMuch, c: int) -> str:
    """Return total and place beside each other; place is no share, it may exceed the total."""
    return (
        f"{OTHER_PICTURE} F1 falls by {with_interval(where.total[c])}, rearranged inside "
        f"the cell by {with_interval(where.place[c])}"
    )


def _redundant(result: RunResult, found: Redundancy, c: int, *, told: bool) -> list[str]:
    """Return what stands in for the channel, and what it needs beside it.

    ``told``: what its own loss costs has been said already.
    """
    clauses = [_group(result, group, c, told=told) for group in found.groups if c in group.channels]
    partners = [
        pair.second if pair.first == c else pair.first
        for pair in found.pairs
        if pair.only_together and c in (pair.first, pair.second)
    ]
    if partners:
        names = shortened([_name(result, p) for p in partners])
        clauses.append(
            f"it works only together with {names}: without one the other is worth little"
        )
    return clauses


def _group(result: RunResult, group: ChannelGroup, c: int, *, told: bool) -> str:
    """Return what a group of channels that are alike says about one of them.

    Its own loss is told once and as the ranking has it, over all repeats; the group's own value is
    over those repeats that joint drops share.
    """
    place = group.channels.index(c)
    others = shortened([_name(result, o) for o in group.channels if o != c])
    joint = with_interval(group.joint)
    costs = f"lost together with {others} it costs {joint}"
    if not told:
        ranked = [one.ranking for one in result.methods if one.method == WHOLE]
        own = _interval(ranked[0], c) if ranked else with_interval(group.alone[place])
        costs = f"its loss alone costs {own}, together with {others} {joint}"
    if not group.interchangeable:
        return f"{costs}; they look alike, but one is not shown to be enough"
    keep = ", ".join(_name(result, o) for o in group.keep_order)
    beyond = (
        f", and beyond what they share it adds {with_interval(group.beyond[place])}"
        if group.beyond
        else ""
    )
    return f"{costs}{beyond}: keep one of {{{keep}}}"


def _failed(result: RunResult, method: MethodResult) -> str:
    """Return the sanity checks that the method failed in this run, in words."""
    names = [name.replace("_", " ") for name in failed_checks(result, method)]
    if not names:
        return ""
    checks = "sanity check" if len(names) == 1 else "sanity checks"
    return f"its {checks} {listed(names)}"


def _interval(ranking: Ranking, c: int) -> str:
    return with_interval(
        Interval(mean=ranking.mean[c], low=ranking.low[c], high=ranking.high[c], folds=())
    )


def _name(result: RunResult, c: int) -> str:
    return one_line(result.panel.names[c])


def _class_name(result: RunResult, k: int) -> str:
    return f"class {one_line(result.spec.classes[k])}"
