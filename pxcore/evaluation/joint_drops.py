"""Drops of channels alone and together, one a fold: what redundancy is judged from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pxcore.errors import MethodError
from pxcore.evaluation.association import THRESHOLD, groups
from pxcore.evaluation.values import Sizes, fold_values
from pxcore.importance.fold import FoldImportance
from pxcore.importance.ranking import decoy_bound
from pxcore.importance.small_classes import Judged, judged
from pxcore.types import Array, Interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointEvidence:
    """What redundancy is judged from. C channels, J trainings, U units."""

    joints: Sequence[FoldImportance]
    """(J): of ``measure_joint``, the same units in each; with the rows of the groups of
    ``features`` at ``threshold`` behind them, or (older results) without."""
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointDrops:
    """One drop a fold, and what makes intervals of them."""

    alone: Array
    """(J, C)"""
    joint: Array
    """(J, U + members)"""
    row: dict[tuple[int, ...], int]
    """Of each unit in ``joint``."""
    sizes: Sizes
    zero: float
    """The largest upper bound of a decoy, 0 without decoys."""
    use: Judged
    n_repeats: int

    @classmethod
    def of(cls, evidence: JointEvidence) -> JointDrops:
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

    def of_one(self, channel: int) -> Interval:
        """Return the drop of a channel alone."""
        return self.sizes.interval(self.alone[:, channel])

    def beyond(self, first_row: int, count: int) -> tuple[Interval, ...]:
        """Return what members of a group show beyond the others; () when not measured."""
        rows = self.joint[:, first_row : first_row + count]
        return tuple(self.sizes.interval(column) for column in rows.T)

    def together(self, unit: tuple[int, ...]) -> tuple[Interval, Interval]:
        """Return the joint drop, and what it is more than the sum of the single ones."""
        joint = self.joint[:, self.row[unit]]
        extra = joint - self.alone[:, list(unit)].sum(axis=1)
        return self.sizes.interval(joint), self.sizes.interval(extra)


def drop_correlation(singles: Sequence[FoldImportance]) -> Array:
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


def real_association(evidence: JointEvidence) -> Array:
    """Return the association of the channels that are no decoys, which come last."""
    features = np.asarray(evidence.features)
    n_real = min(len(features), len(evidence.costs) - len(evidence.decoys))
    return features[:n_real, :n_real]


def check(evidence: JointEvidence) -> None:
    """Refuse parts that do not belong together."""
    joints, singles = evidence.joints, evidence.singles
    if not joints or len(joints) != len(singles) or len(joints) != len(evidence.sizes.n_test):
        message = (
            f"{len(joints)} joint and {len(singles)} single scores of "
            f"{len(evidence.sizes.n_test)} trainings; expected one of each for every training"
        )
        raise MethodError(message)
    rows = {fold.scores.shape[1] for fold in joints}
    members = sum(map(len, groups(real_association(evidence), evidence.threshold)))
    allowed = {len(evidence.units), len(evidence.units) + members}
    if len(rows) > 1 or not rows <= allowed:
        message = (
            f"joint scores have {sorted(rows)} rows for {len(evidence.units)} sets of channels "
            f"and {members} members of groups; expected one a set, and one a member or none"
        )
        raise MethodError(message)
