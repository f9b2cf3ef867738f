"""What the panel page says in words, beside the advice's own sentence."""

from __future__ import annotations

from collections.abc import Sequence

from pxcore.panel.constraints import has_costs
from pxcore.panel.curves import summary as averages
from pxcore.panel.verdicts import ALONE, LOST, WORSE, lower_words, rounded_down, verdict
from pxcore.panel.words import lower_bound, sentence
from pxcore.plots.numbers import count, listed, score, with_interval
from pxcore.plots.panel_marks import n_stains, named
from pxcore.types import Panel
from pxcore.types.panel import (
    Advised,
    PanelAdvice,
    PanelTest,
    PanelTrial,
    RemovalCurve,
    Screen,
    ScreenError,
)

__all__ = [
    "ADVISED",
    "answer",
    "averages",
    "error_words",
    "facts",
    "rivals_words",
    "rounded_down",
    "screen_words",
    "shared_words",
    "trial_words",
]

ADVISED = {
    Advised.KEEP: "Keep",
    Advised.UNDECIDED: "Undecided",
    Advised.DROP: "Drop",
}
"""In the order in which channels are listed."""
LONG = {
    WORSE: "worse by more than the margin",
    LOST: "not good enough: a class falls below its floor",
    ALONE: f"{ALONE}, but the sequence of sizes did not come to it",
}
"""Verdicts where there is room."""


def answer(advice: PanelAdvice, panel: Panel) -> str:
    """Return the advice in one sentence of plain text."""
    return sentence(advice, panel)


def facts(advice: PanelAdvice, panel: Panel) -> str:
    """Return F1 of the advised panel beside the full one, the bound, the cost; plain text."""
    best = advice.recommended
    if best is None:
        return f"All channels: F1 {with_interval(advice.full.f1_macro)}."
    number = count(n_stains(panel, best.members), "stain")
    told = [f"F1 {with_interval(best.f1_macro)} with {number}"]
    if best.members != advice.full.members:
        told.append(f"all channels {with_interval(advice.full.f1_macro)}")
        bound = lower_bound(advice)
        if bound is not None:
            told.append(
                f"one-sided 95 % lower bound of the difference {lower_words(bound)}, "
                f"margin {advice.constraints.margin:.3f}"
            )
    if has_costs(panel):
        told.append(f"{advice.cost:,.2f} a test, {advice.saved:,.2f} saved")
    return "; ".join(told) + "."


def rivals_words(advice: PanelAdvice, panel: Panel) -> list[str]:
    """Return which panels the intervals do not set below the advised one, and what may swap."""
    told = []
    if advice.alternatives:
        names = [f"{named(panel, one.members)}" for one in advice.alternatives[:4]]
        more = len(advice.alternatives) - 4
        names += [f"{more} more"] if more > 0 else []
        told.append(f"As good within the intervals, of the same size: {'; '.join(names)}.")
    if advice.interchangeable:
        pairs = [
            f"{named(panel, (mine,))} for {named(panel, (other,))}"
            for mine, other in advice.interchangeable[:6]
        ]
        told.append(f"These can stand in for each other here: {listed(pairs)}.")
    return told


def trial_words(test: PanelTest | None, trial: PanelTrial, margin: float) -> str:
    """Return what retraining said of one panel."""
    told = f"Retrained: F1 {with_interval(trial.f1_macro)}"
    if test is None:
        return f"{told}."
    said = verdict(test)
    words, bound = LONG.get(said, said), lower_words(test.lower_bound)
    return f"{told}; {words} (lower bound {bound}, margin {margin:.3f})."


def shared_words(curves: Sequence[RemovalCurve]) -> str:
    """Return how many trainings the steps of removal curves share; empty without curves."""
    if not curves:
        return ""
    steps = sum(len(curve.trials) for curve in curves)
    different = len({trial.members for curve in curves for trial in curve.trials})
    return (
        f"The {count(len(curves), 'removal curve')} have {steps:,} steps, but only "
        f"{count(different, 'different panel')}: each was trained once in each fold."
    )


def screen_words(screen: Screen) -> str:
    """Return how many panels were looked at without training, and whether these are all."""
    looked = f"Screened without training: {count(len(screen.sets), 'panel')}"
    if screen.complete:
        return f"{looked}, all there are."
    return (
        f"{looked}, not all there are: with so many channels a search goes down from all of them, "
        "one channel at a time, and keeps the best of each size, so a better panel may be missed."
    )


def error_words(error: ScreenError | None) -> str:
    """Return how far the screen lay from retraining; empty without a comparison."""
    if error is None:
        return ""
    return (
        "Screen less retrained F1, on the same cells: mean "
        f"{score(error.mean, signed=True)}, largest {score(error.largest, signed=True)} over "
        f"{count(error.n_panels, 'panel')}. Only retrained numbers enter the advice."
    )
