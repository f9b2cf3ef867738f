"""The verdict of one channel in words a biologist can quote, with its reason and numbers."""

from __future__ import annotations

from pxcore.plots.numbers import with_interval
from pxcore.plots.text import one_line
from pxcore.plots.verdicts import WORDS
from pxcore.types import Interval, MethodResult, RunResult


def channel_sentence(result: RunResult, method: MethodResult, channel: int) -> str:
    """Return what this run allows to say about one channel, in one or two sentences.

    Parameters
    ----------
    channel
        Position in ``result.panel``.
    """
    ranking = method.ranking
    value = Interval(
        mean=ranking.mean[channel], low=ranking.low[channel], high=ranking.high[channel], folds=()
    )
    name = one_line(result.panel.names[channel])
    word = WORDS[ranking.verdict[channel]]
    return f"{name} is {word}: {method.importance.unit} {with_interval(value)}."
