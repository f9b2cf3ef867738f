"""Rankings of several runs beside one another, and what models look at in single cells."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from pxcore.errors import RunError
from pxcore.evaluation.comparison import Asked, column_of
from pxcore.runs import ledger
from pxcore.runs.choices import method_label
from pxcore.runs.compared import column, compared_items
from pxcore.runs.ledger import RunRecord
from pxcore.runs.method_names import method_name
from pxcore.runs.result import result
from pxcore.store.home import Store
from pxcore.types import RunState
from pxcore.types.comparison import MOST_ITEMS, Column, Comparison, Item, ItemRow

if TYPE_CHECKING:
    from pxcore.types import AttributionMaps

KEPT = 120
"""Rankings remembered between two clicks."""


class Comparing:
    """The calls of the compare page."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[Item, Column] = {}  # without arrays: a few kB each

    def seen_by(self, store: Store) -> Comparing:
        """Return the same calls as the person of ``store`` may make them; rankings are shared."""
        seen = copy(self)
        seen._store = store  # noqa: SLF001 - our own copy
        return seen

    def items(self) -> tuple[ItemRow, ...]:
        """Return every ranking that can be compared, the newest run first.

        Read from the runs' rows alone: no result is opened.
        """
        return tuple(
            ItemRow(
                item=Item(record.id, method_name(method)),
                label=method_label(method),
                run=record.row,
            )
            for record in ledger.listed(self._store, [RunState.FINISHED])
            if isinstance(record, RunRecord)
            for method in record.spec.methods
        )

    def compare(self, items: Sequence[Item], *, class_name: str = "", top: int = 3) -> Comparison:
        """Return these rankings side by side; what cannot be loaded stands in ``missing``.

        Raises RunError for more than ``MOST_ITEMS`` rankings.
        """
        items = list(dict.fromkeys(items))
        if len(items) > MOST_ITEMS:
            message = (
                f"{len(items)} rankings were asked for; at most {MOST_ITEMS} are compared at "
                "once, choose fewer"
            )
            raise RunError(message)
        return compared_items(items, self._column, Asked(class_name=class_name, top=top))

    def maps(
        self, run_id: str, fold: int, positions: Sequence[int], methods: Sequence[str]
    ) -> AttributionMaps:
        """Return the pixel attributions of some held-out cells of a fold, by method.

        ``fold`` counts from 0. Methods without pixel maps are left out.
        """
        from pxcore.runs.maps import attribution_maps  # noqa: PLC0415 - loads torch

        return attribution_maps(self._store, run_id, fold, positions, methods)

    def _column(self, item: Item) -> Column:
        """Return one ranking; a finished run never changes, but its title and who sees it may."""
        row = ledger.record(self._store, item.run_id).row
        if item not in self._kept:
            run = result(self._store, item.run_id)
            while len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)), None)
            wanted = column(run, item)
            made = (column_of(run, method) for method in run.methods)
            self._kept |= {one.item: one for one in made}
            return wanted
        return replace(self._kept[item], run=row)
