"""From rankings to a panel: curves, searched panels, advice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pxcore.types.arrays import Array, frozen
from pxcore.types.results import Interval

Members = tuple[int, ...]
"""Channels of a panel: ascending positions in the data set's panel of the real channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalOrder:
    """Channels in the order in which they are taken away."""

    label: str
    direction: str
    """``least_first``, ``most_first`` or ``random``."""
    order: Members
    """What is not named is never removed."""
    ties: tuple[Members, ...] = ()
    """Channels of exactly one value: their order is the panel's and means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelQuestion:
    """What a run is asked about smaller panels. Positions are those of the data set's panel."""

    always: Members = ()
    """In every panel: stain-free channels cost nothing."""
    search: bool = True
    """Screen every panel with models trained with channels missing at random."""
    finalists: int = 2
    """Panels of each size that are trained again after the screen."""
    most_stains: int | None = None
    """Largest panels searched besides the full one; None for any size."""
    exclude: Members = ()
    must_keep: Members = ()
    orders: tuple[RemovalOrder, ...] = ()
    """Of remove-and-retrain, frozen when they were asked for."""
    ticked: tuple[Members, ...] = ()
    """Panels to train, whatever the screen says."""
    compare: tuple[tuple[str, int], ...] = ()
    """Of the paper's comparison: a method's name and m, the stains of its ranking that stand beside
    the stain-free channels. Each fold ranks by itself, on its validation cells."""

    @property
    def constraints(self) -> Constraints:
        """What was asked for of a panel, at the usual margin and floor."""
        return Constraints(
            must_keep=self.must_keep, exclude=self.exclude, max_stains=self.most_stains
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelTrial:
    """One panel, trained on its channels alone and judged on held-out cells, fold by fold."""

    members: Members
    f1_macro: Interval
    f1_micro: Interval
    """Equals accuracy where every cell has one class; told apart in the table all the same."""
    f1_per_class: tuple[Interval, ...]
    nested: bool = False
    """True where each fold's members were chosen without the fold's test cells; ``members`` then
    are those chosen most often, ``chosen`` those of each fold."""
    chosen: tuple[Members, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelTest:
    """Whether a panel is good enough beside the full one: a one-sided test of non-inferiority."""

    members: Members
    difference: Interval
    """F1-macro of the panel minus that of the full panel, paired fold by fold; 95 % two-sided."""
    lower_bound: float
    """One-sided 95 % lower bound of the difference."""
    class_difference: tuple[float, ...]
    """Mean difference of each class, paired; NaN where a class is in no fold."""
    good_enough: bool
    """``lower_bound`` > -margin, and no class below its floor."""
    surely_worse: bool
    """The one-sided 95 % upper bound of the difference lies below -margin."""
    lost_classes: tuple[int, ...] = ()
    """Classes whose mean difference lies below -floor."""
    reached: bool = False
    """Whether the sequence of sizes came to this panel: only then is it called good enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalCurve:
    """F1 against channels left, channels taken away one by one in one order."""

    label: str
    """The method, ``random 1``, ``best of each size``."""
    direction: str
    """``least_first``, ``most_first`` or ``random``; ``best`` of panels that need not be nested."""
    order: Members
    """Channels in the order of their removal; what is not named is never removed. Empty for
    ``best``."""
    trials: tuple[PanelTrial, ...]
    """After 0, 1, 2, ... removals."""
    mean_f1: Interval
    """Mean F1-macro over the steps, fold by fold: the paper's summary of a curve."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Screen:
    """What models with channel dropout say of every searched panel, without retraining."""

    sets: Array
    """(S, C) bool: channels of each panel."""
    valid_f1: Array
    """(J, S) float64 F1-macro on each fold's validation cells: panels are chosen by it."""
    test_f1: Array
    """(J, S) float64 F1-macro on each fold's test cells: only to tell the screen's error."""
    complete: bool
    """False where there were too many panels and a search chose which to look at."""

    def __post_init__(self) -> None:
        frozen(self, "sets", "valid_f1", "test_f1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenError:
    """Screen minus retrained F1-macro, over the retrained panels, on the same test cells."""

    mean: float
    largest: float
    n_panels: int
    rank_correlation: float
    """Spearman's, of the panels' screened and retrained means; NaN for fewer than three."""


class Advised(StrEnum):
    """What is advised for a channel."""

    KEEP = "keep"
    DROP = "drop"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAdvice:
    """Keep or drop one channel, with the reason in one sentence."""

    channel: int
    advised: Advised
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What the next stain buys."""

    members: Members
    """The best retrained panel of this size."""
    added: Members
    """Not in the step before; more than one where the best panels are not nested."""
    dropped: Members
    f1: Interval
    gain: Interval
    """Paired difference to the step before."""
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """What the user wants of a panel. Positions in the data set's panel."""

    must_keep: Members = ()
    exclude: Members = ()
    max_stains: int | None = None
    margin: float = 0.02
    class_floor: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelAdvice:
    """The smallest panel that is good enough, and all that speaks for and against it."""

    constraints: Constraints
    full: PanelTrial
    recommended: PanelTrial | None
    """None where no retrained panel within the constraints is good enough."""
    test: PanelTest | None
    """Of ``recommended``."""
    nested: PanelTest | None
    """Of the whole way of choosing a panel of this size, on cells that had no part in it."""
    alternatives: tuple[PanelTrial, ...]
    """Good enough too, and of the same size or cost: rivals that the intervals do not separate."""
    tests: tuple[PanelTest, ...]
    """Of every retrained panel, largest first."""
    additions: tuple[Addition, ...]
    """From the smallest panel looked at to the full one."""
    front: tuple[PanelTrial, ...]
    """Panels that no other beats in both F1 and cost, cheapest first."""
    interchangeable: tuple[tuple[int, int], ...]
    """Pairs (member, other): the panel with one replaced by the other is a rival."""
    channels: tuple[ChannelAdvice, ...]
    cost: float
    saved: float
    notes: tuple[str, ...] = ()


class Beside(StrEnum):
    """What a line of the paper's comparison stands for."""

    STAIN_FREE = "stain-free only"
    LEADING = "leading stains"
    """The stain-free channels and the first stains of a ranking, each fold by its own."""
    TICKED = "named"
    """As somebody named it."""
    ALL = "all channels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One panel of the paper's comparison, beside the full one."""

    what: Beside
    trial: PanelTrial
    method: str = ""
    """Label of the ranking; empty where none chose the stains."""
    top: int = 0
    """Leading stains of it."""
