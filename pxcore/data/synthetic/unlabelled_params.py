"""What cells of hidden kinds are drawn from: their channels, and what each of them knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pxcore.data.synthetic.planted import class_names
from pxcore.errors import DatasetError
from pxcore.types import Role
from pxcore.types.cells import NOTHING
from pxcore.types.unlabelled import Planes

Form = Literal["pictures", "volumes", "paired"]
_TRUTH = {
    "BF": f"{NOTHING} brightfield; shows where the cell lies and how large it is",
    "Grain": "texture: grains in one kind, even in the others",
    "Place": "place: a blob in the middle in one kind, a rim in the others",
    "Pole": "place: gathered at one pole in one kind, even in the others",
    "Body": f"{NOTHING} an even stain of the whole cell, of random strength",
    "Empty": f"{NOTHING} background and camera noise",
}
CHANNELS: dict[Form, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pictures": (("BF", "Grain", "Place", "Pole", "Body", "Empty"), ()),
    "volumes": ((), ("Place", "Pole", "Body")),
    "paired": (("BF", "Grain", "Body"), ("Place",)),
}
"""Names of pictures and of volumes. Of paired cells a picture tells A and the volume B."""
DRIVING = ("Grain", "Place", "Pole")
"""Channels that know a kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlabelledParams:
    """What to draw. Raises DatasetError for numbers that make no cells."""

    form: Form = "pictures"
    n_cells: int = 1200
    size: int = 32
    """Height and width, pixels."""
    depth: int = 0
    """Slices of a volume; 0 for as many as ``size``."""
    shift: float = 0.12
    """How far a cell may lie from the middle, as a share of the frame. 0: all in the middle."""
    spread: float = 0.15
    """Standard deviation of sizes, as a share of the mean."""
    contrast: float = 1.0
    """How much of the light of a driving channel follows the kind, 0 to 1."""
    seed: int = 0

    def __post_init__(self) -> None:
        allowed = {
            "n_cells": (self.n_cells, 4, 10_000_000),
            "size": (self.size, 16, 512),
            "depth": (self.depth, 0, 512),
            "shift": (self.shift, 0.0, 0.2),
            "spread": (self.spread, 0.0, 0.3),
            "contrast": (self.contrast, 0.0, 1.0),
            "seed": (self.seed, 0, 2**63 - 1),
        }
        for name, (value, low, high) in allowed.items():
            if not low <= value <= high:
                message = f"unlabelled cells: {name} is {value}; give a number from {low} to {high}"
                raise DatasetError(message)
        if self.form not in CHANNELS:
            forms = ", ".join(CHANNELS)
            message = f"unlabelled cells: form is {self.form!r}; expected one of {forms}"
            raise DatasetError(message)

    @property
    def driving(self) -> tuple[str, ...]:
        """Names of the channels that know a kind: the first knows A, the next B."""
        return tuple(name for part in CHANNELS[self.form] for name in part if name in DRIVING)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the hidden kinds."""
        return class_names(len(self.driving) + 1)

    @property
    def planes(self) -> Planes:
        """How the planes of a cell are pictures and slices."""
        pictures, volumes = CHANNELS[self.form]
        depth = (self.depth or self.size) if volumes else 0
        return Planes(pictures=len(pictures), volumes=len(volumes), depth=depth)


def channel_names(params: UnlabelledParams) -> tuple[str, ...]:
    """Return the names of pictures, then of volumes."""
    return tuple(name for part in CHANNELS[params.form] for name in part)


def planted(params: UnlabelledParams) -> tuple[str, ...]:
    """Return what is planted in each channel, a sentence each."""
    return tuple(_TRUTH[name] for name in channel_names(params))


def role_of(name: str) -> Role:
    """Return what a channel of that name is."""
    return Role.BRIGHTFIELD if name == "BF" else Role.STAIN
