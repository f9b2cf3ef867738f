"""Which channels say the same, and which only work together.

From the drops in F1 when channels are exchanged alone and together, fold by fold::

    I(i, j)  = D_ij - D_i - D_j                  interaction of two
    extra(G) = D_G - sum of D_i over i in G      what single scores hide

I above 0: while one of the two is left, the other one's loss is made good; they stand in for one
another. I below 0: losing one already costs what both are worth; they work only together.

*Interchangeable* is said of a group (channels alike from the threshold upwards, whatever the
models do with them) when losing all costs something that is real, and losing any one of them
costs little against it, at all values the intervals allow::

    D_G.low > zero,  D_G.high >= 0.01,  and for every i in G:  D_i.high < D_G.low / 2

with zero the largest upper bound of a decoy (0 without decoys). A model that was trained on all
of them may lean on each, so this can miss groups that are interchangeable: training again
without the others (``left_out``) is the proof, and the notes say so.

Nothing here but the drops knows a label: features and groups come from the pictures alone.

Source: interaction: Au, Herbinger, Stachl, Bischl and Casalicchio, Data Mining and Knowledge
Discovery 36, 2022, section 4. We differ: intervals over folds are the corrected ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pxcore.errors import MethodError
from pxcore.evaluation.association import THRESHOLD, groups
from pxcore.evaluation.values import Sizes, fold_values
from pxcore.importance.fold import FoldImportance
from pxcore.importance.ranking import NEGLIGIBLE_DROP, decoy_bound
from pxcore.importance.small_classes import Judged, judged
from pxcore.types import Array, ChannelGroup, ChannelPair, Interval, Redundancy

ALL_PAIRS = 16
"""Channels up to which every pair is measured."""
MOST_PAIRS = ALL_PAIRS * (ALL_PAIRS - 1) // 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointEvidence:
    """What redundancy is judged from. C channels, J trainings, U units."""

    joints: Sequence[FoldImportance]
    """(J): of ``measure_joint``, the same units in each."""
    singles: Sequence[FoldImportance]
    """(J): ``permute_cells`` of the same trainings, with the same seeds."""
    units: tuple[tuple[int, ...], ...]
    """(U): the channels behind each row of ``joints``."""
    features: Array
    """(C, C): :func:`pxcore.evaluation.association.association`; channels beyond it (decoys) are
    alike to nothing."""
    costs: tuple[float, ...]
    """(C,)"""
    sizes: Sizes
    threshold: float = THRESHOLD
    decoys: tuple[int, ...] = ()
    small_classes: tuple[int, ...] = ()


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
    _check(evidence)
    drops = _Drops.of(evidence)
    found = groups(_real(evidence), evidence.threshold)
    pairs = [_pair(drops, unit) for unit in evidence.units if len(unit) == 2]
    order = sorted(pairs, key=lambda pair: -abs(pair.interaction.mean))
    return Redundancy(
        features=evidence.features,
        drops=_drop_correlation(evidence.singles),
        threshold=evidence.threshold,
        groups=tuple(_group(drops, evidence, group) for group in found if group in evidence.units),
        pairs=tuple(order),
        notes=_notes(evidence, drops, found),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Drops:
    """One drop a fold, and what makes intervals of them."""

    alone: Array
    """(J, C)"""
    joint: Array
    """(J, U)"""
    row: dict[tuple[int, ...], int]
    """Of each unit in ``joint``."""
    sizes: Sizes
    zero: float
    """The largest upper bound of a decoy, 0 without decoys."""
    use: Judged
    n_repeats: int

    @classmethod
    def of(cls, evidence: JointEvidence) -> _Drops:
        """Return the drops of the repeats that single and joint scores share."""
        joints, singles = evidence.joints, evidence.singles
        n_repeats = min(fold.n_repeats for fold in (*joints, *singles))
        joint = np.stack([fold.scores[:n_repeats] for fold in joints])  # (J, R, U, K)
        alone = np.stack([fold.scores[:n_repeats] for fold in singles])
        use = judged(evidence.small_classes, np.asarray(~np.isnan(alone).all(axis=(1, 2))))
        alone = fold_values(alone, use.classes)
        decoys = {c: evidence.sizes.interval(alone[:, c]) for c in evidence.decoys}
        bound = decoy_bound(tuple(decoys.values()), range(len(decoys)))
        return cls(
            alone=alone,
            joint=fold_values(joint, use.classes),
            row={unit: number for number, unit in enumerate(evidence.units)},
            sizes=evidence.sizes,
            zero=0.0 if bound is None else bound,
            use=use,
            n_repeats=n_repeats,
        )

    def together(self, unit: tuple[int, ...]) -> tuple[Interval, Interval]:
        """Return the joint drop, and what it is more than the sum of the single ones."""
        joint = self.joint[:, self.row[unit]]
        extra = joint - self.alone[:, list(unit)].sum(axis=1)
        return self.sizes.interval(joint), self.sizes.interval(extra)


def _pair(drops: _Drops, unit: tuple[int, ...]) -> ChannelPair:
    joint, interaction = drops.together(unit)
    return ChannelPair(first=unit[0], second=unit[1], joint=joint, interaction=interaction)


def _group(drops: _Drops, evidence: JointEvidence, unit: tuple[int, ...]) -> ChannelGroup:
    joint, extra = drops.together(unit)
    alone = tuple(drops.sizes.interval(drops.alone[:, c]) for c in unit)
    value = dict(zip(unit, alone, strict=True))
    return ChannelGroup(
        channels=unit,
        joint=joint,
        alone=alone,
        extra=extra,
        interchangeable=drops.use.sure and _interchangeable(joint, alone, drops.zero),
        keep_order=tuple(sorted(unit, key=lambda c: (evidence.costs[c], -value[c].mean, c))),
    )


def _interchangeable(joint: Interval, alone: Sequence[Interval], zero: float) -> bool:
    """Return True when the loss of all is real and that of each is small against it."""
    if len(joint.known) < 2 or not (joint.low > zero and joint.high >= NEGLIGIBLE_DROP):
        return False
    return all(one.high < joint.low / 2 for one in alone)


def _drop_correlation(singles: Sequence[FoldImportance]) -> Array:
    """Return (C, C): the correlation over cells of drops in probability, mean over folds.

    NaN where a channel's drops have no spread in any fold, or no drops are stored.
    """
    n_channels = singles[0].scores.shape[1]
    found = []
    for fold in singles:
        if fold.cell_drop is None:
            continue
        centred = fold.cell_drop.astype(np.float64)
        centred = centred - centred.mean(axis=1, keepdims=True)  # (C, n)
        norm = np.sqrt((centred**2).sum(axis=1))
        scaled = centred / np.where(norm > 1e-9, norm, np.nan)[:, None]
        found.append(np.clip(scaled @ scaled.T, -1.0, 1.0))
    if not found:
        return np.full((n_channels, n_channels), np.nan)
    stack = np.stack(found)
    count = (~np.isnan(stack)).sum(axis=0)
    total = np.nansum(stack, axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _real(evidence: JointEvidence) -> Array:
    """Return the association of the channels that are no decoys, which come last."""
    features = np.asarray(evidence.features)
    n_real = min(len(features), len(evidence.costs) - len(evidence.decoys))
    return features[:n_real, :n_real]


def _check(evidence: JointEvidence) -> None:
    """Refuse parts that do not belong together."""
    joints, singles = evidence.joints, evidence.singles
    if not joints or len(joints) != len(singles) or len(joints) != len(evidence.sizes.n_test):
        message = (
            f"{len(joints)} joint and {len(singles)} single scores of "
            f"{len(evidence.sizes.n_test)} trainings; expected one of each for every training"
        )
        raise MethodError(message)
    rows = {fold.scores.shape[1] for fold in joints}
    if rows != {len(evidence.units)}:
        message = (
            f"joint scores of {sorted(rows)} sets of channels, and {len(evidence.units)} sets "
            "were named; expected equally many, the same in every training"
        )
        raise MethodError(message)


def _notes(
    evidence: JointEvidence, drops: _Drops, found: Sequence[tuple[int, ...]]
) -> tuple[str, ...]:
    """Return what a reader must know."""
    n_real = len(_real(evidence))
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
