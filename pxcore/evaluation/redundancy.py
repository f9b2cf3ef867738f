"""Which channels say the same, and which only work together.

From the drops in F1 when channels are exchanged alone and together, fold by fold::

    I(i, j)  = D_ij - D_i - D_j                  interaction of two
    extra(G) = D_G - sum of D_i over i in G      what single scores hide

I above 0: while one of the two is left, the other one's loss is made good; they stand in for one
another. I below 0 says less than it seems: F1 cannot fall twice, so two channels whose losses have
nothing to do with each other lose about D_i + D_j - D_i · D_j. *Only together* is said when, once
one of the two is lost, the other is worth less than half of what it is worth alone::

    D_i.low > zero, D_j.low > zero, (D_ij - D_i).high < D_j.low / 2, (D_ij - D_j).high < D_i.low / 2

*Interchangeable* is said of a group (channels alike from the threshold upwards, whatever the
models do with them) when losing all costs something that is real, and what any one of them shows
beyond the others costs little against it, at all values the intervals allow::

    D_G.low > zero and D_G.low > limit, and for every i in G: B_i.high < limit
    limit = the larger of 0.01 F1 and a tenth of D_G.low

with zero the largest upper bound of a decoy (0 without decoys), and B_i the drop when channel i is
exchanged among cells that look alike in another member of G (``pxcore.importance.joint``). The
plain drop D_i does not do for it: a model that saw two copies leans on both, and exchanging one
of them confuses it. What a model trained without the others would do is known only by training it
(``left_out``), and the notes say so.

Nothing here but the drops knows a label: features and groups come from the pictures alone.

Source: interaction: Au, Herbinger, Stachl, Bischl and Casalicchio, Data Mining and Knowledge
Discovery 36, 2022, section 4. We differ: intervals over folds are the corrected ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from pxcore.evaluation.association import THRESHOLD, groups
from pxcore.evaluation.joint_drops import (
    JointDrops,
    JointEvidence,
    check,
    drop_correlation,
    real_association,
)
from pxcore.importance.ranking import NEGLIGIBLE_DROP
from pxcore.types import Array, ChannelGroup, ChannelPair, Interval, Redundancy

__all__ = ["JointEvidence", "redundancy", "units_to_measure"]

ALL_PAIRS = 16
"""Channels up to which every pair is measured."""
MOST_PAIRS = ALL_PAIRS * (ALL_PAIRS - 1) // 2
LITTLE = 0.1
"""Share of a joint drop below which what one channel adds is little. Our choice."""


def units_to_measure(
    alike: Array, threshold: float = THRESHOLD, n_channels: int | None = None
) -> tuple[tuple[int, ...], ...]:
    """Return the sets of channels to spoil together: pairs, then groups of three or more.

    All pairs of up to 16 channels. Of more channels the pairs that are a group, then the most
    alike ones, 120 in all: what is not alike in any number can still work together, and is then
    not found (``redundancy`` says so).

    Parameters
    ----------
    alike
        (C, C), from ``association``: no label was looked at.
    n_channels
        How many of the first channels take part; None for all. Leaves out decoys, which come last.
    """
    count = len(alike) if n_channels is None else n_channels
    alike = np.asarray(alike)[:count, :count]
    together = groups(alike, threshold)
    pairs = list(combinations(range(count), 2))
    if count > ALL_PAIRS:
        ranked = sorted(pairs, key=lambda pair: (pair not in together, -alike[pair]))
        pairs = sorted(ranked[:MOST_PAIRS])
    return (*pairs, *(group for group in together if len(group) > 2))


def redundancy(evidence: JointEvidence) -> Redundancy:
    """Return which channels say the same and which only work together, with intervals.

    Raises
    ------
    MethodError
        When the parts do not belong together.
    """
    check(evidence)
    drops = JointDrops.of(evidence)
    found = groups(real_association(evidence), evidence.threshold)
    pairs = [_pair(drops, unit) for unit in evidence.units if len(unit) == 2]
    rows = len(evidence.units) + np.cumsum([0, *map(len, found)])
    order = sorted(pairs, key=lambda pair: -abs(pair.interaction.mean))
    return Redundancy(
        features=evidence.features,
        drops=drop_correlation(evidence.singles),
        threshold=evidence.threshold,
        groups=tuple(
            _group(drops, evidence, group, int(row))
            for group, row in zip(found, rows, strict=False)
            if group in drops.row
        ),
        pairs=tuple(order),
        notes=_notes(evidence, drops, found),
    )


def _pair(drops: JointDrops, unit: tuple[int, ...]) -> ChannelPair:
    joint, interaction = drops.together(unit)
    return ChannelPair(
        first=unit[0],
        second=unit[1],
        joint=joint,
        interaction=interaction,
        only_together=drops.use.sure and _only_together(drops, unit),
    )


def _only_together(drops: JointDrops, unit: tuple[int, ...]) -> bool:
    """Return True when losing one of two channels already costs what both are worth."""
    joint = drops.joint[:, drops.row[unit]]
    if len(joint) < 2:
        return False
    for lost, other in (unit, unit[::-1]):
        alone = drops.of_one(other)
        further = drops.sizes.interval(joint - drops.alone[:, lost])
        if not (alone.low > drops.zero and further.high < alone.low / 2):
            return False
    return True


def _group(
    drops: JointDrops, evidence: JointEvidence, unit: tuple[int, ...], first_row: int
) -> ChannelGroup:
    joint, extra = drops.together(unit)
    alone = tuple(drops.of_one(c) for c in unit)
    beyond = drops.beyond(first_row, len(unit))
    value = dict(zip(unit, alone, strict=True))
    return ChannelGroup(
        channels=unit,
        joint=joint,
        alone=alone,
        extra=extra,
        interchangeable=drops.use.sure and _interchangeable(joint, beyond, drops.zero),
        keep_order=tuple(sorted(unit, key=lambda c: (evidence.costs[c], -value[c].mean, c))),
        beyond=beyond,
    )


def _interchangeable(joint: Interval, beyond: Sequence[Interval], zero: float) -> bool:
    """Return True when losing all is real and what each shows beyond the others is little."""
    limit = max(NEGLIGIBLE_DROP, LITTLE * joint.low)
    if len(joint.known) < 2 or not beyond or not joint.low > max(zero, limit):
        return False
    return all(one.high < limit for one in beyond)


def _notes(
    evidence: JointEvidence, drops: JointDrops, found: Sequence[tuple[int, ...]]
) -> tuple[str, ...]:
    """Return what a reader must know."""
    n_real = len(real_association(evidence))
    n_pairs = sum(len(unit) == 2 for unit in evidence.units)
    notes = [
        f"joint drops: {drops.n_repeats} repeats, each with the same exchange of cells as the "
        "single drops",
    ]
    if n_pairs < n_real * (n_real - 1) // 2:
        notes.append(
            f"of {n_real * (n_real - 1) // 2} pairs of channels the {n_pairs} most alike were "
            "measured; others may still work together"
        )
    if found and drops.joint.shape[1] == len(evidence.units):
        notes.append(
            "what the channels of a group show beyond one another was not measured, so no group "
            "is called interchangeable"
        )
    if found:
        notes.append(
            "models that saw all channels of a group may lean on each of them; training again "
            "without the others is the proof that one is enough"
        )
    if not evidence.decoys:
        notes.append("no decoys in this run: a joint drop had to be clear of zero only")
    if drops.use.note:
        notes.append(drops.use.note)
    return tuple(notes)
