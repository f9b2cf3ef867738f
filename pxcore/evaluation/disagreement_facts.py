"""What is known of one channel that two rankings surely place differently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pxcore.types import Verdict, Where
from pxcore.types.comparison import Column

NEAR_ZERO = 0.1
"""Share of a method's largest value below which a value is near zero. Our choice."""
WITHIN_CELL = ("pxpermute", "pxpermute_mask")
"""Methods that move pixels and leave each cell its own brightness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One channel that ``higher`` ranks surely higher than ``lower`` does."""

    higher: Column
    lower: Column
    at_higher: int
    """The channel's position in the panel of ``higher``."""
    at_lower: int
    partners: tuple[str, ...] = ()
    """Names of channels that one of the runs found to say the same."""

    @property
    def same_data(self) -> bool:
        """True when both rankings are of one data set."""
        return self.higher.run.dataset_id == self.lower.run.dataset_id

    @property
    def kinds(self) -> tuple[str, str]:
        """Kind of the method that ranks it higher, then of the other."""
        return self.higher.kind, self.lower.kind

    @property
    def methods(self) -> tuple[str, str]:
        """Id of the method that ranks it higher, then of the other."""
        return self.higher.method_id, self.lower.method_id

    @property
    def lower_finds_nothing(self) -> bool:
        """True when the lower ranking does not call the channel informative."""
        return self.lower.ranking.verdict[self.at_lower] is not Verdict.INFORMATIVE

    @property
    def lower_near_zero(self) -> bool:
        """True when the lower ranking's value is small beside its largest one."""
        mean = self.lower.ranking.mean
        return abs(mean[self.at_lower]) <= NEAR_ZERO * max(abs(value) for value in mean)

    @property
    def where(self) -> frozenset[Where]:
        """What the two runs decided on place or amount of this channel; empty for nothing."""
        places = ((self.higher, self.at_higher), (self.lower, self.at_lower))
        said = {column.where[at] for column, at in places if column.where}
        return frozenset(said - {Where.UNDECIDED})

    @property
    def named_partners(self) -> str:
        """The first three partners in words."""
        return " and ".join(self.partners[:3])


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason: when it applies, and what it says."""

    id: str
    holds: Callable[[Facts], bool]
    says: Callable[[Facts], str]


def of(first: str, *seconds: str) -> Callable[[Facts], bool]:
    """Return whether ``first`` ranks a channel higher than one of ``seconds``."""
    return lambda f: f.methods[0] == first and f.methods[1] in seconds


def alike_found(facts: Facts) -> str:
    """Return a further sentence that names the partners; empty without any."""
    if not facts.partners:
        return ""
    verb = "says" if len(facts.partners) == 1 else "say"
    return f" By the search for redundancy {facts.named_partners} {verb} much the same."
