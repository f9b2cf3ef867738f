"""What is told beside a ranking: place or amount, redundancy, sanity, leakage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pxcore.types.arrays import Array, frozen
from pxcore.types.results import Interval


class Where(StrEnum):
    """Whether a channel's picture or its brightness carries what the models use."""

    PLACE = "place matters"
    """Where in the cell the signal lies: imaging is needed."""
    AMOUNT = "amount is enough"
    """How much there is: ordinary flow cytometry would do."""
    NOT_INFORMATIVE = "not informative"
    UNDECIDED = "undecided"
    """The intervals are too wide to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhereOrHowMuch:
    """Each channel's total importance, parted. Tuples have length C, panel order; drops in F1."""

    total: tuple[Interval, ...]
    """With another cell's picture (``permute_cells``)."""
    place: tuple[Interval, ...]
    """With the pixels inside the cell rearranged (``pxpermute_mask``)."""
    amount: tuple[Interval, ...]
    """total - place, fold by fold."""
    verdict: tuple[Where, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPair:
    """Two channels spoilt together, drops in F1."""

    first: int
    second: int
    joint: Interval
    interaction: Interval
    """joint - first alone - second alone. Above 0 they stand in for one another. Below 0 says
    little: F1 cannot fall twice, so channels that are independent lie there too."""
    only_together: bool = False
    """Once one is lost, the other is worth less than half of what it is worth alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelGroup:
    """Channels that go together by their association."""

    channels: tuple[int, ...]
    """In panel order."""
    joint: Interval
    """Drop in F1 when all are spoilt together."""
    alone: tuple[Interval, ...]
    """Drop in F1 of each one alone, as ``channels``."""
    extra: Interval
    """joint - sum of alone: what single scores hide."""
    interchangeable: bool
    """One of them may be kept for all."""
    keep_order: tuple[int, ...]
    """The same channels, the one to keep first: by cost, then by importance."""
    beyond: tuple[Interval, ...] = ()
    """Drop in F1 when of each one, as ``channels``, only what the most alike other one does not
    show is exchanged; empty when it was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redundancy:
    """Which channels say the same. C channels, panel order."""

    features: Array
    """(C, C): association of what the channels show, 0 to 1."""
    drops: Array
    """(C, C): correlation of the cells' drops in probability, -1 to 1; NaN without spread."""
    threshold: float
    """Association from which on channels are grouped."""
    groups: tuple[ChannelGroup, ...]
    pairs: tuple[ChannelPair, ...]
    """Those measured, the strongest interaction first."""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        frozen(self, "features", "drops")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One sanity check of a method on a trained model."""

    id: str
    """``completeness``, ``conservation``, ``random_weights`` or ``constant_channel``."""
    passed: bool
    value: float
    """What was measured, in the gate's own measure."""
    bound: float
    """What it must not exceed."""
    said: str
    """In one sentence, with the numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """The sanity checks of one method in one run: each by the worst training.

    But ``random_ranking``, which chance moves, by the middle one.
    """

    method: str
    """Its name within the run."""
    gates: tuple[Gate, ...]
    trainings: int
    """Models they were checked on."""

    @property
    def passed(self) -> bool:
        """True when every gate passed."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """Ids of the gates that did not pass."""
        return tuple(gate.id for gate in self.gates if not gate.passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leakage:
    """How much better a split by cell looks than one that keeps donors apart, F1-macro."""

    by_donor: Interval
    by_cell: Interval
    gap: Interval
    """by_cell - by_donor; its folds are not paired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """The models trained again without some channels."""

    channels: tuple[int, ...]
    """Positions in the result's panel."""
    f1_macro: Interval
    """Without them."""
    drop: Interval
    """F1-macro with all - without, fold by fold."""
