"""The recorded numbers, read once and checked."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

FILE = Path(__file__).with_name("figures.json")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Removal(_Frozen):
    """Remove-and-retrain: channels leave in this order, the last one stays."""

    least_first: tuple[str, ...]
    average: float
    f1: tuple[tuple[float, ...], ...]
    """(C, 5), with all channels first."""


class Best(_Frozen):
    """A retraining on the first k channels, clean folds."""

    k: int
    mean: float
    sd: float


class RecordedPanel(_Frozen):
    """One panel of the comparison, F1-macro of each fold."""

    id: str
    channels: tuple[str, ...]
    f1: tuple[float, ...]


class RecordedRepeats(_Frozen):
    """PXPermute's values of one fold at several numbers of repeats."""

    k: tuple[int, ...]
    values: tuple[tuple[float, ...], ...]
    """(len(k), C)"""


class Recorded(_Frozen):
    """The numbers of one data set."""

    id: Literal["apoptotic", "synapse", "blood"]
    channels: tuple[str, ...]
    images: int
    classes: int
    tile: int
    expected: tuple[str, ...]
    empty: tuple[str, ...]
    f1_printed: tuple[float, float]
    f1_clean: tuple[float, ...]
    importance: dict[str, tuple[tuple[float, ...], ...]]
    """By method: (5, C). Drops in F1 for PXPermute; signed medians of attributions for others."""
    figure: dict[str, tuple[float, ...]]
    removal: dict[str, Removal]
    best: dict[str, Best]
    panels: tuple[RecordedPanel, ...]
    repeats: dict[str, RecordedRepeats]


class Figures(_Frozen):
    """Everything in the file."""

    source: str
    sets: tuple[Recorded, ...]


@cache
def figures() -> Figures:
    """Return the numbers of the file beside this module."""
    return Figures.model_validate_json(FILE.read_text("utf-8"))
