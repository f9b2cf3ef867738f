"""What else in a run finds a channel that one method calls negligible.

A method that moves pixels about sees place and not amount; one that trains again sees what no
other channel can replace. So "negligible" under one of them denies nothing that another finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pxcore.plots.numbers import bounds, listed, score, shortened
from pxcore.plots.tell_apart import why_no_ranking
from pxcore.plots.text import one_line
from pxcore.types import MethodResult, RunResult, Verdict, Where

NEEDED = (Where.PLACE, Where.AMOUNT)
WHOLE = "permute_cells"
"""The method that takes all that a channel tells."""
OWN_PART = {WHOLE: NEEDED, "pxpermute_mask": (Where.PLACE,)}
"""What ``where`` can find only against the ranking of the very method that it is made of."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What finds one channel, other than the method that is looked at."""

    denies: bool = False
    """Whether anything does, trusted or not: "adds nothing" must then not be said."""
    where: Where | None = None
    """Place or amount, where that was found."""
    labels: tuple[str, ...] = ()
    """Methods to be trusted that call it informative, the run's order; beside ``where`` those that
    it is made of."""
    whole: str = field(default="", compare=False)
    """What another cell's image in its place costs and which method says so, where that is
    trusted and informative: "informative by Permutation across cells, 0.299 (0.221 to 0.377)"."""

    def __bool__(self) -> bool:
        """Return whether there is something to tell."""
        return self.where is not None or bool(self.labels)


def elsewhere(result: RunResult, method: MethodResult, channel: int) -> Elsewhere:
    """Return what else in a run finds a channel informative.

    Not told, though it denies: a method whose models know too little, or that failed a check.
    """
    others = [
        other
        for other in result.methods
        if other.method != method.method and other.ranking.verdict[channel] is Verdict.INFORMATIVE
    ]
    parted = result.where.verdict[channel] if result.where is not None else None
    own = OWN_PART.get(method.method.partition(":")[0], ())
    denied = method.ranking.verdict[channel] is Verdict.NEGLIGIBLE and parted in own
    trusted = [other for other in others if _trusted(result, other)]
    needed = parted if parted in NEEDED and not denied else None
    if needed is not None:  # it rests on these alone
        trusted = [other for other in trusted if other.method in OWN_PART]
    return Elsewhere(
        denies=bool(others) or parted in NEEDED,
        where=needed,
        labels=tuple(one_line(other.label) for other in trusted),
        whole=next((_whole(one, channel) for one in trusted if one.method == WHOLE), ""),
    )


def told_elsewhere(found: Elsewhere, names: Sequence[str] = ()) -> str:
    """Return what finds channels, in a clause: "its amount counts (see Other cells)".

    ``names``: of several channels; none for one that is "it".
    """
    many = len(names) > 1
    see = f" (see {listed(found.labels)})" if found.labels else ""
    match found.where:
        case Where.AMOUNT:
            return f"{'their' if many else 'its'} amount counts{see}"
        case Where.PLACE:
            return f"where {'they lie' if many else 'it lies'} inside the cell counts{see}"
    finds = "finds" if len(found.labels) == 1 else "find"
    return f"{shortened(found.labels)} {finds} {'them' if many else 'it'} informative"


def failed_checks(result: RunResult, method: MethodResult) -> tuple[str, ...]:
    """Return the ids of the sanity checks that the method failed in this run."""
    reports = [report for report in result.gates if report.method == method.method]
    return tuple(name for report in reports for name in report.failed)


def _whole(method: MethodResult, c: int) -> str:
    """Return the method that calls a channel informative, with its value."""
    ranking = method.ranking
    value = f"{score(ranking.mean[c])} {bounds(ranking.low[c], ranking.high[c])}"
    return f"informative by {one_line(method.label)}, {value}"


def _trusted(result: RunResult, method: MethodResult) -> bool:
    silent = why_no_ranking(result.behind(method), method)
    return not silent and not failed_checks(result, method)
