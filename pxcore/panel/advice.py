"""The smallest panel that is good enough, and all that speaks for and against it.

Sizes are counted in stains. A recommendation is made by the fixed sequence alone
(``pxcore.panel.descent``); costs, rankings and redundancy explain it and change nothing. Where it
is not shown that the full panel tells the classes apart, nothing is recommended: every panel is as
good as one that knows nothing.

*Rivals* have as many stains, are good enough by their own test, and are not surely worse than the
recommended panel: the 95 % interval of the paired difference reaches 0.
"""

from __future__ import annotations

from dataclasses import replace

from pxcore.panel.channel_advice import Case, channel_advice
from pxcore.panel.constraints import check_constraints, cost_of, has_costs, stains_of
from pxcore.panel.descent import Descent, PanelEvidence, descend, leading_of, within_all_sizes
from pxcore.panel.front import additions, front
from pxcore.panel.noninferiority import paired
from pxcore.panel.notes import notes
from pxcore.types.panel import Constraints, PanelAdvice, PanelTest, PanelTrial

__all__ = ["PanelEvidence", "advise", "tells_classes_apart"]


def advise(evidence: PanelEvidence, constraints: Constraints) -> PanelAdvice:
    """Return what to stain, with tests, rivals, costs and one reason a channel.

    Parameters
    ----------
    evidence
        The trials of one data set; its panel sheet's own wishes are joined to the constraints by
        :func:`pxcore.panel.constraints.from_sheet` before.
    constraints
        What the user wants.

    Raises
    ------
    PanelError
        For constraints that contradict themselves, a margin out of range, and trials that do not
        belong to this panel or cannot be paired.
    """
    panel, sizes = evidence.panel, evidence.sizes
    check_constraints(panel, constraints)
    found = descend(evidence, constraints)
    if not tells_classes_apart(evidence.full):
        found = replace(found, passed=0)
    recommended = found.recommended
    rivals = _rivals(evidence, found)
    any_size = within_all_sizes(found, panel, constraints)
    case = Case(
        evidence=evidence,
        constraints=constraints,
        descent=found,
        rivals=rivals,
        silent=not tells_classes_apart(evidence.full),
    )
    cost = cost_of(panel, (recommended or evidence.full).members)
    return PanelAdvice(
        constraints=constraints,
        full=evidence.full,
        recommended=recommended,
        test=None if recommended is None else found.tests[recommended.members],
        nested=_nested(evidence, found),
        alternatives=rivals,
        tests=tuple(found.tests[trial.members] for trial in found.trials[1:]),
        additions=additions(leading_of(any_size, evidence)[::-1], panel, sizes),
        front=front(any_size, panel),
        interchangeable=_interchangeable(recommended, rivals),
        channels=channel_advice(case),
        cost=cost,
        saved=cost_of(panel, evidence.full.members) - cost if has_costs(panel) else 0.0,
        notes=notes(case),
    )


def tells_classes_apart(full: PanelTrial) -> bool:
    """Return whether F1-macro surely lies above what guessing gives, 1 / number of classes."""
    return full.f1_macro.low > 1 / max(1, len(full.f1_per_class))


def _rivals(evidence: PanelEvidence, found: Descent) -> tuple[PanelTrial, ...]:
    """Return the panels that the intervals do not set below the recommended one, best first."""
    best = found.recommended
    if best is None:
        return ()
    n_stains = len(stains_of(evidence.panel, best.members))
    rivals = []
    for trial in found.candidates:
        same_size = len(stains_of(evidence.panel, trial.members)) == n_stains
        if trial is best or not same_size or not found.tests[trial.members].good_enough:
            continue
        difference = paired(trial.f1_macro, best.f1_macro, evidence.sizes)
        if difference.high >= 0:
            rivals.append((-difference.mean, trial.members, trial))
    return tuple(trial for _, _, trial in sorted(rivals, key=lambda rival: rival[:2]))


def _nested(evidence: PanelEvidence, found: Descent) -> PanelTest | None:
    """Return the test of the way of choosing a panel of the recommended size."""
    best = found.recommended
    if best is None or best.members == evidence.full.members:
        return None
    return found.nested.get(len(stains_of(evidence.panel, best.members)))


def _interchangeable(
    best: PanelTrial | None, rivals: tuple[PanelTrial, ...]
) -> tuple[tuple[int, int], ...]:
    """Return (member, other) for rivals that differ from the recommended panel in one channel."""
    if best is None:
        return ()
    members = {*best.members}
    pairs = []
    for rival in rivals:
        out, into = members - {*rival.members}, {*rival.members} - members
        if len(out) == len(into) == 1:
            pairs.append((out.pop(), into.pop()))
    return tuple(sorted(pairs))
