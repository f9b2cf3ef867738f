"""Rankings of several runs beside one another, and what models look at in single cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pxcore.errors import PxError, RunError
from pxcore.evaluation.comparison import Asked, compared
from pxcore.runs import ledger
from pxcore.runs.choices import method_label
from pxcore.runs.ledger import RunRecord
from pxcore.runs.method_names import method_name
from pxcore.runs.result import result
from pxcore.store.home import Store
from pxcore.types import MethodResult, RunResult, RunState
from pxcore.types.comparison import MOST_ITEMS, Comparison, Item, ItemRow

if TYPE_CHECKING:
    from pxcore.types import AttributionMaps


class Comparing:
    """The calls of the compare page."""

    def __init__(self, store: Store) -> None:
        self._store = store

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
        asked = Asked(class_name=class_name, top=top)
        return compared_items(items, lambda run_id: result(self._store, run_id), asked)

    def maps(
        self, run_id: str, fold: int, positions: Sequence[int], methods: Sequence[str]
    ) -> AttributionMaps:
        """Return the pixel attributions of some held-out cells of a fold, by method.

        ``fold`` counts from 0. Methods without pixel maps are left out.
        """
        from pxcore.runs.maps import attribution_maps  # noqa: PLC0415 - loads torch

        return attribution_maps(self._store, run_id, fold, positions, methods)


def compared_items(
    items: Sequence[Item], load: Callable[[str], RunResult], asked: Asked
) -> Comparison:
    """Return rankings side by side; each run is loaded once.

    A run that ``load`` refuses with a PxError, and a method that a run does not have, are named in
    ``missing`` and keep nobody else out.
    """
    loaded: dict[str, RunResult | str] = {}
    found: list[tuple[RunResult, MethodResult]] = []
    missing: list[tuple[Item, str]] = []
    for item in items:
        if item.run_id not in loaded:
            try:
                loaded[item.run_id] = load(item.run_id)
            except PxError as error:
                loaded[item.run_id] = str(error)
        run = loaded[item.run_id]
        if isinstance(run, str):
            missing.append((item, run))
            continue
        method = next((one for one in run.methods if one.method == item.method), None)
        if method is None:
            there = ", ".join(one.method for one in run.methods)
            why = f"run {item.run_id!r} has no method {item.method!r}; it has {there}"
            missing.append((item, why))
        else:
            found.append((run, method))
    return compared(found, missing, asked)
