"""The sentence on top of a panel's advice: never more than its bounds allow.

"At most … lower" is the one-sided 95 % bound, of the panel or of the way of choosing it, whichever
is lower, rounded up. "Are enough" is said only of a panel that the sequence of sizes reached;
where rivals are as good for all the intervals can tell, which stains they are stays undecided.
"""

from __future__ import annotations

from pxcore.panel.advice import tells_classes_apart
from pxcore.panel.constraints import fits, stains_of
from pxcore.panel.said import (
    all_stains,
    at_most,
    beside,
    panel_words,
    score,
    stains,
    with_interval,
)
from pxcore.types import Panel
from pxcore.types.panel import PanelAdvice, PanelTest, PanelTrial

MOST_RIVALS = 2
"""Told by name; of more the rest is counted."""


def sentence(advice: PanelAdvice, panel: Panel) -> str:
    """Return the answer in one sentence of plain text.

    Parameters
    ----------
    panel
        The one whose positions the advice names.

    Notes
    -----
    Names stand as the panel sheet has them, on one line; whoever puts the sentence into a figure
    or a page escapes it there.
    """
    full = advice.full
    if not tells_classes_apart(full):
        return (
            "Nothing can be said about smaller panels yet: it is not shown that the models tell "
            f"the classes apart with every channel (F1 {with_interval(full.f1_macro)})."
        )
    best = advice.recommended
    if best is None:
        return _nothing(advice, panel)
    if best.members == full.members:
        return _everything(advice, panel)
    return _enough(advice, panel, best)


def lower_bound(advice: PanelAdvice) -> float | None:
    """Return the bound that the sentence stands on; None without a recommendation.

    The lower one of the recommended panel's own and that of the whole way of choosing it.
    """
    if advice.test is None:
        return None
    bounds = [test.lower_bound for test in (advice.test, advice.nested) if test is not None]
    return min(bounds)


def _enough(advice: PanelAdvice, panel: Panel, best: PanelTrial) -> str:
    """Return which stains are enough, or how many where rivals leave it undecided."""
    full, bound = advice.full, lower_bound(advice)
    n_full, n_best = (len(stains_of(panel, trial.members)) for trial in (full, best))
    lost = at_most(0.0 if bound is None else bound)
    low = "no lower" if float(lost) == 0 else f"at most {lost} lower"
    against = (
        f"F1 {score(best.f1_macro.mean)} against {score(full.f1_macro.mean)} with "
        f"{all_stains(n_full)}, {low} (margin {advice.constraints.margin:.3f})"
    )
    return f"{_who(advice, panel, best)}: {against}{_saved(advice, n_full - n_best)}."


def _who(advice: PanelAdvice, panel: Panel, best: PanelTrial) -> str:
    """Return ``CD3 and CD19 are enough beside BF1``."""
    n_stains, rest = len(stains_of(panel, best.members)), beside(panel, best.members)
    rivals = advice.alternatives
    if not rivals:
        n_named = n_stains or len(best.members)
        verb = "is" if n_named == 1 else "are"
        return f"{panel_words(panel, best.members)} {verb} enough{rest}"
    verb = "is" if n_stains == 1 else "are"
    named = [panel_words(panel, trial.members) for trial in (best, *rivals[:MOST_RIVALS])]
    more = len(rivals) - MOST_RIVALS
    if more > 0:
        named.append(f"{more} more")
    number = stains(n_stains)
    return (
        f"{number[0].upper()}{number[1:]} {verb} enough{rest}, but which is undecided "
        f"({'; or '.join(named)})"
    )


def _saved(advice: PanelAdvice, n_saved: int) -> str:
    """Return ``, which saves five stains and 37.50 a test``."""
    money = f"{advice.saved:,.2f} a test" if advice.saved > 0 else ""
    if n_saved <= 0:
        return ""
    number = f"{n_saved} {'stain' if n_saved == 1 else 'stains'}"
    return f", which saves {number}{f' and {money}' if money else ''}"


def _counted(number: int) -> str:
    if number == 1:
        return "the one smaller panel that was retrained is"
    return f"all {number} smaller panels that were retrained are"


def _everything(advice: PanelAdvice, panel: Panel) -> str:
    """Return that no smaller panel was shown to be good enough."""
    number = all_stains(len(stains_of(panel, advice.full.members)))
    head = f"{number[0].upper()}{number[1:]} stay for now"
    if len(stains_of(panel, advice.full.members)) == 1:
        head = f"{number[0].upper()}{number[1:]} stays for now"
    smaller = _smaller(advice, panel)
    if not smaller:
        return f"{head}: no smaller panel within the constraints was retrained."
    if all(test.surely_worse for test in smaller):
        return (
            f"{head}: {_counted(len(smaller))} worse by more than the margin of "
            f"{advice.constraints.margin:.3f}."
        )
    return f"{head}: no smaller panel is shown to be good enough{_nearest(smaller, advice, panel)}."


def _nothing(advice: PanelAdvice, panel: Panel) -> str:
    """Return that nothing within the constraints was shown to be good enough."""
    most = advice.constraints.max_stains
    upto = "" if most is None else f" of up to {stains(most)}" if most != 1 else " of one stain"
    tests = _smaller(advice, panel)
    if not tests:
        return f"No panel{upto} within the constraints was retrained, so none can be advised."
    if all(test.surely_worse for test in tests):
        return (
            f"No panel{upto} within the constraints is good enough: every one that was retrained "
            f"is worse by more than the margin of {advice.constraints.margin:.3f}."
        )
    return (
        f"Whether a panel{upto} within the constraints is good enough is undecided"
        f"{_nearest(tests, advice, panel)}."
    )


def _nearest(tests: list[PanelTest], advice: PanelAdvice, panel: Panel) -> str:
    """Return how much the panel with the best bound may lose, unless others forbid it."""
    nearest = max(tests, key=lambda test: test.lower_bound)
    margin = f"margin {advice.constraints.margin:.3f}"
    if nearest.lower_bound > -advice.constraints.margin:
        return ""  # a class, the sequence or the way of choosing stood against it: see the notes
    if len(nearest.difference.known) < 2:
        return ": one training has no interval"
    name = panel_words(panel, nearest.members)
    lost = at_most(nearest.lower_bound)
    return f": the nearest, {name}, may lose up to {lost} ({margin})"


def _smaller(advice: PanelAdvice, panel: Panel) -> list[PanelTest]:
    """Return the tests of the retrained panels within the constraints."""
    return [test for test in advice.tests if fits(panel, advice.constraints, test.members)]
