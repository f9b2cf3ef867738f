"""What must be said beside a piece of advice: what it rests on, and where testing stopped."""

from __future__ import annotations

from pxcore.importance.small_classes import SMALL_CLASS
from pxcore.panel.channel_advice import Case
from pxcore.panel.constraints import has_costs
from pxcore.panel.said import at_most, panel_words, score, stains, with_interval
from pxcore.types.panel import PanelTest, PanelTrial


def notes(case: Case) -> tuple[str, ...]:
    """Return plain sentences, the gravest first."""
    said = [_silent(case), _stopped(case), _below(case), _small(case), _chosen(case)]
    if not has_costs(case.evidence.panel):
        said.append("The panel sheet names no costs, so stains are counted instead.")
    return tuple(text for text in said if text)


def why_not(case: Case, test: PanelTest) -> str:
    """Return why a test was not passed, in a clause about its panel."""
    if test.lost_classes and test.lower_bound > -case.constraints.margin:
        k = min(test.lost_classes, key=lambda lost: test.class_difference[lost])
        classes = case.evidence.classes
        name = classes[k] if k < len(classes) else f"class {k + 1}"
        return (
            f"loses {score(-test.class_difference[k])} in {name} "
            f"(floor {case.constraints.class_floor:.3f})"
        )
    if len(test.difference.known) < 2:
        return "was trained once only, which has no interval"
    margin = f"(margin {case.constraints.margin:.3f})"
    if test.surely_worse:
        return f"is worse by more than the margin: {with_interval(test.difference)} {margin}"
    return f"may lose up to {at_most(test.lower_bound)} of F1 {margin}"


def _silent(case: Case) -> str:
    """Return why nothing is recommended of models that may know nothing."""
    if not case.silent:
        return ""
    full = case.evidence.full
    guessing = 1 / max(1, len(full.f1_per_class))
    return (
        "It is not shown that the models tell the classes apart, even with every channel: F1 "
        f"{with_interval(full.f1_macro)}, guessing gives about {score(guessing)}. No panel can be "
        "called good enough beside that."
    )


def _stopped(case: Case) -> str:
    """Return where the sequence ended, and why."""
    end = case.descent.stopped_at
    if end is None or case.silent:
        return ""
    test, nested = case.descent.tests[end.members], case.descent.nested.get(case.n_stains(end))
    who = f"the panel {panel_words(case.evidence.panel, end.members)}"
    if test.good_enough and nested is None:
        return (
            f"Testing stopped at {stains(case.n_stains(end))}: with these wishes, choosing a panel "
            "of this size was not tried on cells that had no part in it. Ask the run again with "
            "them."
        )
    if test.good_enough and nested is not None:
        test, who = nested, "a panel of this size that is chosen without the cells that judge it"
    return f"Testing stopped at {stains(case.n_stains(end))}: {who} {why_not(case, test)}."


def _below(case: Case) -> str:
    """Return which smaller panels look good but lie below the end of the sequence."""
    end, best = case.descent.stopped_at, case.descent.recommended
    if end is None or case.silent:
        return ""
    size = case.n_stains(end) if best is None else case.n_stains(best) - 1
    good = [
        trial
        for trial in case.descent.candidates
        if case.n_stains(trial) <= size and case.descent.tests[trial.members].good_enough
    ]
    if not good:
        return ""
    smallest: PanelTrial = min(good, key=lambda trial: (case.n_stains(trial), trial.members))
    return (
        f"{len(good)} smaller {'panel passes' if len(good) == 1 else 'panels pass'} the test by "
        f"itself, such as {panel_words(case.evidence.panel, smallest.members)}; picked out of many "
        "afterwards, that may be luck, so it is not recommended."
    )


def _small(case: Case) -> str:
    """Return which classes have too few cells to be held to the floor."""
    evidence = case.evidence
    if not evidence.small:
        return ""
    named = [
        evidence.classes[k] if k < len(evidence.classes) else f"class {k + 1}"
        for k in evidence.small
    ]
    who = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return (
        f"{who} had fewer than {SMALL_CLASS} held-out cells: a loss there counts in F1-macro, but "
        "is not held against the floor of the classes, since single cells would decide."
    )


def _chosen(case: Case) -> str:
    """Return what decided which panel stands for its size."""
    screen = case.evidence.screen
    if screen is None:
        return (
            "No search chose between panels: those that were named were tested, of each size the "
            "first. What was named by this run's own ranking may look a little too good."
        )
    if not screen.complete:
        return (
            f"There are too many panels to look at all: a search looked at {len(screen.sets):,}, "
            "and a better one may have been missed. The validation cells of all folds led it, so "
            "each fold's own choice is its own among these only, and may look a little too good."
        )
    return ""
