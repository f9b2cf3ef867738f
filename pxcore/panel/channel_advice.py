"""Keep, drop or undecided for one channel after the other, each with its reason in one sentence.

With k the number of stains of the recommended panel, and *without* the retrained panels within
the constraints of up to k stains that lack a stain:

* **Keep**: the recommended panel and every good one of up to k stains have it, and all of
  *without* are surely worse: the interval of their paired difference to the recommended panel lies
  below 0, of F1-macro or of a class that falls below its floor. The loss told is that of the best
  of *without*, the smallest. Where each of them lacks further stains, their loss is not this one's:
  then the screen decides, with the margin. Where no panel was shown to be good enough: all
  retrained panels without it, the largest such panel among them, surely lose more than the margin
  against the largest panel within the constraints.
* **Drop**: neither the recommended panel nor a rival has it.
* **Undecided**: all else; rivals differ, or the intervals allow both.

Stain-free channels cost no stain and stay. What the user asked for stands above all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pxcore.panel.constraints import names_of, stain_free, stains_of
from pxcore.panel.descent import Descent, PanelEvidence
from pxcore.panel.noninferiority import paired
from pxcore.panel.said import (
    all_stains,
    at_most,
    fall,
    panel_words,
    score,
    stains,
    with_interval,
)
from pxcore.panel.screened_loss import screened_loss
from pxcore.types import Interval, Role, Verdict
from pxcore.types.panel import Advised, ChannelAdvice, Constraints, PanelTrial

Said = tuple[Advised, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What one set of constraints came to."""

    evidence: PanelEvidence
    constraints: Constraints
    descent: Descent
    rivals: tuple[PanelTrial, ...]
    silent: bool
    """It is not shown that the full panel tells the classes apart."""

    def n_stains(self, trial: PanelTrial) -> int:
        """Return how many stains a panel has."""
        return len(stains_of(self.evidence.panel, trial.members))

    def bound(self, trial: PanelTrial) -> float:
        """Return the lower bound of a panel, or that of the way of choosing it if lower."""
        own = self.descent.tests[trial.members].lower_bound
        nested = self.descent.nested.get(self.n_stains(trial))
        if nested is None or trial.members == self.evidence.full.members:
            return own
        return min(own, nested.lower_bound)


def channel_advice(case: Case) -> tuple[ChannelAdvice, ...]:
    """Return the advice on every real channel that took part, in panel order."""
    panel = case.evidence.panel
    advice = []
    for channel in case.evidence.full.members:
        advised, reason = _advice(case, channel)
        if panel.channels[channel].gate_defining:
            reason += "; it defined the gates, so what it is worth here is circular"
        head = {Advised.KEEP: "Keep", Advised.DROP: "Drop", Advised.UNDECIDED: "Undecided on"}
        text = f"{head[advised]} {names_of(panel, [channel])}: {reason}."
        advice.append(ChannelAdvice(channel=channel, advised=advised, reason=text))
    return tuple(advice)


def _advice(case: Case, channel: int) -> Said:
    """Return what is advised for one channel, and why."""
    if channel in case.constraints.must_keep:
        shown = case.evidence.panel.channels[channel]
        if shown.role is Role.VIABILITY and not shown.must_keep:
            return Advised.KEEP, "a viability dye stays, as it tells dead cells from live ones"
        return Advised.KEEP, "it must be kept, as asked"
    if channel in case.constraints.exclude:
        return Advised.DROP, "it is excluded, as asked"
    if channel in stain_free(case.evidence.panel):
        return Advised.KEEP, f"it costs no stain{_alone(case, channel)}"
    return _of_stain(case, channel)


def _of_stain(case: Case, channel: int) -> Said:
    """Return what is advised for a stain that may stay or go."""
    best = case.descent.recommended
    if case.silent:
        return Advised.UNDECIDED, "it is not shown that the models tell the classes apart"
    if best is None:
        return _unanswered(case, channel)
    inside = channel in best.members
    for rival in case.rivals:
        if (channel in rival.members) != inside:
            return _rivalled(case, best, rival, channel)
    return _needed(case, best, channel) if inside else _spare(case, best, channel)


def _unanswered(case: Case, channel: int) -> Said:
    """Return whether a stain is needed where no panel was shown to be good enough."""
    none = "no retrained panel within the constraints was shown to be good enough"
    allowed = tuple(c for c in case.evidence.full.members if c not in case.constraints.exclude)
    trials = {trial.members: trial for trial in case.descent.candidates}
    most, less = trials.get(allowed), tuple(c for c in allowed if c != channel)
    without = [trial for trial in trials.values() if channel not in trial.members]
    if most is None or less not in trials:
        return Advised.UNDECIDED, none
    changes = [paired(trial.f1_macro, most.f1_macro, case.evidence.sizes) for trial in without]
    nearest = max(changes, key=lambda change: change.mean)
    if any(change.high >= -case.constraints.margin for change in changes):
        return Advised.UNDECIDED, none
    least = "" if len(without) == 1 else f" in the best of {len(without)} panels"
    return Advised.KEEP, (
        f"without it F1 falls by {with_interval(fall(nearest))}{least}, against the largest panel "
        f"within the constraints, {panel_words(case.evidence.panel, allowed)}"
    )


def _rivalled(case: Case, best: PanelTrial, rival: PanelTrial, channel: int) -> Said:
    """Return that a rival decides otherwise on this channel."""
    panel = case.evidence.panel
    change = paired(rival.f1_macro, best.f1_macro, case.evidence.sizes)
    way = "without" if channel in best.members else "with"
    text = (
        f"F1 is {score(rival.f1_macro.mean)} {way} it (with {panel_words(panel, rival.members)}) "
        f"where it is {score(best.f1_macro.mean)} with {panel_words(panel, best.members)}; the "
        f"difference of {with_interval(change)} decides nothing"
    )
    return Advised.UNDECIDED, text


def _needed(case: Case, best: PanelTrial, channel: int) -> Said:
    """Return whether a channel of the recommended panel and all its rivals is needed."""
    evidence, size = case.evidence, case.n_stains(best)
    upto = f"up to {stains(size)}" if size > 1 else stains(size)
    without = [
        (paired(trial.f1_macro, best.f1_macro, evidence.sizes), trial)
        for trial in case.descent.candidates
        if channel not in trial.members and case.n_stains(trial) <= size
    ]
    without.sort(key=lambda pair: (-pair[0].mean, pair[1].members))
    if not without:
        return Advised.UNDECIDED, f"no panel of {upto} without it was retrained"
    for change, trial in without:
        test = case.descent.tests[trial.members]
        if test.good_enough:
            text = (
                f"without it, the panel {panel_words(evidence.panel, trial.members)} passes the "
                "test by itself, with F1 lower than the recommended panel's by "
                f"{with_interval(fall(change))}"
            )
            return Advised.UNDECIDED, text
    if all(case.n_stains(trial) < size - 1 for _, trial in without):
        return _by_screen(case, best, channel, upto)
    losses = [_sure_loss(case, best, trial, change) for change, trial in without]
    for (change, _), loss in zip(without, losses, strict=True):
        if not loss:
            text = f"without it F1 changes by {with_interval(change)}, which allows both"
            return Advised.UNDECIDED, text
    least = "" if len(without) == 1 else f" in the best of {len(without)} panels"
    text = f"every good panel of {upto} has it; without it {losses[0]}{least}"
    return Advised.KEEP, text


def _by_screen(case: Case, best: PanelTrial, channel: int, upto: str) -> Said:
    """Return whether a stain is needed where every trained panel without it lacks others too."""
    fallen = screened_loss(case.evidence, case.constraints, best.members, channel)
    if fallen is None:
        return Advised.UNDECIDED, "no panel was retrained that lacks this stain and no other"
    told = f"screened F1 of the best panel without it is lower by {with_interval(fall(fallen))}"
    if fallen.high >= -case.constraints.margin:
        return Advised.UNDECIDED, f"{told}, and none like it was retrained"
    return Advised.KEEP, f"every good panel of {upto} has it; {told}"


def _sure_loss(case: Case, best: PanelTrial, trial: PanelTrial, change: Interval) -> str:
    """Return what a panel surely loses against the recommended one; empty when nothing."""
    if change.high < 0:
        return f"F1 falls by {with_interval(fall(change))}"
    evidence = case.evidence
    for k in case.descent.tests[trial.members].lost_classes:
        own = paired(trial.f1_per_class[k], best.f1_per_class[k], evidence.sizes)
        if own.high < 0:
            name = evidence.classes[k] if k < len(evidence.classes) else f"class {k + 1}"
            return f"F1 of {name} falls by {with_interval(fall(own))}"
    return ""


def _spare(case: Case, best: PanelTrial, channel: int) -> Said:
    """Return that the recommended panel and its rivals do without a channel."""
    panel, full = case.evidence.panel, case.evidence.full
    lost = at_most(case.bound(best))
    text = (
        f"without it, F1 with {panel_words(panel, best.members)} is at most {lost} lower than with "
        f"{all_stains(case.n_stains(full))} (margin {case.constraints.margin:.3f})"
    )
    return Advised.DROP, text + _informative(case, channel) + _alike(case, best, channel)


def _informative(case: Case, channel: int) -> str:
    """Return that rankings find a channel informative that is not needed."""
    verdicts = [values[channel] for _, values in case.evidence.verdicts]
    n_found = verdicts.count(Verdict.INFORMATIVE)
    if not n_found:
        return ""
    who = (
        "the ranking finds" if len(verdicts) == 1 else f"{n_found} of {len(verdicts)} rankings find"
    )
    return f", though {who} it informative by itself"


def _alike(case: Case, best: PanelTrial, channel: int) -> str:
    """Return which member of the recommended panel shows the same."""
    redundancy = case.evidence.redundancy
    groups = () if redundancy is None else redundancy.groups
    alike = sorted(
        {c for g in groups if g.interchangeable and channel in g.channels for c in g.channels}
        & {*best.members}
    )
    return f"; it shows much the same as {names_of(case.evidence.panel, alike)}" if alike else ""


def _alone(case: Case, channel: int) -> str:
    """Return what leaving one channel out of the recommended or the full panel does, if known."""
    trials = {trial.members: trial for trial in case.descent.trials}
    for whole in (case.descent.recommended, case.evidence.full):
        if whole is None:
            continue
        less = trials.get(tuple(c for c in whole.members if c != channel))
        if less is not None and less is not whole:
            change = paired(less.f1_macro, whole.f1_macro, case.evidence.sizes)
            return f"; without it F1 changes by {with_interval(change)}"
    return ""
