"""The compare page's door in memory: made-up results, the real comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pxcore.errors import RunError
from pxcore.evaluation.comparison import Asked
from pxcore.runs.compared import column, compared_items
from pxcore.types import AttributionMaps, RunResult
from pxcore.types.comparison import Column, Comparison, Item, ItemRow


@dataclass
class FakeComparing:
    """Finished runs by id; ``broken`` ones are listed and cannot be opened."""

    results: dict[str, RunResult]
    broken: tuple[str, ...] = ()
    asked: list[tuple[str, int, tuple[int, ...], tuple[str, ...]]] = field(default_factory=list)

    def items(self) -> tuple[ItemRow, ...]:
        return tuple(
            ItemRow(item=Item(run_id, method.method), label=method.label, run=result.run)
            for run_id, result in self.results.items()
            for method in result.methods
        )

    def compare(self, items: Sequence[Item], *, class_name: str = "", top: int = 3) -> Comparison:
        return compared_items(items, self._load, Asked(class_name=class_name, top=top))

    def _load(self, item: Item) -> Column:
        if item.run_id in self.broken:
            message = "the result of 'Rank channels' has left the store; start the run again"
            raise RunError(message)
        return column(self.results[item.run_id], item)

    def maps(
        self, run_id: str, fold: int, positions: Sequence[int], methods: Sequence[str]
    ) -> AttributionMaps:
        self.asked.append((run_id, fold, tuple(positions), tuple(methods)))
        return made_maps(len(positions), len(self.results[run_id].panel), methods)


def made_maps(n: int, n_channels: int, methods: Sequence[str], size: int = 12) -> AttributionMaps:
    """Return pictures and maps of noise, each method in a unit of its own."""
    generator = np.random.default_rng(4)
    shape = (n, n_channels, size, size)
    return AttributionMaps(
        positions=np.arange(n),
        images=generator.integers(0, 4000, shape).astype(np.uint16),
        maps={
            name: (generator.normal(0, 1, shape) * 10**k).astype(np.float32)
            for k, name in enumerate(methods)
        },
        true=np.arange(n) % 3,
        predicted=np.zeros(n, dtype=np.int64),
    )
