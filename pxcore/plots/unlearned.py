"""A run whose models have not learned: no verdict, and what its other sections say instead.

Scores of models that guess are chance: among many channels and pairs some lie above zero, and a
few folds that happen to agree make narrow intervals. So nothing is called informative or
negligible, no pair and no channel is named, and why is said.
"""

from __future__ import annotations

from dataclasses import replace

from pxcore.plots.tell_apart import why_no_ranking, why_silent
from pxcore.types import MethodResult, RunResult, Verdict, Where


def why_untold(result: RunResult) -> str:
    """Return why the run's own models say nothing, in a clause; empty where they do.

    Redundancy, place and amount, and retraining rest on these. The classes that count are those of
    the first ranking that rests on them.
    """
    for method in result.methods:
        if method.performance is None:
            return why_no_ranking(result.performance, method)
    f1 = result.performance.f1_macro
    return why_silent(f1, len(result.performance.f1_per_class))


def untold(about: str, why: str) -> str:
    """Return the sentence that stands where findings would.

    >>> untold("pairs of channels", "there is one training")
    'Nothing can be said about pairs of channels yet: there is one training.'
    """
    return f"Nothing can be said about {about} yet: {why}."


def without_claims(result: RunResult) -> RunResult:
    """Return the result with every verdict undecided where the models behind it have not learned.

    No number is changed.
    """
    found = replace(result, methods=tuple(_modest(result, one) for one in result.methods))
    if not why_untold(result):
        return found
    where, alike = found.where, found.redundancy
    return replace(
        found,
        where=where and replace(where, verdict=(Where.UNDECIDED,) * len(where.verdict)),
        redundancy=alike
        and replace(
            alike,
            groups=tuple(replace(one, interchangeable=False) for one in alike.groups),
            pairs=tuple(replace(one, only_together=False) for one in alike.pairs),
        ),
    )


def _modest(result: RunResult, method: MethodResult) -> MethodResult:
    if not why_no_ranking(result.behind(method), method):
        return method
    nothing = (Verdict.UNDECIDED,) * len(method.ranking.verdict)
    return replace(method, ranking=replace(method.ranking, verdict=nothing))
