"""From the full panel down: which panel stands for each size, and how far they are good enough.

Of each number of stains **one** panel is tested, the one that the search put first by validation
F1 (without a search the first that a person named): choosing it by the very cells that judge it
would let the luckiest of many pass. A size that had several panels to choose from must also pass
with the mean of the nested trials, where each fold chose without its test cells, in place of its
panel's own, with bounds as far from it: that takes off what the panel owes to having been chosen.
Where no nested trial is within the constraints, as with wishes that came after the search, such a
size does not pass. See ``pxcore.panel.noninferiority`` on why the sequence needs no correction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pxcore.errors import PanelError
from pxcore.evaluation.values import Sizes
from pxcore.importance.small_classes import small_classes
from pxcore.panel.constraints import fits, real_channels, stains_of
from pxcore.panel.noninferiority import non_inferior, tested_down, with_bounds_of
from pxcore.panel.search import rows_by_size, screened
from pxcore.types import Panel, Redundancy, Verdict
from pxcore.types.panel import Constraints, Members, PanelTest, PanelTrial, Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelEvidence:
    """All that is known of the panels of one data set."""

    panel: Panel
    """Of all channels; decoys may stand last."""
    full: PanelTrial
    """With every real channel that took part."""
    trials: tuple[PanelTrial, ...]
    """Retrained on the same folds and seeds; ``full`` may be among them."""
    sizes: Sizes
    """Of those trainings."""
    nested: tuple[PanelTrial, ...] = ()
    """One a number of stains, each fold's panel chosen without its test cells."""
    screen: Screen | None = None
    redundancy: Redundancy | None = None
    verdicts: tuple[tuple[str, tuple[Verdict, ...]], ...] = ()
    """Of each ranking its label and one verdict a channel, panel order."""
    classes: tuple[str, ...] = ()
    """Their names; numbered where none are given."""
    n_per_class: tuple[int, ...] = ()
    """Different held-out cells of each class over all folds; () where that is not known."""
    named: tuple[Members, ...] = ()
    """Panels that a person named, in their order: without a search only these can be recommended.
    What else was trained, such as along a removal curve, was picked by the cells that judge it."""

    @property
    def small(self) -> tuple[int, ...]:
        """Classes with too few held-out cells to hold a floor against."""
        return small_classes(np.asarray(self.n_per_class))


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """The sequence of sizes, tested."""

    trials: tuple[PanelTrial, ...]
    """Every retrained panel once, the full one first, then by falling number of stains."""
    tests: dict[Members, PanelTest]
    """Of each of them."""
    candidates: tuple[PanelTrial, ...]
    """Those within the constraints."""
    leading: tuple[PanelTrial, ...]
    """One of each number of stains, largest first."""
    nested: dict[int, PanelTest]
    """By number of stains, of the way of choosing."""
    passed: int
    """Of ``leading``, those before the first that is not good enough."""

    @property
    def recommended(self) -> PanelTrial | None:
        """The smallest panel that the sequence reached."""
        return self.leading[self.passed - 1] if self.passed else None

    @property
    def stopped_at(self) -> PanelTrial | None:
        """The panel that ended the sequence; None where all passed."""
        return self.leading[self.passed] if self.passed < len(self.leading) else None


def descend(evidence: PanelEvidence, asked: Constraints) -> Descent:
    """Return the sequence of sizes within the constraints, tested from the largest down.

    Raises PanelError for trials that are no panels of this data set, or cannot be paired.
    """
    _check(evidence)
    panel = evidence.panel
    trials = _ordered(evidence)
    tests = {trial.members: _test(evidence, asked, trial) for trial in trials}
    candidates = tuple(trial for trial in trials if fits(panel, asked, trial.members))
    leading = leading_of(candidates, evidence)
    own_of = {len(stains_of(panel, trial.members)): tests[trial.members] for trial in leading}
    nested = {}
    for trial in evidence.nested:
        if all(fits(panel, asked, members) for members in trial.chosen or (trial.members,)):
            size, whole = len(stains_of(panel, trial.members)), _test(evidence, asked, trial)
            own_test = own_of.get(size)
            nested[size] = (
                whole if own_test is None else with_bounds_of(whole, own_test, asked.margin)
            )
    picked = _sizes_with_a_choice(evidence, asked)
    steps = []
    for trial in leading:
        size, own = len(stains_of(panel, trial.members)), [tests[trial.members]]
        if trial.members == evidence.full.members or size not in picked | {*nested}:
            steps.append(own)
        else:
            steps.append([*own, nested[size]] if size in nested else [])
    return Descent(
        trials=trials,
        tests=tests,
        candidates=candidates,
        leading=leading,
        nested=nested,
        passed=tested_down(steps),
    )


def leading_of(candidates: Sequence[PanelTrial], evidence: PanelEvidence) -> tuple[PanelTrial, ...]:
    """Return the panel that stands for each number of stains, largest first.

    The first of the search by mean validation F1; without a search, the first that was named. All
    stains stand for their size, whatever else was tried.
    """
    screen, full = evidence.screen, evidence.full.members
    place = {members: n for n, members in reversed([*enumerate(evidence.named)])}
    if screen is None:
        candidates = [one for one in candidates if one.members == full or one.members in place]

    def key(trial: PanelTrial) -> tuple[bool, float]:
        behind = place.get(trial.members, -1)
        value = behind if screen is None else -screened(screen, trial.members)
        return (trial.members != full, value)

    first: dict[int, PanelTrial] = {}
    for trial in sorted(candidates, key=key):
        first.setdefault(len(stains_of(evidence.panel, trial.members)), trial)
    return tuple(first[size] for size in sorted(first, reverse=True))


def _sizes_with_a_choice(evidence: PanelEvidence, asked: Constraints) -> frozenset[int]:
    """Return the numbers of stains of which the search had more than one panel to choose from."""
    screen = evidence.screen
    if screen is None:
        return frozenset()
    rows = rows_by_size(screen, evidence.panel, asked)
    return frozenset(size for size, of in rows.items() if len(of) > 1 or not screen.complete)


def within_all_sizes(descent: Descent, panel: Panel, asked: Constraints) -> tuple[PanelTrial, ...]:
    """Return the panels within the constraints but for the number of stains."""
    free = replace(asked, max_stains=None)
    return tuple(trial for trial in descent.trials if fits(panel, free, trial.members))


def _test(evidence: PanelEvidence, asked: Constraints, trial: PanelTrial) -> PanelTest:
    """Return the test of one panel against the full one."""
    sizes, small = evidence.sizes, evidence.small
    return non_inferior(evidence.full, trial, sizes, asked.margin, asked.class_floor, small)


def _ordered(evidence: PanelEvidence) -> tuple[PanelTrial, ...]:
    """Return every panel once: the full one, then by falling number of stains and channels."""
    once = {evidence.full.members: evidence.full}
    for trial in evidence.trials:
        once.setdefault(trial.members, trial)
    panel = evidence.panel
    full, *rest = once.values()
    rest.sort(key=lambda t: (-len(stains_of(panel, t.members)), -len(t.members), t.members))
    return (full, *rest)


def _check(evidence: PanelEvidence) -> None:
    """Refuse a full panel of decoys, and trials with channels that it does not have."""
    real, full = real_channels(evidence.panel), evidence.full.members
    if not full or list(full) != sorted({*full} & {*real}):
        message = (
            f"the full panel was trained on channels {full}; expected ascending positions among "
            f"the real channels {real}: train it on those that took part, and on no decoy"
        )
        raise PanelError(message)
    for trial in (*evidence.trials, *evidence.nested):
        for members in (trial.members, *trial.chosen):
            if not members or list(members) != sorted({*members} & {*full}):
                message = (
                    f"{members} is no panel of this data set; expected ascending positions among "
                    f"{full}, decoys left out: take the trial away"
                )
                raise PanelError(message)
