"""What a test says of a panel, in the words that every table, figure and sentence uses.

"Good enough" is said only of a panel that the sequence of sizes reached. A panel that somebody
picked, or that lies below the end of the sequence, may pass its own test by luck: one of many
would. Of it only that is said.
"""

from __future__ import annotations

import math
from dataclasses import replace

from pxcore.evaluation.numbers import score
from pxcore.panel.constraints import fits, stains_of
from pxcore.types import Panel
from pxcore.types.panel import Members, PanelAdvice, PanelTest, PanelTrial

GOOD = "good enough"
ALONE = "passes the test by itself"
WORSE = "worse"
LOST = "a class is lost"
UNDECIDED = "undecided"


def verdict(test: PanelTest) -> str:
    """Return in a few words what a test says of a panel beside the full one."""
    if test.good_enough:
        return GOOD if test.reached else ALONE
    if test.surely_worse:
        return WORSE
    return LOST if test.lost_classes else UNDECIDED


def lower_words(bound: float) -> str:
    """Return a lower bound with its sign, rounded down: never above what was shown.

    >>> lower_words(-0.0204), lower_words(-0.02), lower_words(0.0049)
    ('−0.021', '−0.020', '+0.004')
    """
    return score(rounded_down(bound), signed=True)


def rounded_down(bound: float) -> float:
    """Return a bound with three decimals, rounded to the side that promises less."""
    return math.floor(bound * 1000 + 1e-6) / 1000 if math.isfinite(bound) else bound


def reached(advice: PanelAdvice, panel: Panel) -> frozenset[Members]:
    """Return the panels that the sequence of sizes reached; none without a recommendation.

    One panel stands for each number of stains, and those from the largest allowed down to the
    recommended one passed.
    """
    best = advice.recommended
    if best is None:
        return frozenset()
    least = len(stains_of(panel, best.members))
    return frozenset(
        step.members
        for step in advice.additions
        if len(stains_of(panel, step.members)) >= least
        and fits(panel, advice.constraints, step.members)
    )


def told_of(test: PanelTest, trial: PanelTrial, passed: frozenset[Members]) -> PanelTest:
    """Return the test of a trial, with whether all panels behind it were reached."""
    return replace(test, reached={*(trial.chosen or (trial.members,))} <= passed)


def with_reached(advice: PanelAdvice, panel: Panel) -> PanelAdvice:
    """Return the advice whose tests say which panels the sequence reached."""
    passed = reached(advice, panel)
    own = tuple(replace(test, reached=test.members in passed) for test in advice.tests)
    best = None if advice.test is None else replace(advice.test, reached=True)
    return replace(advice, tests=own, test=best)
