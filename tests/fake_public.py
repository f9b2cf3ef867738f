"""The catalogue of public data sets in memory, each in another state."""

from __future__ import annotations

from dataclasses import dataclass, field

from pxcore.data.catalogue import CATALOGUE
from pxcore.types.public import PublicState


@dataclass
class FakePublic:
    """What a test sets, and what the page started."""

    here: dict[str, PublicState] = field(default_factory=dict)
    started: list[tuple[str, str]] = field(default_factory=list)

    def states(self) -> tuple[PublicState, ...]:
        return tuple(
            self.here.get(
                entry.id, PublicState(entry=entry, state="absent", folder=f"/store/{entry.id}")
            )
            for entry in CATALOGUE.values()
        )

    def start(self, set_id: str, owner: str) -> str:
        self.started.append((set_id, owner))
        return "imported"
