"""Published results with our statistics on them."""

from __future__ import annotations

from dataclasses import dataclass

from pxcore.types.cells import Panel
from pxcore.types.results import Interval, Ranking


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedMethod:
    """What one method gave on one published data set."""

    id: str
    label: str
    unit: str
    """``drop in F1`` or ``attribution``."""
    ranking: Ranking | None
    """From the folds; None where only the printed means are left."""
    scaled: tuple[float, ...]
    """(C,) means over folds as printed for the paper's Figure 3, scaled to [0, 1]."""
    removal: float
    """Mean F1 over remove-and-retrain, as recorded: train and test share cells."""
    best: float | None = None
    """F1 retrained on the first channels with clean folds; None where it was not recorded."""
    best_channels: int = 0

    @property
    def repacked(self) -> bool:
        """True where the folds are known."""
        return self.ranking is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPanel:
    """One panel of the paper's comparison, as recorded: train and test share cells."""

    name: str
    channels: tuple[str, ...]
    f1: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """By how much a smaller panel may be worse than all channels."""

    bound: float
    """One-sided 95 % lower bound of F1(minimal panel) - F1(all channels)."""
    within: float | None
    """The smallest loss of those that one would allow that is ruled out; None where none is."""
    beyond: float | None
    """The largest of them that is not ruled out; None where all are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """How little the repeats and how much the folds move a channel."""

    ks: tuple[int, ...]
    most_moved: float
    """The largest span of a channel's value from k = 5 on, over all channels and folds."""
    between_folds: float
    """The largest standard deviation of a channel's value between folds, as published."""
    settled: tuple[int, ...]
    """For each fold, the smallest k from which the order of channels stays as at the last k."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that does not hold up: what, with its numbers, and what is done here instead."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedSet:
    """One of the paper's data sets with everything that was repacked."""

    id: str
    title: str
    panel: Panel
    n_images: int
    n_classes: int
    n_train: int
    """Cells that trained and chose a fold's model."""
    n_test: int
    expected: tuple[str, ...]
    """Channels that biology puts first."""
    empty: tuple[str, ...]
    """Channels known to hold nothing in these cells."""
    methods: tuple[PublishedMethod, ...]
    f1_printed: tuple[float, float]
    """Mean and standard deviation as the paper states them."""
    f1_clean: Interval
    """F1-macro of the five clean folds on all channels."""
    panels: tuple[PublishedPanel, ...]
    margin: Margin | None
    """Of the minimal panel against all channels; None where no panels were compared."""
    repeats: Repeats
    sentence: str
    findings: tuple[Finding, ...]
    dataset_doi: str
    citation: str

    def method(self, method_id: str) -> PublishedMethod:
        """Return one method; the first for an unknown id."""
        known = {one.id: one for one in self.methods}
        return known.get(method_id, self.methods[0])
