"""Rankings side by side: of several methods, runs and data sets."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from pxcore.types.cells import Panel, Role
from pxcore.types.evidence import Where
from pxcore.types.results import Interval, Ranking
from pxcore.types.runs import RunRow
from pxcore.types.truth import AgainstTruth

MOST_ITEMS = 12
"""Rankings that are compared at once: more cannot be told apart."""
OF = ";of="
"""Stands in a comparison's name before the class whose values it shows."""


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One ranking to compare: a run, and a method by its name within the run."""

    run_id: str
    method: str

    def __str__(self) -> str:
        """Return the item as an address has it, ``run:method``."""
        return f"{self.run_id}:{self.method}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """A ranking that can be chosen, from the list of runs."""

    item: Item
    label: str
    """Of the method, with its settings."""
    run: RunRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One ranking of a comparison with what is known of how it came about."""

    item: Item
    label: str
    """Of the method, for people."""
    run: RunRow
    model: str
    """Architecture, its settings and weights in words: equal texts are equal models."""
    panel: Panel
    classes: tuple[str, ...]
    decoys: tuple[str, ...]
    """Kinds of the decoys, which stand last in ``panel``."""
    kind: str
    """``perturbation``, ``attribution`` or ``retraining``; empty for an unknown method."""
    unit: str
    ranking: Ranking
    seeds: int
    """Starts of each fold."""
    f1: Interval
    """F1 of the models behind it, over the classes that the ranking rests on."""
    n_judged: int = 0
    """How many classes these are; 0 for all."""
    redundant: tuple[tuple[int, ...], ...] = ()
    """Groups of channels (positions in ``panel``) that the run found to say the same."""
    where: tuple[Where, ...] = ()
    """(C,), what the run decided on place or amount; empty where it did not ask."""
    failed: tuple[str, ...] = ()
    """Ids of the sanity checks that the method failed in this run."""
    truth: AgainstTruth | None = None
    """How it stands to what is known of the run's channels; None where nothing is."""

    @property
    def n_classes(self) -> int:
        """Classes that the ranking and ``f1`` rest on."""
        return self.n_judged or len(self.classes)

    @property
    def method_id(self) -> str:
        """The method without its settings."""
        return self.item.method.partition(":")[0]

    @property
    def settings(self) -> dict[str, str]:
        """The method's settings that are not its defaults."""
        parts = self.item.method.split(":")[1:]
        return {name: value for name, _, value in (part.partition("=") for part in parts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedChannel:
    """One channel as the rankings have it."""

    name: str
    """In the first panel that has it."""
    marker: str
    role: Role
    positions: tuple[int | None, ...]
    """Its position in each column's panel; None where a panel lacks it."""

    @property
    def shared(self) -> bool:
        """True when every column has it."""
        return None not in self.positions


@dataclass(frozen=True, slots=True, kw_only=True)
class RankSpan:
    """A rank among the channels that all columns have, with its range."""

    rank: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An agreement between two rankings, and its range over pairs of trainings."""

    value: float
    """Of the means over trainings; NaN where it is not defined."""
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far two columns agree about the real channels that both have."""

    first: int
    second: int
    n_channels: int
    paired: bool
    """The trainings are the same: the ranges are over them; else over all pairs of them."""
    spearman: Measured
    kendall: Measured
    """tau-b"""
    overlap: Measured
    """Share of the first ``top`` channels that both name."""
    top: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why two rankings can differ."""

    id: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A channel whose rank intervals do not overlap: high in some columns, low in another."""

    channel: int
    """Position in ``Comparison.channels``."""
    higher: tuple[int, ...]
    """Columns, each of which ranks it surely higher than ``lower`` does."""
    lower: int
    reasons: tuple[Reason, ...]
    """The same for every one of ``higher``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Rankings beside one another. Lists of lists are (columns, channels), None where missing."""

    columns: tuple[Column, ...]
    channels: tuple[ComparedChannel, ...]
    missing: tuple[tuple[Item, str], ...]
    """What could not be shown, and why; the others stay."""
    class_name: str
    """Whose values these are; empty for the mean over classes."""
    values: tuple[tuple[Interval | None, ...], ...]
    """In each column's own unit."""
    scaled: tuple[tuple[Interval | None, ...], ...]
    """In [0, 1] by one minimum and maximum over all trainings and real channels of a column."""
    scales: tuple[tuple[float, float], ...]
    """(columns,): that minimum and maximum."""
    starts: tuple[tuple[tuple[float | None, ...], ...], ...]
    """In each column's own unit: the mean over folds of each random start; empty where there is
    one start, or no value."""
    ranks: tuple[tuple[RankSpan | None, ...], ...]
    """Among the channels that all columns have."""
    agreements: tuple[Agreement, ...]
    disagreements: tuple[Disagreement, ...]
    likely: tuple[Disagreement, ...] = ()
    """Where none is sure among rankings whose models tell the classes apart: the largest
    differences of their mean ranks, whose ranges overlap."""

    @property
    def subject(self) -> str:
        """What reports and links of it are made of: its items, and the class if there is one."""
        items = ",".join(str(column.item) for column in self.columns)
        return f"{items}{OF}{quote(self.class_name, safe='')}" if self.class_name else items

    @property
    def shared(self) -> tuple[int, ...]:
        """Positions of the channels that every column has."""
        return tuple(c for c, channel in enumerate(self.channels) if channel.shared)
