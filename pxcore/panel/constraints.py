"""What a panel may be made of: its stains, its cost, and what the user wants of it.

Sizes are counted in stains. Stain-free channels (brightfield, darkfield) cost nothing to measure,
so a panel has all of them, unless the user excludes one. Decoys are no part of any panel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from pxcore.errors import PanelError
from pxcore.panel.noninferiority import check_margin
from pxcore.types import Array, Panel, Role
from pxcore.types.panel import Constraints, Members


def real_channels(panel: Panel) -> Members:
    """Return the positions of all channels that are no decoys."""
    return tuple(i for i, c in enumerate(panel.channels) if c.role is not Role.DECOY)


def stain_free(panel: Panel) -> Members:
    """Return the positions of the channels that need no stain."""
    return tuple(i for i, c in enumerate(panel.channels) if c.role.stain_free)


def viability(panel: Panel) -> Members:
    """Return the positions of the dyes that tell dead cells."""
    return tuple(i for i, c in enumerate(panel.channels) if c.role is Role.VIABILITY)


def stains_of(panel: Panel, members: Iterable[int]) -> Members:
    """Return those members that are stains or dyes, in panel order."""
    free = {*stain_free(panel)}
    return tuple(sorted(i for i in members if i not in free))


def cost_of(panel: Panel, members: Iterable[int]) -> float:
    """Return the summed cost per test of the members, in the lab's currency."""
    return float(sum(panel.channels[i].cost for i in members))


def has_costs(panel: Panel) -> bool:
    """Return whether the panel sheet says of any channel what it costs."""
    return any(panel.channels[i].cost > 0 for i in real_channels(panel))


def from_sheet(panel: Panel, asked: Constraints) -> Constraints:
    """Return what was asked, and what the panel sheet says must be kept or excluded.

    Viability dyes are kept unless excluded: dead cells must be found, whatever the classes rest on.
    """
    channels = panel.channels
    exclude = {i for i in real_channels(panel) if channels[i].exclude}
    keep = {i for i in real_channels(panel) if channels[i].must_keep}
    keep |= {*viability(panel)}.difference(exclude, asked.exclude)
    return Constraints(
        must_keep=tuple(sorted(keep.union(asked.must_keep))),
        exclude=tuple(sorted(exclude.union(asked.exclude))),
        max_stains=asked.max_stains,
        margin=asked.margin,
        class_floor=asked.class_floor,
    )


def check_constraints(panel: Panel, asked: Constraints) -> None:
    """Refuse constraints that no panel can meet, with what to change.

    Raises
    ------
    PanelError
        For positions that are no real channel, channels both kept and excluded, more stains to
        keep than are allowed, nothing left to measure, and a margin or floor out of range.
    """
    check_margin(asked.margin, asked.class_floor)
    real = real_channels(panel)
    unknown = sorted({*asked.must_keep, *asked.exclude}.difference(real))
    if unknown:
        message = (
            f"there is no real channel at {', '.join(map(str, unknown))} of the panel; expected "
            f"positions among {', '.join(f'{i} ({panel.names[i]})' for i in real)}: correct what "
            "must be kept or excluded"
        )
        raise PanelError(message)
    both = sorted({*asked.must_keep}.intersection(asked.exclude))
    if both:
        message = (
            f"{names_of(panel, both)} must be kept and is excluded at once; expected one of the "
            "two: take it off one list"
        )
        raise PanelError(message)
    _check_size(panel, asked)


def fitting(panel: Panel, asked: Constraints, sets: Array) -> Array:
    """Return (S,) bool: which of the sets (S, C) bool are panels within the constraints.

    The columns are the panel's channels; decoys, which stand last, may be left away.

    A panel has every must-keep and every stain-free channel that is not excluded, no excluded one,
    no decoy, at most ``max_stains`` stains, and at least one channel.
    """
    n_known = len(panel)
    given = np.asarray(sets, dtype=bool)
    # Sets of the real channels alone, or of more than the panel names, are judged all the same.
    sets = np.zeros((len(given), n_known), dtype=bool)
    sets[:, : given.shape[1]] = given[:, :n_known]
    needed, allowed, stain = (np.zeros(len(panel), dtype=bool) for _ in range(3))
    needed[[*asked.must_keep, *(set(stain_free(panel)) - set(asked.exclude))]] = True
    allowed[[i for i in real_channels(panel) if i not in asked.exclude]] = True
    stain[list(stains_of(panel, real_channels(panel)))] = True
    most = len(panel) if asked.max_stains is None else asked.max_stains
    return np.asarray(
        (sets >= needed).all(axis=1)
        & (sets <= allowed).all(axis=1)
        & (sets[:, stain].sum(axis=1) <= most)
        & sets.any(axis=1)
        & ~given[:, n_known:].any(axis=1)
    )


def fits(panel: Panel, asked: Constraints, members: Members) -> bool:
    """Return whether one panel is within the constraints."""
    return bool(fitting(panel, asked, as_sets([members], len(panel)))[0])


def as_sets(panels: Sequence[Members], n_channels: int) -> Array:
    """Return (S, C) bool of panels given by their members.

    >>> as_sets([(0, 2), (1,)], 3).astype(int).tolist()
    [[1, 0, 1], [0, 1, 0]]
    """
    sets = np.zeros((len(panels), n_channels), dtype=bool)
    for row, members in zip(sets, panels, strict=True):
        row[list(members)] = True
    return sets


def as_members(row: Array) -> Members:
    """Return the ascending positions that a (C,) bool row names."""
    return tuple(int(i) for i in np.flatnonzero(row))


def names_of(panel: Panel, members: Iterable[int]) -> str:
    """Return ``CD3, CD19 and CD14``, names on one line each."""
    names = [" ".join(panel.names[i].split()) for i in members]
    return names[0] if len(names) == 1 else " and ".join([", ".join(names[:-1]), *names[-1:]])


def _check_size(panel: Panel, asked: Constraints) -> None:
    """Refuse a number of stains that leaves no panel."""
    kept = stains_of(panel, asked.must_keep)
    if asked.max_stains is not None and asked.max_stains < len(kept):
        message = (
            f"at most {asked.max_stains} stains are allowed, but {len(kept)} must be kept "
            f"({names_of(panel, kept)}); expected at least as many as must be kept: allow "
            f"{len(kept)}, or keep fewer"
        )
        raise PanelError(message)
    left = [i for i in real_channels(panel) if i not in asked.exclude]
    if asked.max_stains is not None and asked.max_stains <= 0:
        left = [i for i in left if i in stain_free(panel)]
    if not left:
        message = (
            f"nothing is left of the {len(real_channels(panel))} channels within the constraints; "
            "expected at least one channel to measure: exclude fewer, or allow a stain"
        )
        raise PanelError(message)
