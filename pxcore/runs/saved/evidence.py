"""What is told beside a ranking, as files: sanity checks, joint drops, redundancy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pxcore.runs.saved.text import from_file, to_text
from pxcore.types import Array, ChannelGroup, ChannelPair, Gate, Redundancy, frozen

GATES, JOINT, ASSOCIATION = "gates.json", "joint.json", "association.npz"
REDUNDANCY = "redundancy.json"

Units = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gates:
    gates: tuple[Gate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joint:
    units: Units


@dataclass(frozen=True, slots=True, kw_only=True)
class _Redundancy:
    """A Redundancy without its arrays."""

    threshold: float
    groups: tuple[ChannelGroup, ...]
    pairs: tuple[ChannelPair, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spoilt:
    """Which channels of one trained model were spoilt together, and why those."""

    units: Units
    """Sets of channels, in the order of the scores beside them."""
    association: Array
    """(C, C): what the channels show, 0 to 1."""

    def __post_init__(self) -> None:
        frozen(self, "association")


def save_gates(folder: Path, gates: tuple[Gate, ...]) -> None:
    """Write the sanity checks of one method on one trained model."""
    (folder / GATES).write_text(to_text(_Gates(gates=gates)), encoding="utf-8")


def load_gates(folder: Path) -> tuple[Gate, ...]:
    """Return the sanity checks of one method on one trained model."""
    return from_file(_Gates, folder / GATES).gates


def save_spoilt(folder: Path, spoilt: Spoilt) -> None:
    """Write which channels were spoilt together; their scores are saved beside it."""
    (folder / JOINT).write_text(to_text(_Joint(units=spoilt.units)), encoding="utf-8")
    np.savez_compressed(folder / ASSOCIATION, features=spoilt.association)


def load_spoilt(folder: Path) -> Spoilt:
    """Return which channels were spoilt together."""
    with np.load(folder / ASSOCIATION, allow_pickle=False) as arrays:
        features = arrays["features"]
    return Spoilt(units=from_file(_Joint, folder / JOINT).units, association=features)


def save_redundancy(folder: Path, found: Redundancy) -> None:
    """Write which channels say the same."""
    told = _Redundancy(
        threshold=found.threshold, groups=found.groups, pairs=found.pairs, notes=found.notes
    )
    (folder / REDUNDANCY).write_text(to_text(told), encoding="utf-8")
    np.savez_compressed(folder / ASSOCIATION, features=found.features, drops=found.drops)


def load_redundancy(folder: Path) -> Redundancy:
    """Return which channels say the same."""
    told = from_file(_Redundancy, folder / REDUNDANCY)
    with np.load(folder / ASSOCIATION, allow_pickle=False) as arrays:
        return Redundancy(
            features=arrays["features"],
            drops=arrays["drops"],
            threshold=told.threshold,
            groups=told.groups,
            pairs=told.pairs,
            notes=told.notes,
        )
