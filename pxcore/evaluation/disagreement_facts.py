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

    def where(self, about: Column) -> frozenset[Where]:
        """Return what was decided on place or amount of this channel in the data set of a ranking.

        ``about``: ``higher`` or ``lower``. Both runs count where they are of one data set; what a
        run found in other cells says nothing about these. Empty for nothing.
        """
        said = {
            verdict
            for column, verdict in self._verdicts()
            if column.run.dataset_id == about.run.dataset_id
        }
        return frozenset(said)

    @property
    def not_informative(self) -> bool:
        """True when one of the runs decided that the channel does not matter at all."""
        return any(verdict is Where.NOT_INFORMATIVE for _, verdict in self._verdicts())

    def _verdicts(self) -> tuple[tuple[Column, Where], ...]:
        places = ((self.higher, self.at_higher), (self.lower, self.at_lower))
        found = [(column, column.where[at]) for column, at in places if column.where]
        return tuple(one for one in found if one[1] is not Where.UNDECIDED)

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


def by_verdict(facts: Facts, about: Column, said: str) -> str:
    """Return ``said`` as the verdict of the run behind a ranking: of its cells, and no others."""
    if facts.same_data:
        return f"{said}, by the run's own verdict"
    return f"{said} in {about.run.dataset_title}, by its run's own verdict"


def alike_found(facts: Facts) -> str:
    """Return a further sentence that names the partners; empty without any."""
    if not facts.partners:
        return ""
    verb = "says" if len(facts.partners) == 1 else "say"
    return f" By the search for redundancy {facts.named_partners} {verb} much the same."
